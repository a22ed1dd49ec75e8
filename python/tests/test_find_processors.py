"""Which function of a file is served, and what it says about itself."""

from __future__ import annotations

import inspect
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path
from typing import Any, Dict

from longhaul.child.find_processors import NotServable, find_processors
from longhaul.child.load_file import load_file
from longhaul.child.served import Served


class FileTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        path, modules = list(sys.path), set(sys.modules)

        def restore() -> None:
            sys.path[:] = path
            for name in set(sys.modules) - modules:
                if str(getattr(sys.modules[name], "__file__", "") or "").startswith(str(self.folder)):
                    del sys.modules[name]

        self.addCleanup(restore)

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    def served(self, text: str, name: str = "algo.py") -> Dict[str, Served]:
        file = self.write(name, text)
        found = find_processors(load_file(file), file)
        return {key: Served(key, target, file) for key, target in found.items()}

    def described(self, text: str, name: str = "algo.py") -> Dict[str, Any]:
        (one,) = self.served(text, name).values()
        return one.description()

    def refused(self, text: str, *said: str, name: str = "algo.py") -> None:
        with self.assertRaises(NotServable) as caught:
            self.served(text, name)
        for words in said:
            self.assertIn(words, str(caught.exception))


class FindProcessorsTest(FileTest):
    def test_the_only_typed_function_is_served_under_its_name(self):
        text = """
            from pathlib import Path
            from json import dumps
            def count_words(text: Path) -> int: ...
            def helper(x): ...
            def _private(x: int): ...
        """
        self.assertEqual(list(self.served(text)), ["count_words"])

    def test_an_untyped_function_is_served_when_it_is_the_only_one(self):
        self.assertEqual(list(self.served("def shout(text, times=2): ...")), ["shout"])

    def test_among_several_the_one_named_like_the_file_is_meant(self):
        text = "def load(x: int): ...\ndef word_count(x: int): ...\ndef main(x: int): ..."
        self.assertEqual(list(self.served(text, "word-count.py")), ["word_count"])

    def test_main_is_called_like_its_file(self):
        self.assertEqual(list(self.served("def load(x: int): ...\ndef main(x: int): ...", "convert.py")), ["convert"])

    def test_the_command_line_of_a_script_is_not_the_work(self):
        text = """
            import sys
            def blur(x: int): ...
            def main(argv: list = None) -> int: ...
            if __name__ == "__main__":
                sys.exit(main())
        """
        self.assertEqual(list(self.served(text)), ["blur"])

    def test_an_ambiguous_file_lists_the_candidates_and_says_what_to_do(self):
        self.refused(
            "def blur(x: int): ...\ndef sharpen(y: float): ...",
            "it defines 2 functions",
            "blur(x: int)",
            "sharpen(y: float)",
            "@processor",
            "name one algo",
        )

    def test_a_file_without_a_function_says_what_to_write(self):
        self.refused("x = 1", "it defines no function to serve", "def thumbnail(image: Path")

    def test_all_that_is_decorated_is_served_and_nothing_else(self):
        text = """
            from longhaul import processor
            @processor
            def one(x: int): ...
            @processor(name="second", version="2.0")
            def two(x: int): ...
            def three(x: int): ...
            @processor(memory="6 GB", timeout="14 h", silence="5 min", retry={"attempts": 3}, concurrency=1, gpu=1)
            class CellCounter:
                '''Counts cells.'''
                def run(self, x: int): ...
        """
        served = self.served(text)
        self.assertEqual(list(served), ["one", "second", "cell_counter"])
        said = served["cell_counter"].description()
        self.assertEqual(said["description"], "Counts cells.")
        self.assertEqual((said["memory_bytes"], said["timeout_ms"]), (6 * 10**9, 14 * 3_600_000))
        self.assertEqual((said["silence_ms"], said["max_attempts"], said["concurrency"]), (300_000, 3, 1))
        self.assertEqual(served["second"].description()["version"], "2.0")

    def test_a_decorated_function_can_still_be_called(self):
        file = self.write("algo.py", "from longhaul import processor\n@processor\ndef twice(x: int): return 2 * x")
        self.assertEqual(load_file(file).twice(4), 8)

    def test_settings_without_a_unit_are_refused(self):
        for setting in ("memory='6'", "timeout='soon'", "silence=300", "concurrency=0", "retry=0"):
            file = self.write("algo.py", f"from longhaul import processor\n@processor({setting})\ndef f(x: int): ...")
            with self.assertRaises(ValueError, msg=setting):
                load_file(file)

    def test_a_name_that_cannot_stand_in_a_url_is_refused(self):
        self.refused("from longhaul import processor\n@processor(name='a/b')\ndef f(x: int): ...", "'a/b' cannot be")

    def test_two_processors_of_one_name_are_refused(self):
        text = "from longhaul import processor\n@processor(name='b')\ndef a(): ...\n@processor\ndef b(): ..."
        self.refused(text, "two processors called b")

    def test_all_lists_what_may_be_served(self):
        self.assertEqual(list(self.served("__all__ = ['b']\ndef a(x: int): ...\ndef b(x: int): ...")), ["b"])


