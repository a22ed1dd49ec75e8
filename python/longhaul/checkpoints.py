"""`job.checkpoint`: what an attempt keeps, so that the next one need not begin anew."""

from __future__ import annotations

import json
import queue
import time
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Union

from .errors import PermanentError
from .outputs import Outputs
from .to_json import JsonEncoder, Note
from .units import milliseconds

Send = Callable[[Dict[str, Any]], None]
_MAX_STATE = 256 * 1024
# After one that could not be saved.
_RETRY_SECONDS = 5.0


class Checkpoints:
    """Of one attempt. `answered`, `drain` and `stop` are called from the thread that reads messages."""

    def __init__(self, send: Send, outputs: Outputs, note: Note, clock: Callable[[], float] = time.monotonic):
        self._send = send
        self._outputs = outputs
        self._encoder = JsonEncoder(note=note, exact_integers=True)
        self._clock = clock
        self._tried_at = clock()  # the attempt begins as if one had just been saved
        self._failed = False
        self._draining = False
        self._answers: "queue.SimpleQueue[Optional[Mapping[str, Any]]]" = queue.SimpleQueue()

    def due(self, every: str) -> bool:
        seconds = milliseconds(every, "every") / 1000
        since = self._clock() - self._tried_at
        if self._failed:
            return since >= min(seconds, _RETRY_SECONDS)
        return self._draining or since >= seconds

    def save(self, state: Any, files: Sequence[Union[str, Path]]) -> Mapping[str, Any]:
        """Answers what the supervisor said; empty when the attempt is to stop instead."""
        encoded = self._encoder.encode(state, "state")
        size = len(json.dumps(encoded, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
        if size > _MAX_STATE:
            raise PermanentError(
                f"The state of a checkpoint is {size} bytes of JSON; it may be {_MAX_STATE}. "
                "Write what is large to a file and name it in `files`."
            )
        writers, growing = self._outputs.flush()
        names = [str(file) for file in files]
        self._send({"type": "checkpoint", "state": encoded, "files": names, "growing": growing, "writers": writers})
        answer = self._answers.get() or {}
        self._tried_at = self._clock()
        self._failed = not answer.get("saved", False)
        return answer

    def answered(self, message: Mapping[str, Any]) -> None:
        self._answers.put(message)

    def drain(self) -> None:
        self._draining = True

    def stop(self) -> None:
        self._answers.put(None)
