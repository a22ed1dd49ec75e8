"""Threads, forks, subprocesses and floods of text do not outlive or hold an attempt."""

from __future__ import annotations

import os
import signal

from .child_process import ChildTest


class LeftoversTest(ChildTest):
    def test_a_thread_left_behind_keeps_neither_the_attempt_nor_the_process(self):
        messages = self.run_once("""
            import threading
            def f():
                threading.Thread(target=threading.Event().wait, name="forever").start()
                return 1
        """)
        self.assertEqual(messages[-1]["value"], {"f": 1})
        self.assertIn("left 1 thread(s) running: forever", messages[0]["text"])

    def test_a_forked_child_does_not_speak_for_its_parent(self):
        messages = self.run_once("""
            import os
            def f(job):
                if os.fork() == 0:
                    job.log.info("from the child")
                    return "child"
                os.wait()
                return "parent"
        """)
        self.assertEqual(messages, [{"type": "result", "value": {"f": "parent"}}])

    def test_a_forked_child_that_lives_on_does_not_hold_the_protocol_open(self):
        child = self.ready("""
            import os, signal, sys
            def f() -> int:
                pid = os.fork()
                if pid == 0:
                    os.close(1); os.close(2)
                    signal.pause()
                return pid
        """)
        child.start_run("f", {})
        pid = child.until("result")[-1]["value"]["f"]
        try:
            self.assertEqual(child.stop(), 0)
            self.assertIsNone(child.next(), "end of file, although the forked child lives")
            self.assertTrue(child.in_time)
        finally:
            os.kill(pid, signal.SIGKILL)

    def test_processes_work_with_the_author_s_functions(self):
        value = self.result("""
            import concurrent.futures, multiprocessing
            def _twice(x): return 2 * x
            def f() -> list:
                made = []
                for method in ("fork", "spawn"):
                    context = multiprocessing.get_context(method)
                    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
                        made.append(list(pool.map(_twice, [1, 2])))
                return made
        """)
        self.assertEqual(value, {"f": [[2, 4], [2, 4]]})

    def test_a_subprocess_inherits_the_marker_and_not_the_protocol(self):
        value = self.result("""
            import os, subprocess, sys
            def f() -> str:
                code = "import os; print(os.environ['LONGHAUL_ATTEMPT_ID'], *os.listdir('/proc/self/fd'))"
                command = [sys.executable, "-c", code]
                return subprocess.run(command, capture_output=True, text=True, close_fds=False).stdout
        """)
        marker, *fds = value["f"].split()
        self.assertEqual(marker, "j_1.1.x")
        self.assertLessEqual(set(fds), {"0", "1", "2", "3"})

    def test_much_output_without_a_newline_is_live_and_whole(self):
        messages = self.run_once("def f():\n  print('x' * 20_000_000, end='')\n  return 1")
        self.assertEqual(messages[-1]["value"], {"f": 1})
        self.assertEqual(len(self.printed), 20_000_000)

    def test_any_text_can_be_printed_in_any_locale(self):
        child = self.ready("def f(): print('µm \\udcff')", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
        child.start_run("f", {})
        self.assertEqual(child.until("result", "error")[-1]["type"], "result")

    def test_files_left_behind_are_mentioned_when_nothing_was_returned(self):
        messages = self.run_once("def f(): open('plot.png', 'w').close()")
        self.assertIn("left plot.png", messages[0]["text"])
