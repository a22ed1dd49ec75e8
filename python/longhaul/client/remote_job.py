"""A job that runs elsewhere."""

from __future__ import annotations

from typing import Any, Dict, Iterator, NamedTuple, Optional, Sequence, Union, cast

from .connection import Connection
from .errors import JobFailedError
from .follow import JobView, Update, follow, has_ended, read_job
from .outputs import Outputs
from ..units import bytes_of


class Problem(NamedTuple):
    """Why something has no result. Branch on `code`."""

    code: str
    detail: str


class RemoteJob:
    """What is known of a job; `refresh`, `wait` and `watch` learn what is new."""

    def __init__(self, connection: Connection, view: JobView, label: str = "", patience: float = 60.0):
        self._connection = connection
        self._label = label
        self._patience = patience
        self.view = view
        """The service's own words, as last heard."""

    def __repr__(self) -> str:
        return f"<RemoteJob {self.id} {self.processor} {self.status}>"

    @property
    def id(self) -> str:
        return cast(str, self.view["job_id"])

    @property
    def processor(self) -> str:
        return cast(str, self.view["processor"])

    @property
    def status(self) -> str:
        """queued, running, retry_wait, paused, completed, failed or cancelled."""
        return cast(str, self.view["status"])

    @property
    def ended(self) -> bool:
        return has_ended(self.view)

    @property
    def ok(self) -> bool:
        return self.status == "completed"

    @property
    def progress(self) -> Optional[Dict[str, Any]]:
        return cast(Optional[Dict[str, Any]], self.view.get("progress"))

    @property
    def error(self) -> Optional[Problem]:
        """Of a job that failed or was cancelled."""
        if self.status not in ("failed", "cancelled"):
            return None
        problem = self.view.get("problem") or {}
        detail = problem.get("detail") or self.view.get("error") or ""
        return Problem(str(problem.get("code") or self.status), str(detail))

    @property
    def outputs(self) -> Outputs:
        """Empty until it has completed."""
        return Outputs(self._connection, self.view.get("outputs") or [], self._label)

    def refresh(self) -> RemoteJob:
        self.view = read_job(self._connection, self.id)
        return self

    def watch(self, timeout: Optional[float] = None) -> Iterator[Update]:
        """Every change until the job has ended, or TimeoutError; the job itself goes on."""
        for update in follow(self._connection, self.id, timeout=timeout, patience=self._patience):
            self.view = update.job
            yield update

    def wait(self, timeout: Optional[float] = None) -> RemoteJob:
        """Until it has ended, however it ended."""
        if not self.ended:
            for _ in self.watch(timeout):
                pass
        return self

    def result(self, timeout: Optional[float] = None) -> Any:
        """Waits, and gives what the processor returned; JobFailedError when it returned nothing."""
        problem = self.wait(timeout).error
        if problem is not None:
            raise JobFailedError(self.id, self.status, problem.code, problem.detail)
        return self.view.get("result")

    def cancel(self) -> RemoteJob:
        self.view = self._change("cancel", repeatable=True)
        return self

    def retry(self, start_anew: bool = False, *, memory: Union[str, int, None] = None) -> RemoteJob:
        """Queues a job that failed or was cancelled once more, from its last checkpoint where it has one.

        memory: what an attempt may hold from now on, `"12 GB"` or bytes; else what the processor says.
        """
        request: Dict[str, Any] = {"from": "start"} if start_anew else {}
        if memory is not None:
            request["memory_bytes"] = bytes_of(memory, "memory") if isinstance(memory, str) else memory
        # Not repeated: a second try would find it queued, and call the first one's success a conflict.
        self.view = self._change("retry", request, repeatable=False)
        return self

    def logs(self, attempt: Optional[int] = None) -> str:
        """What an attempt printed and logged, the newest unless said otherwise."""
        answer = self._connection.send("GET", f"/jobs/{self.id}/logs", query={"attempt": attempt})
        return answer.body.decode("utf-8", "replace")

    def _change(self, verb: str, data: Optional[Dict[str, Any]] = None, *, repeatable: bool) -> JobView:
        return self._connection.read(
            "POST", f"/jobs/{self.id}/{verb}", query={"view": "native"}, data=data or {}, repeatable=repeatable
        )


def refresh_all(jobs: Sequence[RemoteJob]) -> None:
    """What is new of up to 100 jobs of one service, in one request."""
    if len(jobs) > 1:
        query = {"view": "native", "ids": ",".join(job.id for job in jobs)}
        views = jobs[0]._connection.read("GET", "/jobs", query=query)["jobs"]
        by_id = {view["job_id"]: view for view in views}
        for job in jobs:
            job.view = by_id.get(job.id, job.view)
        # A service that knows no `ids` answers with others.
        jobs = [job for job in jobs if job.id not in by_id]
    for job in jobs:
        job.refresh()


JobLike = Union[RemoteJob, str]
"""A job, or its id."""


def id_of(job: JobLike) -> str:
    return job.id if isinstance(job, RemoteJob) else job
