"""`map`: one job for each item, sent while earlier ones run, and given back as they end."""

from __future__ import annotations

import heapq
import os
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import PurePath
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from .errors import ServiceError, TransferError, UnreachableError
from .inputs import Takes, is_many
from .outputs import Outputs
from .remote_job import Problem, RemoteJob, refresh_all

Submit = Callable[[Dict[str, Any], str, threading.Event], RemoteJob]
_POLITE_SECONDS = (0.05, 5.0)
_LOOK_AT_ONCE = 100


class Each(NamedTuple):
    values: Iterable[Any]


def each(values: Iterable[Any]) -> Any:
    """Marks what `map` goes through where that is not plain: numbers, texts, or several files for one job.

    >>> lh.map("segment", images="plate.tif", threshold=each([0.3, 0.4, 0.5]))
    """
    return Each(values)


class Item:
    """One of the inputs of `map`, and what became of it."""

    def __init__(
        self,
        index: int,
        inputs: Dict[str, Any],
        input: Any,
        job: Optional[RemoteJob],
        refusal: Optional[Problem] = None,
    ):
        self.index = index
        """Its place among the inputs; items end in another order."""
        self.inputs = inputs
        self.input = input
        """The file (or other value) that makes the item what it is."""
        self.job = job
        """None where the service took none, or the file could not be read: `error` says why."""
        self._refusal = refusal

    def __repr__(self) -> str:
        return f"<Item {self.index} {'ok' if self.ok else self.error}>"

    @property
    def ok(self) -> bool:
        return self.job is not None and self.job.ok

    @property
    def error(self) -> Optional[Problem]:
        return self.job.error if self.job is not None else self._refusal

    @property
    def result(self) -> Any:
        """What the processor returned."""
        return None if self.job is None else self.job.view.get("result")

    @property
    def outputs(self) -> Outputs:
        if self.job is None:
            raise LookupError(f"{self.input} has no outputs: {self._refusal}")
        return self.job.outputs


class Step(NamedTuple):
    inputs: Dict[str, Any]
    input: Any
    label: str
    """Folder of its outputs, below where they are saved."""


def steps(takes: Takes, inputs: Dict[str, Any]) -> Tuple[Dict[str, Any], Iterator[Step]]:
    """Parts inputs into those that stay the same and those that `map` goes through, side by side."""
    takes.check(inputs)
    moving: Dict[str, Iterator[Any]] = {}
    for name, value in inputs.items():
        if isinstance(value, Each):
            moving[name] = iter(value.values)
        elif name in takes.files and is_many(value):
            moving[name] = iter(value)
    if not moving:
        raise TypeError("map() has nothing to go through: give several files, or each([…]); submit() makes one job")
    fixed = {name: value for name, value in inputs.items() if name not in moving}

    def walk() -> Iterator[Step]:
        index = 0
        while True:
            step: Dict[str, Any] = {}
            for name, values in moving.items():
                for value in values:
                    step[name] = value
                    break
            if len(step) < len(moving):
                if step:
                    short = next(name for name in moving if name not in step)
                    raise ValueError(f"{short} has {index} values, {next(iter(step))} has more: give as many of each")
                return
            first = next(iter(step.values()))
            yield Step(step, first, _label_of(first, index))
            index += 1

    return fixed, walk()


def run(
    submit: Submit,
    walk: Iterator[Step],
    *,
    uploads: int,
    in_flight: int,
    patience: float,
) -> Iterator[Item]:
    """At most `uploads` are sent at once, and `in_flight` wait or run; `walk` is asked for no more than that."""
    stop = threading.Event()
    pool = ThreadPoolExecutor(max_workers=uploads, thread_name_prefix="longhaul-map")
    sending: Dict["Future[RemoteJob]", Tuple[int, Step]] = {}
    running: List[_Watched] = []
    count, more = 0, True
    try:
        while True:
            while more and len(sending) < 2 * uploads and len(sending) + len(running) < in_flight:
                step = next(walk, None)
                more = step is not None
                if step is not None:
                    sending[pool.submit(_submit_patiently, submit, step, stop, patience)] = (count, step)
                    count += 1
            if not sending and not running:
                return
            for future in [one for one in sending if one.done()]:
                index, step = sending.pop(future)
                try:
                    job = future.result()
                except (ServiceError, TransferError) as error:
                    if not _is_the_items(error):
                        raise
                    code = error.code if isinstance(error, ServiceError) else error.kind
                    yield Item(index, step.inputs, step.input, None, Problem(code, error.detail))
                    continue
                heapq.heappush(running, _Watched(0.0, index, time.monotonic(), step, job))
            now = time.monotonic()
            if running and running[0].look_at <= now:
                shortest, longest = _POLITE_SECONDS
                due: List[_Watched] = []
                # Together with those whose turn would come in a moment.
                while running and len(due) < _LOOK_AT_ONCE and running[0].look_at <= now + shortest:
                    due.append(heapq.heappop(running))
                _look([one.job for one in due if one.look_at > 0.0], patience, stop)
                for one in due:
                    if not one.job.ended:
                        pause = min(longest, max(shortest, 0.2 * (now - one.since)))
                        heapq.heappush(running, one._replace(look_at=now + pause))
                for one in due:
                    if one.job.ended:
                        yield Item(one.place, one.step.inputs, one.step.input, one.job)
                continue
            quiet = running[0].look_at - now if running else None
            if sending:
                wait(sending, timeout=quiet, return_when=FIRST_COMPLETED)
            else:
                time.sleep(quiet or 0.0)
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


class _Watched(NamedTuple):
    look_at: float
    place: int
    since: float
    step: Step
    job: RemoteJob


def _submit_patiently(submit: Submit, step: Step, stop: threading.Event, patience: float) -> RemoteJob:
    away_since: Optional[float] = None
    while True:
        try:
            return submit(step.inputs, step.label, stop)
        except UnreachableError:
            away_since = away_since or time.monotonic()
            if stop.is_set() or time.monotonic() - away_since > patience:
                raise
            stop.wait(1.0)
        except ServiceError as error:
            # There is room again when earlier jobs have ended, ours among them.
            if error.code != "queue-full" or stop.is_set():
                raise
            stop.wait(min(30.0, max(0.05, 1.0 if error.retry_after is None else error.retry_after)))


def _look(jobs: Sequence[RemoteJob], patience: float, stop: threading.Event) -> None:
    away_since = time.monotonic()
    while True:
        try:
            refresh_all(jobs)
            return
        except (UnreachableError, ServiceError) as error:
            if isinstance(error, ServiceError) and error.status < 500:
                raise
            if time.monotonic() - away_since > patience:
                raise
            stop.wait(1.0)


def _is_the_items(error: Exception) -> bool:
    """It says something about this item, not about the service or the whole."""
    if isinstance(error, ServiceError):
        return error.status in (400, 413, 422) or error.code in ("object-not-found", "uri-refused", "outbound-refused")
    return True


def _label_of(value: Any, index: int) -> str:
    """The path as it was given, below whatever folder: two files of one name never share a folder."""
    if isinstance(value, str) and "://" in value:
        value = value.partition("://")[2]
    if isinstance(value, (str, os.PathLike)):
        path = PurePath(value)
        parts = [part for part in path.parts if part not in (path.anchor, "..", ".")]
        return "/".join(parts) or f"{index:05d}"
    name = getattr(value, "name", None)
    return f"{index:05d}-{name}" if isinstance(name, str) and "/" not in name else f"{index:05d}"
