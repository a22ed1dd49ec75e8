"""How attempts fail, and what is said about it; files that cannot be served."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from .child_process import ChildTest


class FailuresTest(ChildTest):
    def test_each_way_to_fail_has_its_code(self):
        for code, expected in {
            "raise ValueError('odd')": ("transient", "ValueError: odd", "ValueError"),
            "raise PermanentError('no hope')": ("permanent", "no hope", "PermanentError"),
            "raise RetryableError('busy', retry_after_ms=1500)": ("transient", "busy", "RetryableError"),
            "raise InvalidInputError('x', 'must be even')": ("invalid-input", "x: must be even", "InvalidInputError"),
            "raise MemoryError": ("out-of-memory", "Python ran out of memory.", "MemoryError"),
            "sys.exit(3)": ("transient", "The code ended itself: sys.exit(3).", "SystemExit"),
            "sys.exit('bye')": ("transient", "The code ended itself: sys.exit('bye').", "SystemExit"),
            "sys.exit()": ("transient", "The code ended itself: sys.exit().", "SystemExit"),
            "raise KeyboardInterrupt": ("transient", "KeyboardInterrupt", "KeyboardInterrupt"),
            "raise Unprintable()": ("transient", "Unprintable", "Unprintable"),
        }.items():
            text = f"""
                import sys
                from longhaul import *
                class Unprintable(Exception):
                    def __str__(self): raise TypeError
                def f(x: int = 0):
                    {code}
            """
            with self.subTest(code):
                error = self.error(text)
                self.assertEqual(error["code"], expected[0])
                self.assertIn(expected[1], error["message"])
                self.assertEqual(error["kind"], expected[2])
                self.assertIn("algo.py", error["trace"])
                self.assertNotIn("attempt.py", error["trace"])
                if "Retryable" in code:
                    self.assertEqual(error["retry_after_ms"], 1500)
                if "InvalidInput" in code:
                    self.assertEqual(error["errors"], [{"pointer": "/x", "detail": "must be even"}])

    def test_a_chain_of_errors_keeps_the_author_s_frames_only(self):
        error = self.error("""
            def _inner(): raise KeyError("k")
            def f():
                try: _inner()
                except KeyError as cause: raise RuntimeError("outer") from cause
        """)
        self.assertIn("in _inner", error["trace"])
        self.assertIn("direct cause", error["trace"])
        self.assertNotIn("attempt.py", error["trace"])

    def test_wrong_arguments_point_at_each_field(self):
        error = self.error("def f(x: int, y: float = 1, *, z: str): ...", {"x": "1", "y": True, "w": 0})
        self.assertEqual(error["code"], "invalid-input")
        self.assertEqual(sorted(one["pointer"] for one in error["errors"]), ["/w", "/x", "/y", "/z"])
        self.assertEqual(error["field"], "x")
        self.assertNotIn("trace", error)

    def test_positional_only_and_keyword_only_parameters_are_passed(self):
        self.assertEqual(
            self.result("def f(a, b=2, /, c=3, *, d): return [a, b, c, d]", {"a": 1, "d": 4}), {"f": [1, 2, 3, 4]}
        )

    def test_a_relative_default_file_lies_beside_the_served_file(self):
        (self.folder / "weights.txt").write_text("w")
        text = "from pathlib import Path\ndef f(w: Path = Path('weights.txt')): return w.read_text()"
        self.assertEqual(self.result(text), {"f": "w"})

    def test_more_memory_than_declared_is_out_of_memory(self):
        error = self.error("""
            from longhaul import processor
            @processor(memory="300 MB")
            def f(): return len(bytearray(400_000_000))
        """)
        self.assertEqual(error["code"], "out-of-memory")
        self.assertIs(error["fatal"], True, "the next attempt gets a fresh process")

    def test_nothing_is_a_result_of_another_processor(self):
        child = self.ready("def f(): ...")
        child.start_run("g", {})
        self.assertEqual(child.until("result", "error")[-1]["code"], "permanent")

    def test_an_exit_that_skips_python_ends_the_process(self):
        child = self.ready("import os\ndef f(): os._exit(7)")
        child.start_run("f", {})
        self.assertEqual(child.until("result", "error"), [])
        self.assertEqual(child.end(), 7)

    def test_a_crash_of_native_code_leaves_the_author_s_stack(self):
        child = self.ready("import ctypes\ndef f(): ctypes.string_at(0)")
        child.start_run("f", {})
        self.assertEqual(child.until("result", "error"), [])
        self.assertEqual(child.end(), -signal.SIGSEGV)
        self.assertIn(b"algo.py", child.printed)


class BrokenTest(ChildTest):
    def broken(self, text: str, **env: str) -> dict:
        child = self.child(text, **env)
        message = child.until("broken", "ready")[-1]
        self.assertEqual(message["type"], "broken", message)
        self.assertEqual(child.end(), 1)
        return message

    def test_a_file_that_cannot_be_imported_says_why_and_what_to_do(self):
        for text, words in {
            "def f(:": "line 1: ",
            "import no_such_module_here": "imports no_such_module_here, which",
            "1 / 0": "ZeroDivisionError: division by zero",
            "import sys\nsys.exit(2)": "it ended itself with sys.exit(2). Put what",
            "def a(x: int): ...\ndef b(x: int): ...": "it defines 2 functions",
        }.items():
            message = self.broken(text)
            self.assertEqual(message["stage"], "import")
            self.assertIn(words, message["message"])

    def test_a_failing_setup_says_so_after_the_description(self):
        child = self.child("""
            from longhaul import processor
            @processor
            class F:
                def setup(self): raise OSError("no weights")
                def run(self): ...
        """)
        messages = child.until("broken", "ready")
        self.assertEqual([one["type"] for one in messages], ["describe", "broken"])
        self.assertEqual(messages[1]["stage"], "setup")
        self.assertIn("OSError: no weights", messages[1]["message"])
        self.assertIn("algo.py", messages[1]["detail"])

    def test_of_several_processors_the_named_one_is_set_up(self):
        text = """
            from longhaul import processor
            @processor
            def a(): return "a"
            @processor
            def b(): return "b"
        """
        child = self.ready(text, LONGHAUL_PROCESSOR="b")
        child.start_run("b", {})
        self.assertEqual(child.until("result")[-1]["value"], {"b": "b"})
        self.assertIn("it has no processor c, only a, b", self.broken(text, LONGHAUL_PROCESSOR="c")["message"])
        only = self.child(text)
        self.assertEqual([one["name"] for one in only.until("describe")[0]["processors"]], ["a", "b"])
        self.assertEqual(only.stop(), 0)


class StartTest(ChildTest):
    def test_a_person_who_starts_it_by_hand_is_told_what_to_run(self):

        done = subprocess.run(
            [sys.executable, "-m", "longhaul.child", "x.py"],
            cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
            env={key: value for key, value in os.environ.items() if key != "LONGHAUL_PROTOCOL"},
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 2)
        self.assertIn("longhaul try", done.stderr)
