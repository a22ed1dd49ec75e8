"""What was returned or yielded, as result and outputs."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path

from longhaul import PermanentError
from longhaul.outputs import Outputs

from .child_process import ChildTest


class ResultsTest(ChildTest):
    def test_fields_of_an_object_are_the_result_and_other_values_are_named_like_the_processor(self):
        for code, value in {
            "return {'a': 1}": {"a": 1},
            "return 3": {"f": 3},
            "return [1, 'x', None, True]": {"f": [1, "x", None, True]},
            "return None": None,
            "return Found(2, 'x')": {"count": 2, "name": "x"},
            "return Point(1, 2)": {"x": 1, "y": 2},
            "return (1, 2)": {"f": [1, 2]},
            "return {3, 1, 2}": {"f": [1, 2, 3]},
            "return Mode.FAST": {"f": "fast"},
            "return datetime.date(2026, 11, 23)": {"f": "2026-11-23"},
            "return {'a': float('nan'), 'b': 2**60, 1: {'c': 0.5}}": {"a": None, "b": str(2**60), "1": {"c": 0.5}},
            "return Array([1, 2])": {"f": [1, 2]},
        }.items():
            text = f"""
                import collections, datetime, enum
                from dataclasses import dataclass
                @dataclass
                class Found:
                    count: int
                    name: str
                Point = collections.namedtuple("Point", "x y")
                class Mode(enum.Enum):
                    FAST = "fast"
                class Array:
                    dtype = "int64"
                    def __init__(self, items): self.items = items
                    def tolist(self): return self.items
                def f():
                    {code}
            """
            with self.subTest(code):
                self.assertEqual(self.result(text), value)

    def test_a_returned_path_is_given_away_and_leaves_the_workspace(self):
        messages = self.run_once("""
            from pathlib import Path
            def f() -> Path:
                Path("a.txt").write_text("hello")
                return Path("a.txt")
        """)
        output, result = messages
        self.assertEqual((output["type"], output["name"]), ("output", "a.txt"))
        self.assertEqual(Path(output["path"]).read_text(encoding="utf-8"), "hello")
        self.assertEqual(result["value"], {"f": {"$output": "a.txt"}})
        self.assertFalse((self.workspace / "a.txt").exists())

    def test_paths_in_lists_and_dicts_are_outputs_with_their_folders_as_names(self):
        messages = self.run_once("""
            from pathlib import Path
            def f():
                made = []
                for folder in "ab":
                    Path(folder).mkdir()
                    made.append(Path(folder, "x.txt"))
                    made[-1].write_text(folder)
                return {"first": made[0], "all": made, "deep": [{"again": made[1]}]}
        """)
        self.assertEqual([one["name"] for one in messages[:-1]], ["a/x.txt", "b/x.txt"])
        a, b = {"$output": "a/x.txt"}, {"$output": "b/x.txt"}
        self.assertEqual(messages[-1]["value"], {"first": a, "all": [a, b], "deep": [{"again": b}]})

    def test_text_is_a_path_where_the_hint_says_so(self):
        value = self.result("""
            from pathlib import Path
            def f() -> Path:
                open("a.txt", "w").close()
                return "a.txt"
        """)
        self.assertEqual(value, {"f": {"$output": "a.txt"}})

    def test_a_media_type_of_the_hint_goes_with_the_output(self):
        messages = self.run_once("""
            from pathlib import Path
            from typing import Annotated
            from longhaul import File
            def f() -> Annotated[Path, File("image/x-own")]:
                Path("a.bin").write_text("x")
                return Path("a.bin")
        """)
        self.assertEqual(messages[0]["media_type"], "image/x-own")

    def test_a_returned_input_is_copied(self):
        cat = self.workspace / "inputs" / "0" / "cat.txt"
        cat.parent.mkdir(parents=True)
        cat.write_text("miau")
        staged = {"name": "cat.txt", "path": str(cat), "uri": "s3://b/cat.txt", "size": 4, "sha256": "0" * 64}
        messages = self.run_once(
            "from pathlib import Path\ndef f(image: Path): return {'same': image, 'twice': [image]}",
            {"image": staged},
            inputs=[staged],
        )
        self.assertEqual([one["name"] for one in messages[:-1]], ["cat.txt", "cat-2.txt"])
        self.assertNotEqual(messages[0]["path"], str(cat))
        self.assertTrue(cat.exists())

    def test_a_file_outside_the_workspace_is_refused(self):
        (self.folder / "secret.txt").write_text("s")
        os.utime(self.folder, (0, 0))
        os.symlink(self.folder / "secret.txt", self.workspace / "link.txt")
        for path in ("/etc/hostname", "../secret.txt", "link.txt"):
            error = self.error(
                f"import pathlib, tempfile\ntempfile.tempdir = '/nowhere'\ndef f(): return pathlib.Path({path!r})"
            )
            self.assertEqual(error["code"], "permanent", path)
            self.assertIn("outside the folder of this attempt", error["message"])

    def test_a_temporary_file_of_this_attempt_may_be_returned(self):
        text = """
            import pathlib, tempfile
            def f() -> pathlib.Path:
                folder = pathlib.Path(tempfile.mkdtemp())
                (folder / "made.txt").write_text("x")
                return folder / "made.txt"
        """
        self.assertEqual(self.result(text), {"f": {"$output": "made.txt"}})

    def test_a_temporary_file_of_others_is_refused(self):
        said: "list[dict]" = []
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            an_hour_from_now = time.time_ns() + 3600 * 10**9
            later = Outputs(self.workspace, said.append, lambda: None, print, began_ns=an_hour_from_now)
            with self.assertRaises(PermanentError):
                later.give(Path(file.name), "result")
        self.assertEqual(said, [])

    def test_a_path_without_a_file_says_so(self):
        self.assertIn(
            "result is the path b.txt, and there is no such file",
            self.error("import pathlib\ndef f(): return pathlib.Path('b.txt')")["message"],
        )
        self.assertIn(
            "the folder d",
            self.error("import pathlib\ndef f():\n  pathlib.Path('d').mkdir()\n  return pathlib.Path('d')")["message"],
        )

    def test_what_json_cannot_say_is_named_by_its_place(self):
        for value, words in {
            "{'a': [0, object()]}": "result.a[1] is a object",
            "{'a': {'b': b'x'}}": "result.a.b is bytes",
            "{(1, 2): 3}": "result has the key (1, 2)",
            "loop": "contains itself",
            "open('x', 'w')": "is an open file",
        }.items():
            error = self.error(f"loop = []\nloop.append(loop)\ndef f(): return {value}")
            self.assertEqual(error["code"], "permanent", value)
            self.assertIn(words, error["message"])

    def test_a_generator_s_rows_become_records_and_its_paths_outputs(self):
        messages = self.run_once("""
            from pathlib import Path
            def f():
                for index in range(9):
                    yield {"index": index, "area": index / 2, "big": 2**60}
                    if index % 4 == 0:
                        Path("frame.txt").write_text(str(index))
                        yield Path("frame.txt")
                return {"rows": 9}
        """)
        outputs = [one for one in messages if one["type"] == "output"]
        names = [one["name"] for one in outputs]
        frames = ["frame.txt", "frame-2.txt", "frame-3.txt"]
        self.assertEqual([name for name in names if name in frames], frames)
        texts = {one["name"]: Path(one["path"]).read_text(encoding="utf-8") for one in outputs}
        self.assertEqual([texts[name] for name in frames], ["0", "4", "8"])
        rows = [json.loads(line) for name in sorted(set(names) - set(frames)) for line in texts[name].splitlines()]
        self.assertEqual([row["index"] for row in rows], list(range(9)))
        self.assertEqual(rows[0]["big"], 2**60)
        self.assertGreater(len(names) - len(frames), 1, "a small limit makes several files")
        value = messages[-1]["value"]
        self.assertEqual(value["rows"], 9)
        self.assertEqual([one["$output"] for one in value["f"]][:3], frames)

    def test_what_is_yielded_is_the_progress_of_code_that_reports_none(self):
        def counts(text: str) -> "list[int]":
            return [one["done"] for one in self.run_once(text) if one["type"] == "progress"]

        self.assertEqual(counts("def f():\n  yield 1\n  yield 2"), [1, 2])
        self.assertEqual(counts("def f(job):\n  yield 1\n  job.progress(7, 9)\n  yield 2"), [7])
        self.assertEqual(counts("import sys\nsys.modules['tqdm'] = sys\ndef f():\n  yield 1"), [])

    def test_async_functions_and_generators(self):
        self.assertEqual(self.result("import asyncio\nasync def f(): await asyncio.sleep(0); return 1"), {"f": 1})
        messages = self.run_once("""
            import asyncio
            async def f():
                for index in range(3):
                    await asyncio.sleep(0)
                    yield index
        """)
        (output,) = [one for one in messages if one["type"] == "output"]
        self.assertEqual(Path(output["path"]).read_text(encoding="utf-8"), '{"value": 0}\n{"value": 1}\n{"value": 2}\n')

    def test_what_setup_opened_on_the_event_loop_works_in_run(self):
        text = """
            import asyncio
            from longhaul import processor
            @processor(name="f")
            class F:
                async def setup(self):
                    self.queue = asyncio.Queue()
                    self.helper = asyncio.ensure_future(self.fill())
                async def fill(self):
                    while True:
                        await self.queue.put(7)
                        await asyncio.sleep(3600)
                async def run(self) -> int:
                    return await self.queue.get()
        """
        self.assertEqual(self.result(text), {"f": 7})

    def test_several_attempts_in_one_process(self):
        child = self.ready("""
            import os
            from longhaul import processor
            @processor(name="f")
            class F:
                def setup(self): self.calls, self.home = 0, os.getcwd()
                def run(self, x: int = 1):
                    self.calls += 1
                    if x == 0: raise ValueError("zero")
                    return {"calls": self.calls, "in": os.getcwd(), "home": self.home,
                            "marker": os.environ["LONGHAUL_ATTEMPT_ID"]}
        """)
        ends = []
        for number, x in enumerate((1, 0, 1), start=1):
            workspace = self.folder / f"w{number}"
            workspace.mkdir()
            child.start_run("f", {"x": x}, workspace=str(workspace), attempt_id=f"j.{number}.n")
            ends.append(child.until("result", "error")[-1])
            workspace.rmdir()
        self.assertEqual([end["type"] for end in ends], ["result", "error", "result"])
        self.assertEqual(ends[2]["value"]["calls"], 3)
        self.assertEqual(ends[2]["value"]["in"], str(self.folder / "w3"))
        self.assertEqual(ends[2]["value"]["home"], str(self.folder))
        self.assertEqual(ends[2]["value"]["marker"], "j.3.n")
