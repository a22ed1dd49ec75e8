"""What makes progress visible: `Progress` sends it, without flooding; `Track` counts an iteration."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import (
    Any,
    AsyncIterator,
    Callable,
    Dict,
    Generic,
    Iterable,
    Iterator,
    Optional,
    TypeVar,
)

Item = TypeVar("Item")
Send = Callable[[Dict[str, Any]], None]

_BURST = 20
_PER_SECOND = 20.0


class Progress:
    """Sends at most 20 messages a second over time; a short burst and the last of a count always pass.

    A message that is dropped needs no timer to catch up: only a loop that reports faster than this loses any.
    """

    def __init__(self, send: Send, clock: Callable[[], float] = time.monotonic):
        self._send = send
        self._clock = clock
        self._tokens = float(_BURST)
        self._filled_at = clock()

    def report(self, message: Dict[str, Any], *, always: bool = False) -> None:
        now = self._clock()
        self._tokens = min(_BURST, self._tokens + (now - self._filled_at) * _PER_SECOND)
        self._filled_at = now
        if self._tokens < 1 and not always:
            return
        self._tokens = max(0.0, self._tokens - 1)
        self._send({"type": "progress", **message})


class Track(Generic[Item]):
    """An iteration that reports itself and stops when the attempt is cancelled. Takes `for` and `async for`."""

    def __init__(
        self,
        items: Iterable[Item],
        stage: str,
        *,
        total: Optional[int],
        start: int,
        progress: Progress,
        check: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ):
        if total is None:
            with suppress(TypeError):  # a generator: how many there are shows at the end
                total = start + len(items)  # type: ignore[arg-type]
        self._items = items
        self._stage = stage
        self._total = total
        self._start = start
        self._progress = progress
        self._check = check
        self._clock = clock
        self._began = clock()

    def __iter__(self) -> Iterator[Item]:
        done = self._begin()
        for item in self._items:
            self._check()
            yield item
            done += 1
            self._report(done)
        self._end(done)

    async def __aiter__(self) -> AsyncIterator[Item]:
        done = self._begin()
        if hasattr(self._items, "__aiter__"):
            async for item in self._items:
                self._check()
                yield item
                done += 1
                self._report(done)
        else:
            for item in self._items:
                self._check()
                yield item
                done += 1
                self._report(done)
        self._end(done)

    def _begin(self) -> int:
        self._began = self._clock()
        self._check()
        self._report(self._start)
        return self._start

    def _end(self, done: int) -> None:
        self._check()
        if self._total is None:
            self._total = done
            self._report(done)

    def _report(self, done: int) -> None:
        message: Dict[str, Any] = {"stage": self._stage, "done": done}
        total, elapsed = self._total, self._clock() - self._began
        if done > self._start and elapsed > 0:
            rate = (done - self._start) / elapsed
            message["rate"] = round(rate, 3)
            if total is not None:
                message["eta_seconds"] = round(max(0, total - done) / rate, 1)
        if total is not None:
            message["total"] = total
            message["percent"] = percent_of(done, total)
        self._progress.report(message, always=done == total)


def percent_of(done: float, total: float) -> float:
    return 100.0 if total <= 0 else round(min(100.0, max(0.0, 100.0 * done / total)), 1)