class DescriptionTest(FileTest):
    def test_parameters_become_the_schema(self):
        said = self.described("""
            from __future__ import annotations
            from pathlib import Path
            from typing import Optional
            def thumbnail(image: Path, width: int = 256, *, mask: Optional[Path] = None, note=None) -> Path:
                '''Shrink an image to `width` pixels.'''
        """)
        self.assertEqual(said["description"], "Shrink an image to `width` pixels.")
        properties = said["input"]["properties"]
        self.assertEqual(list(properties), ["image", "width", "mask", "note"])
        self.assertEqual(properties["width"], {"type": "integer", "default": 256})
        self.assertEqual(said["input"]["required"], ["image"])
        self.assertEqual(list(said["output"]["properties"]), ["thumbnail"])
        self.assertRegex(said["version"], r"^0\.0\.0\+dev\.[0-9a-f]{12}$")
        self.assertEqual(said["version"][-12:], said["code_digest"][:12])
        self.assertEqual(said["runtime"], f"python3.{sys.version_info.minor}")

    def test_the_job_is_no_parameter_of_the_request(self):
        for first in ("job", "j: Job", "job: 'Job'"):
            said = self.described(f"from longhaul import Job\ndef f({first}, x: int): ...")
            self.assertEqual(list(said["input"]["properties"]), ["x"], first)

    def test_a_typed_parameter_called_job_is_a_parameter(self):
        self.assertEqual(list(self.described("def f(job: str): ...")["input"]["properties"]), ["job"])

    def test_a_default_tells_the_type_of_an_untyped_parameter(self):
        said = self.described("def f(a, b=2, c='x', d=True, e=None): ...")
        types = {name: one.get("type") for name, one in said["input"]["properties"].items()}
        self.assertEqual(types, {"a": None, "b": "number", "c": "string", "d": "boolean", "e": None})

    def test_a_default_of_none_takes_null(self):
        said = self.described("def f(a: int = None): ...")
        self.assertIn({"type": "null"}, said["input"]["properties"]["a"]["anyOf"])

    def test_star_parameters_are_refused_with_advice(self):
        self.refused("def f(*paths: str): ...", "f: *paths", "give every parameter a name")
        self.refused("def f(x: int, **options): ...", "f: **options")

    def test_a_hint_that_cannot_be_served_names_its_parameter(self):
        self.refused("def f(x: int, data: bytes): ...", "f: parameter `data`: bytes cannot come in a request")
        self.refused("def f(x: 'Missing'): ...", "f: the hint of `x`, Missing, cannot be resolved")

    def test_a_return_hint_that_could_only_fail_at_the_end_is_refused(self):
        self.refused("def f(x: int) -> bytes: ...", "f: it returns bytes, which cannot be sent")
        self.refused("class Image: ...\ndef f(x: int) -> Image: ...", "it returns", "return its Path")

    def test_a_return_hint_for_type_checkers_only_is_no_obstacle(self):
        self.assertEqual(self.described("def f(x: int) -> 'Missing': ...")["output"], {})

    @unittest.skipIf(sys.version_info >= (3, 10), "Python 3.10 reads X | Y")
    def test_a_hint_of_a_later_python_says_so(self):
        self.refused("from __future__ import annotations\ndef f(x: int | None): ...", "needs Python 3.10")

    def test_return_hints_become_the_schema_of_the_result(self):
        head = """
            from __future__ import annotations
            from dataclasses import dataclass
            from pathlib import Path
            from typing import *
            @dataclass
            class Found:
                count: int
                mask: Path
        """
        file = {"type": "string", "format": "binary", "x-longhaul-file": {"media_type": "*/*"}}
        rows = {**file, "x-longhaul-file": {"media_type": "application/x-ndjson"}}
        for hint, properties in {
            "Path": {"f": file},
            "List[Path]": {"f": {"type": "array", "items": file}},
            "int": {"f": {"type": "integer"}},
            "Found": {"count": {"type": "integer"}, "mask": file},
            "Iterator[Path]": {"f": {"type": "array", "items": file}},
            "Iterator[dict]": {"f": {"type": "array", "items": rows}},
            "Generator[Found, None, None]": {"f": {"type": "array", "items": rows}},
        }.items():
            said = self.described(f"{textwrap.dedent(head)}\ndef f(x: int) -> {hint}: ...")
            self.assertEqual(said["output"]["properties"], properties, hint)
        for hint in ("None", "Any", "Optional[dict]"):
            self.assertEqual(self.described(f"{textwrap.dedent(head)}\ndef f(x: int) -> {hint}: ...")["output"], {})
        said = self.described(f"{textwrap.dedent(head)}\ndef f(x: int) -> Dict[str, Path]: ...")
        self.assertEqual(said["output"], {"type": "object", "additionalProperties": file})

    def test_docstrings_describe_parameters_in_three_styles(self):
        google = """Does it.

            More of it.

            Args:
                x (int): how many,
                    at least one
                y: what
            Returns:
                nothing
        """
        numpy = """Does it.

            More of it.

            Parameters
            ----------
            x : int
                how many,
                at least one
            y
                what

            Returns
            -------
            None
        """
        sphinx = """Does it.

            More of it.

            :param int x: how many, at least one
            :param y: what
            :returns: nothing
        """
        for text in (google, numpy, sphinx):
            said = self.described(f'def f(x: int, y: str):\n    """{inspect.cleandoc(text)}"""')
            self.assertEqual(said["description"], "Does it.\n\nMore of it.")
            described = {name: one.get("description") for name, one in said["input"]["properties"].items()}
            self.assertEqual(described, {"x": "how many, at least one", "y": "what"})


