"""A job to its end: over its event stream, or by asking again and again where there is none."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any, Dict, Iterator, NamedTuple, Optional

from .connection import Connection
from .errors import ClientError, ServiceError, UnreachableError
from .server_events import Frame, read_frames

JobView = Dict[str, Any]
_ENDED = ("completed", "failed", "cancelled")
_POLLS = 10
"""Then the stream is tried again."""


class Update(NamedTuple):
    """`job` is the newest state; what made it newer is an event, a progress, or neither when it was asked for."""

    job: JobView
    event: Optional[Dict[str, Any]] = None
    progress: Optional[Dict[str, Any]] = None


def read_job(connection: Connection, job_id: str) -> JobView:
    return connection.read("GET", f"/jobs/{job_id}", query={"view": "native"})


def has_ended(job: JobView) -> bool:
    return job["status"] in _ENDED


def follow(
    connection: Connection,
    job_id: str,
    *,
    timeout: Optional[float] = None,
    patience: float = 60.0,
    silence: float = 45.0,
    poll: float = 1.0,
) -> Iterator[Update]:
    """The last update has the finished job. A service that stays away for longer than `patience` is unreachable;
    after `timeout` it is a TimeoutError, and the job goes on."""
    clock = _Clock(timeout)
    job = read_job(connection, job_id)
    yield Update(job)
    last, polls = 0, 0
    away_since: Optional[float] = None
    while not has_ended(job):
        clock.check(job_id)
        try:
            if polls > 0:
                polls -= 1
                connection.pause(clock.at_most(poll))
                job = read_job(connection, job_id)
                yield Update(job)
                continue
            for frame in _events(connection, job_id, last, clock.at_most(silence)):
                away_since = None
                clock.check(job_id)
                said = json.loads(frame.data)
                if frame.event == "progress":
                    job = {**job, "progress": said["data"]}
                    yield Update(job, progress=said["data"])
                    continue
                last = int(said["no"])
                # Messages and outputs may be many and change no state.
                if said["type"] not in ("message", "output"):
                    job = read_job(connection, job_id)
                yield Update(job, event=said)
                # A terminal event may be an old one, of before a retry: the job itself decides.
                if said["type"] in _ENDED and has_ended(job):
                    return
            # The stream ended: the job did, or the service is stopping.
            job = read_job(connection, job_id)
            if has_ended(job):
                yield Update(job)
            else:
                connection.pause(clock.at_most(0.2))
        except _NoStream:
            polls = _POLLS
        except (OSError, http.client.HTTPException, ServiceError, UnreachableError) as error:
            clock.check(job_id)
            if isinstance(error, ServiceError) and error.status < 500:
                raise
            away_since = away_since or time.monotonic()
            if time.monotonic() - away_since > patience:
                if isinstance(error, ClientError):
                    raise
                raise UnreachableError(connection.url, 1, error) from error
            connection.pause(clock.at_most(0.5))


def _events(connection: Connection, job_id: str, after: int, silence: float) -> Iterator[Frame]:
    headers = {"accept": "text/event-stream", **({"last-event-id": str(after)} if after else {})}
    try:
        # Tried once: whoever follows tries again, and has a patience of its own.
        path = f"/jobs/{job_id}/events"
        with connection.stream(path, headers=headers, timeout=silence, repeatable=False) as response:
            kind = response.headers.get("content-type") or ""
            if response.status == 204:
                return
            if not kind.startswith("text/event-stream"):
                raise _NoStream(kind)
            yield from read_frames(response)
    except ServiceError as error:
        # A service without streams, one with too many, or a proxy that lets none through. The job itself may be there.
        if error.code in ("not-found", "method-not-allowed", "unavailable", "unknown"):
            raise _NoStream(error.code) from error
        raise


class _NoStream(Exception):
    """Whoever answers has no event stream: ask again and again."""


class _Clock:
    def __init__(self, timeout: Optional[float]):
        self._end = None if timeout is None else time.monotonic() + timeout
        self._timeout = timeout

    def at_most(self, seconds: float) -> float:
        left = seconds if self._end is None else self._end - time.monotonic()
        return max(0.001, min(seconds, left))

    def check(self, job_id: str) -> None:
        if self._end is not None and time.monotonic() >= self._end:
            raise TimeoutError(f"{job_id} did not end within {self._timeout:g} s; it goes on without being watched")
