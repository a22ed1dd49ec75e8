"""`Client`: one longhaul service, from a program in Python."""

from __future__ import annotations

import os
import threading
import uuid
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Union
from urllib.parse import quote

from .actions import ActionAnswer, call
from .assets import Assets
from .connection import Connection
from .follow import Update, read_job
from .inputs import Takes, prepare
from .mapping import Item, run, steps
from .notes import Notes
from .outputs import Outputs
from .remote_job import JobLike, RemoteJob, id_of
from .source import BytesSource, FileSource
from .submission import Options, Submitter
from .upload import Progress, Upload


class Client:
    """Puts, submits, watches and fetches. Threads may share it.

    >>> lh = Client()
    >>> job = lh.submit("segment", images=["a.tif", "b.tif"], threshold=0.4)
    >>> job.result(), job.outputs["cells"].save("results/")

    url, token: else `LONGHAUL_URL` and `LONGHAUL_TOKEN`, else this machine without a key.
    parallel: parts of one upload that are sent at once; in `map` also the uploads.
    in_flight: jobs of one `map` that wait or run at once.
    patience: seconds that a service may be away while something is waited for.
    state: folder of what is remembered between runs; else `$XDG_STATE_HOME/longhaul`.
    """

    def __init__(
        self,
        url: Optional[str] = None,
        token: Optional[str] = None,
        *,
        timeout: float = 30.0,
        patience: float = 60.0,
        parallel: int = 3,
        in_flight: int = 200,
        state: Union[str, "os.PathLike[str]", None] = None,
    ):
        address = url or os.environ.get("LONGHAUL_URL") or "http://127.0.0.1:8000"
        self._connection = Connection(address, token or os.environ.get("LONGHAUL_TOKEN") or None, timeout=timeout)
        self._patience = patience
        self._parallel = parallel
        self._in_flight = in_flight
        notes = Notes(None if state is None else Path(state))
        self._submitter = Submitter(self._connection, notes, parallel)
        self.assets = Assets(self._connection)

    @property
    def url(self) -> str:
        return self._connection.url

    def close(self) -> None:
        """Ends what threads still do, and the connections."""
        self._connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- put

    def put(
        self,
        file: Union[str, "os.PathLike[str]", bytes],
        *,
        name: Optional[str] = None,
        media_type: Optional[str] = None,
        progress: Optional[Progress] = None,
    ) -> Upload:
        """Sends a file in parts. After an interruption the same call sends only what is missing."""
        if isinstance(file, bytes):
            if name is None:
                raise TypeError("put() of bytes needs a name")
            return self._submitter.put(BytesSource(file, name), media_type, progress)
        return self._submitter.put(FileSource(Path(file), name), media_type, progress)

    # -- submit

    def submit(self, processor: str, options: Optional[Options] = None, /, **inputs: Any) -> RemoteJob:
        """Uploads the files among the inputs and makes a job. What was asked before is the job that it made then,
        unless `Options(new=True)`. A file is a path, what `put` returned, an output, or a reference."""
        takes = Takes(self.processor(processor))
        return self._job(self._submitter.submit(takes, options or Options(), prepare(takes, inputs)))

    def map(self, processor: str, options: Optional[Options] = None, /, **inputs: Any) -> Iterator[Item]:
        """One job for each file of a file input that is given several (or of `each`); yields items as they end.

        Safe to run again: what was asked before is not sent again, and comes back with the result that it has.

        >>> for item in lh.map("segment", images=Path("scans").rglob("*.tif"), threshold=0.4):
        ...     item.outputs["cells"].save("results/") if item.ok else print(item.input.name, item.error.detail)
        """
        said = options or Options()
        if said.idempotency_key is not None:
            raise TypeError("One idempotency_key cannot name all jobs of a map(); leave it out")
        takes = Takes(self.processor(processor))
        fixed, walk = steps(takes, inputs)
        # A file that is the same for all is sent once.
        shared = prepare(takes, fixed)
        constant: Dict[str, Any] = dict(shared.values)
        for name, files in shared.files.items():
            sent = [self._submitter.put(one) if isinstance(one, FileSource) else one for one in files]
            constant[name] = sent if takes.files[name] else sent[0]

        def submit(step: Dict[str, Any], label: str, stop: threading.Event) -> RemoteJob:
            prepared = prepare(takes, {**constant, **step})
            return self._job(self._submitter.submit(takes, said, prepared, stop), label)

        return run(submit, walk, uploads=self._parallel, in_flight=self._in_flight, patience=self._patience)

    def run(self, task: str, options: Optional[Options] = None, /, **parameters: Any) -> RemoteJob:
        """A job of a function that the operator of the service lists; its result is `{"result": …}`.

        >>> lh.run("momentum", symbol="AAPL").result()
        """
        said = options or Options()
        # One key through every try: a lost answer is no second job.
        key = {"idempotency-key": said.idempotency_key or str(uuid.uuid4())}
        body = {"parameters": parameters, **said.body()}
        submitted = self._connection.read("POST", f"/run/{quote(task, safe='')}", data=body, headers=key)
        return self.job(submitted["job_id"])

    # -- at once

    def call(
        self,
        processor: str,
        action: str,
        /,
        method: str = "POST",
        params: Optional[Mapping[str, object]] = None,
        respond_async: bool = False,
        **inputs: Any,
    ) -> ActionAnswer:
        """An action's answer, without a job. A file is a path (`Path`) or bytes; one that the service has is its `s3://` URI.

        method: GET and DELETE give the input as a query. params: what stands in the action's path.

        >>> lh.call("thumbnails", "preview", image=Path("cat.png"), width=64).content
        """
        how: Dict[str, Any] = {"method": method, "params": params, "respond_async": respond_async}
        return call(self._connection, processor, action, inputs, **how)

    # -- watch

    def job(self, job: JobLike) -> RemoteJob:
        return self._job(read_job(self._connection, id_of(job)))

    def watch(self, job: JobLike, timeout: Optional[float] = None) -> Iterator[Update]:
        """Every change of a job until it has ended."""
        return self._handle(job).watch(timeout)

    def wait(self, job: JobLike, timeout: Optional[float] = None) -> RemoteJob:
        """Until it has ended, however it ended; TimeoutError after `timeout`, and the job goes on."""
        return self._handle(job).wait(timeout)

    def jobs(
        self,
        *,
        status: Union[str, Sequence[str], None] = None,
        processor: Optional[str] = None,
        tag: Union[str, Sequence[str], None] = None,
        limit: Optional[int] = None,
    ) -> Iterator[RemoteJob]:
        """Newest first, page by page; at most `limit`. Several tags must all be there."""
        words = status if status is None or isinstance(status, str) else ",".join(status)
        tags = tag if tag is None or isinstance(tag, str) else ",".join(tag)
        cursor: Optional[str] = None
        left = limit
        while left is None or left > 0:
            size = 100 if left is None else min(100, left)
            query = {"view": "native", "status": words, "processor": processor, "tag": tags, "limit": size, "cursor": cursor}
            page = self._connection.read("GET", "/jobs", query=query)
            for view in page["jobs"]:
                yield self._job(view)
            left = None if left is None else left - len(page["jobs"])
            cursor = page["next"]
            if cursor is None:
                return

    def cancel(self, job: JobLike) -> RemoteJob:
        return self._handle(job).cancel()

    def retry(
        self, job: JobLike, *, start_anew: bool = False, memory: Union[str, int, None] = None
    ) -> RemoteJob:
        return self._handle(job).retry(start_anew, memory=memory)

    def logs(self, job: JobLike, attempt: Optional[int] = None) -> str:
        return self._handle(job).logs(attempt)

    # -- outputs

    def outputs(self, job: JobLike) -> Outputs:
        """What a job made, as soon as it has completed; empty before."""
        return self.job(job).outputs

    # -- the service

    def processors(self) -> List[Dict[str, Any]]:
        listed: List[Dict[str, Any]] = self._connection.read("GET", "/processors")["processors"]
        return listed

    def processor(self, name: str) -> Dict[str, Any]:
        """With its schemas."""
        return self._connection.read("GET", f"/processors/{quote(name, safe='')}")

    def health(self) -> Dict[str, Any]:
        return self._connection.read("GET", "/health")

    def _job(self, view: Dict[str, Any], label: str = "") -> RemoteJob:
        return RemoteJob(self._connection, view, label, self._patience)

    def _handle(self, job: JobLike) -> RemoteJob:
        return job if isinstance(job, RemoteJob) else self.job(job)