class LoadFileTest(FileTest):
    def test_siblings_are_importable(self):
        self.write("mylab.py", "ANSWER = 42")
        file = self.write("algo.py", "from mylab import ANSWER")
        self.assertEqual(load_file(file).ANSWER, 42)

    def test_relative_imports_work_in_a_package(self):
        self.write("lab/__init__.py", "")
        self.write("lab/inner/__init__.py", "")
        self.write("lab/tools.py", "ANSWER = 42")
        file = self.write("lab/inner/algo.py", "from ..tools import ANSWER\ndef f(x: int): ...")
        module = load_file(file)
        self.assertEqual((module.ANSWER, module.__name__), (42, "lab.inner.algo"))

    def test_relative_imports_work_without_an_init_file(self):
        self.write("my-lab/tools.py", "ANSWER = 42")
        file = self.write("my-lab/algo.py", "from .tools import ANSWER\nfrom . import tools")
        self.assertEqual(load_file(file).ANSWER, 42)

    def test_a_file_named_like_a_module_of_python_does_not_replace_it(self):
        file = self.write("json.py", "def f(x: int): ...")
        module = load_file(file)
        self.assertIsNot(sys.modules["json"], module)

    def test_a_script_s_own_part_does_not_run(self):
        file = self.write("algo.py", "import sys\nif __name__ == '__main__':\n    sys.exit(3)")
        load_file(file)


if __name__ == "__main__":
    unittest.main()
