"""What the operator lists, as a processor with one field."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import unittest
from pathlib import Path

from longhaul import PermanentError
from longhaul.child.callables import load_callable
from longhaul.child.find_processors import NotServable
from longhaul.plain import to_plain

CODE = """
def plain(a, b=2): return [a, b]
async def later(a): return a
class Made:
    def __init__(self, a): self.a = a
class Called(Made):
    def __call__(self): return self.a
class CalledWith:
    def __call__(self, a): return a
class Async:
    async def __call__(self, a): return a
made = CalledWith()
asynchronous = Async()
number = 1
"""


class CallablesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        (self.folder / "listed_here.py").write_text(CODE)
        self.addCleanup(sys.modules.pop, "listed_here", None)
        self.addCleanup(setattr, sys, "path", list(sys.path))
        self.addCleanup(__import__("os").chdir, Path.cwd())

    def target(self, attribute):
        targets, file = load_callable(f"task=listed_here:{attribute}", self.folder)
        self.assertEqual(file, self.folder / "listed_here.py")
        return targets["task"]

    def test_every_form_takes_the_parameters_by_name(self):
        self.assertEqual(self.target("plain")({"a": 1}), {"result": [1, 2]})
        for form in ("Called", "CalledWith", "made"):
            self.assertEqual(self.target(form)({"a": 7}), {"result": 7}, form)
        for form in ("later", "asynchronous"):
            self.assertEqual(asyncio.run(self.target(form)({"a": 7})), {"result": 7}, form)
        self.assertIn("Made object", self.target("Made")({"a": 1})["result"])

    def test_what_is_none_is_said_when_it_is_loaded(self):
        for attribute, said in {"number": "no callable", "missing": "has no missing"}.items():
            with self.assertRaisesRegex(NotServable, said):
                self.target(attribute)

    def test_what_json_cannot_say_becomes_text(self):
        given = {1: {3, 1}, ("a", 2): b"x", "nan": float("nan"), "complex": {1j, "a"}, "path": Path("/a/b")}
        said = to_plain(given, "result")
        self.assertEqual(sorted(said.pop("complex")), ["1j", "a"])
        self.assertEqual(said, {"1": [1, 3], "('a', 2)": "x", "nan": None, "path": "/a/b"})

    def test_what_contains_itself_is_refused(self):
        inside = []
        inside.append(inside)
        with self.assertRaisesRegex(PermanentError, "contains itself"):
            to_plain(inside, "result")
