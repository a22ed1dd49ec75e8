"""One attempt, from the `run` message to the `result` or `error` that ends it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import Any, Callable, Dict, Mapping, Optional

from ..errors import PermanentError
from ..job import Job
from .event_loop import finish
from .failure import failure_of, trace_of
from .results import Results, is_stream
from .served import Served
from .streams import flush_streams

Send = Callable[[Dict[str, Any]], None]
_MARKER = "LONGHAUL_ATTEMPT_ID"


class Attempt:
    def __init__(self, served: Served, message: Mapping[str, Any], send: Send):
        self._served = served
        self._message = message
        self._job = Job(message, send, began_ns=time.time_ns())
        self._cancel_task: Optional[Callable[[], object]] = None
        self._interruptible = False
        self._process = os.getpid()

    def run(self) -> Dict[str, Any]:
        """Never raises: whatever happens becomes the message that ends the attempt."""
        home, marker = os.getcwd(), os.environ.get(_MARKER)
        threads = set(threading.enumerate())
        try:
            os.environ[_MARKER] = self._message["attempt_id"]
            os.chdir(self._job.workspace)
            end: Dict[str, Any] = {"type": "result", "value": self._result()}
        except BaseException as error:
            self._end_if_forked(error)
            end = failure_of(error, cancelled=self._job.cancelled)
        finally:
            self._end_if_forked()
            with suppress(OSError):  # the author may have removed it
                os.chdir(home)
            os.environ.pop(_MARKER) if marker is None else os.environ.__setitem__(_MARKER, marker)
        left = self._threads_left(threads)
        if end["type"] == "error" and (left or end["code"] == "out-of-memory"):
            end["fatal"] = True  # a fresh process for the next attempt
        return end

    @property
    def job(self) -> Job:
        return self._job

    def cancel(self, reason: str) -> None:
        """Called from the thread that reads messages. Code that takes a job is asked, other code is interrupted."""
        self._job.cancel(reason)
        if self._cancel_task is not None:
            self._cancel_task()
        elif not self._served.takes_job:
            main = threading.main_thread().ident
            if main is not None:
                signal.pthread_kill(main, signal.SIGINT)

    def _result(self) -> Optional[Dict[str, Any]]:
        if self._message["processor"] != self._served.name:
            raise PermanentError(f"This process serves {self._served.name}, not {self._message['processor']}.")
        results = Results(self._served.name, self._served.output, self._job)
        before = signal.signal(signal.SIGINT, self._on_interrupt)
        self._interruptible = True
        try:
            self._job.check()
            value = finish(self._served.call(self._message["input"], self._job), self._on_cancel)
            streamed = (
                results.of_stream(value, self._on_cancel, self._shielded, counted=self._counts_yields)
                if is_stream(value)
                else None
            )
        finally:
            self._interruptible = False
            signal.signal(signal.SIGINT, before)
        self._end_if_forked()
        result = results.of_value(value) if streamed is None else streamed
        self._job.outputs.finish()
        return result

    @property
    def _counts_yields(self) -> bool:
        """A job reports its own progress, and a tqdm bar is read from stderr; both say more than a count."""
        return not self._served.takes_job and "tqdm" not in sys.modules

    def _on_interrupt(self, *_: object) -> None:
        # Runs in the main thread, so the flag cannot change while it is looked at.
        if self._interruptible:
            raise KeyboardInterrupt

    def _shielded(self, take: Callable[[Any], None]) -> Callable[[Any], None]:
        """An interrupt in the middle of a message would tear it; it is noticed right after instead."""

        def shielded(item: Any) -> None:
            self._interruptible = False
            try:
                take(item)
            finally:
                self._interruptible = True
            self._job.check()

        return shielded

    def _on_cancel(self, cancel: Callable[[], object]) -> None:
        self._cancel_task = cancel
        if self._job.cancelled:
            cancel()

    def _end_if_forked(self, error: Optional[BaseException] = None) -> None:
        """A forked child that came back from the author's code would be a second process with this one's duties."""
        if os.getpid() != self._process:
            if error is not None:
                print(trace_of(error), file=sys.stderr)
            flush_streams()
            os._exit(0 if error is None else 1)

    def _threads_left(self, before: "set[threading.Thread]") -> bool:
        left = [t.name for t in threading.enumerate() if t not in before and not t.daemon]
        if left:
            self._job.note(f"The code left {len(left)} thread(s) running: {', '.join(left[:5])}.")
        return bool(left)
