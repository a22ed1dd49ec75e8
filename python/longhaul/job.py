"""What `run` is given as `job`: the attempt, in the same words as `ctx` in TypeScript."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Sequence, Tuple, TypeVar, Union

from .checkpoints import Checkpoints
from .errors import Cancelled
from .log import Log
from .outputs import Outputs
from .progress import Progress, Track, percent_of

Item = TypeVar("Item")
Send = Callable[[Dict[str, Any]], None]


@dataclass(frozen=True)
class InputFile:
    """A file of the job, staged in the workspace."""

    name: str
    path: Path
    uri: str
    size: int
    sha256: str
    media_type: Optional[str] = None
    bin: Optional[str] = None
    """Of a manifest or an ingest of bins: which files belong together."""

    @property
    def stem(self) -> str:
        return Path(self.name).stem

    @classmethod
    def from_message(cls, staged: Mapping[str, Any]) -> "InputFile":
        return cls(
            name=staged.get("name", ""),
            path=Path(staged["path"]),
            uri=staged.get("uri", ""),
            size=staged.get("size", 0),
            sha256=staged.get("sha256", ""),
            media_type=staged.get("media_type"),
            bin=staged.get("bin"),
        )


class Job:
    """One attempt. `track`, `progress` and `log` raise `Cancelled` once it was asked to stop: let it pass."""

    def __init__(self, message: Mapping[str, Any], send: Send, *, began_ns: int = 0):
        self.id: str = message["job_id"]
        self.attempt: int = message["attempt"]
        self.workspace = Path(message["workspace"])
        self.input: Dict[str, Any] = dict(message.get("input") or {})
        self.inputs: Tuple[InputFile, ...] = tuple(map(InputFile.from_message, message.get("inputs") or ()))
        self.restored: Any = message.get("restored")
        self._send = send
        self._progress = Progress(send)
        self._cancelled: Optional[str] = None
        self.log = Log(send, self.check)
        self.outputs = Outputs(
            self.workspace,
            send,
            self.check,
            self.note,
            input_paths=[file.path for file in self.inputs],
            limits=message.get("limits"),
            began_ns=began_ns,
            restored_writers=message.get("restored_writers") or (),
        )
        self._checkpoints = Checkpoints(send, self.outputs, self.note)

    @property
    def cancelled(self) -> bool:
        """Whether the attempt was asked to stop. For loops that cannot use `track`."""
        return self._cancelled is not None

    def check(self) -> None:
        """Raises `Cancelled` when the attempt was asked to stop."""
        if self._cancelled is not None:
            raise Cancelled(self._cancelled)

    def track(
        self,
        items: Iterable[Item],
        stage: str = "items",
        *,
        total: Optional[int] = None,
        start: int = 0,
    ) -> Track[Item]:
        """Iterate over this: progress with rate and remaining time, and an end when the job is cancelled.

        total: how many there will be, where `items` has no length.  start: how many were done before.
        """
        return Track(items, stage, total=total, start=start, progress=self._progress, check=self.check)

    def progress(
        self,
        done: Optional[float] = None,
        total: Optional[float] = None,
        message: Optional[str] = None,
        *,
        stage: Optional[str] = None,
        percent: Optional[float] = None,
        detail: Optional[Mapping[str, Any]] = None,
    ) -> None:
        """Replaces what was said before: `progress(3, 10, "frame 3")` or `progress(stage="fit", percent=40)`."""
        self.check()
        if percent is None and done is not None and total is not None:
            percent = percent_of(done, total)
        said = {
            "stage": stage,
            "percent": percent,
            "message": message,
            "done": done,
            "total": total,
            "detail": detail,
        }
        counts = done is not None and done != total
        self._progress.report({key: value for key, value in said.items() if value is not None}, always=not counts)

    def checkpoint_due(self, every: str = "1 min") -> bool:
        """Whether it is time to save: `every` has passed since the last, or the worker is about to end. Ask at every step."""
        self.check()
        return self._checkpoints.due(every)

    def checkpoint(self, state: Any, *, files: Sequence[Union[str, Path]] = ()) -> None:
        """Keeps state, files and every output so far, for `job.restored` of the next attempt if this one does not end.

        The files are then back at their paths. Rows written before are kept, those after it are written again. When the
        worker is about to end, the call ends this attempt (`Cancelled`) once it is saved; the job goes on elsewhere.
        """
        self.check()
        answer = self._checkpoints.save(state, files)
        if answer.get("stop"):
            self.cancel("drain")
        self.check()

    def note(self, text: str) -> None:
        """A warning in the log that is longhaul's own, not the author's; never raises `Cancelled`."""
        self._send({"type": "log", "level": "warn", "text": text})

    def cancel(self, reason: str) -> None:
        """For the supervisor's message only."""
        self._cancelled = reason
        self._checkpoints.stop()

    def drain(self) -> None:
        """For the supervisor's message only."""
        self._checkpoints.drain()

    def checkpointed(self, message: Mapping[str, Any]) -> None:
        """For the supervisor's message only."""
        self._checkpoints.answered(message)
