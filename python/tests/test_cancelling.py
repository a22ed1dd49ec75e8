"""A cancel reaches code that takes a job, code that does not, and code that waits."""

from __future__ import annotations

import signal

from .child_process import ChildTest


class CancelTest(ChildTest):
    def cancelled(self, text: str, started: str = "progress") -> dict:
        child = self.ready(text)
        child.start_run("f", {})
        child.until(started)
        child.send({"type": "cancel", "reason": "cancelled"})
        end = child.until("result", "error")[-1]
        self.assertEqual(child.stop(), 0)
        self.printed = child.printed
        return end

    def test_track_ends_at_the_next_step(self):
        end = self.cancelled("""
            import time
            def f(job):
                for _ in job.track(range(10**9), "steps"):
                    try: time.sleep(0.001)
                    except Exception: pass
        """)
        self.assertEqual(end["code"], "cancelled")

    def test_code_without_a_job_is_interrupted_and_cleans_up(self):
        end = self.cancelled(
            """
            import time
            def f():
                try:
                    yield {"row": 1}
                    time.sleep(3600)
                finally:
                    print("cleaned up")
            """
        )
        self.assertEqual(end["code"], "cancelled")
        self.assertIn(b"cleaned up", self.printed)

    def test_an_async_function_is_cancelled_where_it_waits(self):
        end = self.cancelled("""
            import asyncio
            async def f(job):
                job.progress(1, 2)
                await asyncio.sleep(3600)
        """)
        self.assertEqual(end["code"], "cancelled")

    def test_an_error_that_follows_a_cancel_is_the_cancel(self):
        end = self.cancelled("""
            import time
            def f(job):
                job.progress(1, 2)
                while not job.cancelled: time.sleep(0.001)
                raise RuntimeError("half done")
        """)
        self.assertEqual(end["code"], "cancelled")

    def test_a_cancel_between_attempts_is_passed_over(self):
        child = self.ready("def f(): return 1")
        child.send({"type": "cancel", "reason": "cancelled"})
        child.start_run("f", {})
        self.assertEqual(child.until("result", "error")[-1]["type"], "result")

    def test_sigterm_keeps_its_default(self):
        child = self.ready("import time\ndef f(job):\n  job.progress(1, 2)\n  time.sleep(3600)")
        child.start_run("f", {})
        child.until("progress")
        child.process.send_signal(signal.SIGTERM)
        self.assertEqual(child.end(), -signal.SIGTERM)
