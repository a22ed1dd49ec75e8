"""From inputs to a job: what has to be sent is sent, and what was asked before is not asked again."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from typing import Any, Dict, Optional, Sequence
from urllib.parse import quote

from .connection import Connection
from .errors import ServiceError
from .follow import JobView, read_job
from .inputs import Prepared, Takes
from .notes import Notes, file_identity
from .remote_job import JobLike, id_of
from .source import FileSource, Source, sha256_of, unless
from .upload import Progress, Upload, put


@dataclass(frozen=True)
class Options:
    """What a submission may say beside the processor's inputs."""

    priority: Optional[int] = None
    """1 is soonest, 3 last."""
    timeout_seconds: Optional[float] = None
    """Of one attempt."""
    max_attempts: Optional[int] = None
    delay_seconds: Optional[float] = None
    expires_in_seconds: Optional[float] = None
    """Unless it has started by then, it fails `expired`."""
    depends_on: Sequence[JobLike] = ()
    on_dependency: Optional[str] = None
    tags: Sequence[str] = ()
    """What it can be found by: `lh.jobs(tag="run=7")`. A job that is there already keeps its own."""
    idempotency_key: Optional[str] = None
    """Names the request. By default it is named by what is asked: processor, version, values and content of files."""
    new: bool = False
    """A job of its own, also where the same was asked before."""

    def body(self) -> Dict[str, Any]:
        said = {
            "priority": self.priority,
            "timeout_seconds": self.timeout_seconds,
            "max_attempts": self.max_attempts,
            "delay_seconds": self.delay_seconds,
            "expires_in_seconds": self.expires_in_seconds,
            "depends_on": [id_of(job) for job in self.depends_on] or None,
            "on_dependency": self.on_dependency,
            "tags": list(self.tags) or None,
            "reuse": False if self.new else None,
        }
        return {name: value for name, value in said.items() if value is not None}


class Submitter:
    def __init__(self, connection: Connection, notes: Notes, parallel: int):
        self._connection = connection
        self._notes = notes
        self._parallel = parallel

    def put(
        self,
        source: Source,
        media_type: Optional[str] = None,
        progress: Optional[Progress] = None,
        *,
        stop: Optional[threading.Event] = None,
        sha256: Optional[str] = None,
    ) -> Upload:
        return put(
            self._connection,
            source,
            self._notes,
            media_type=media_type,
            parallel=self._parallel,
            progress=progress,
            stop=stop,
            sha256=sha256,
        )

    def submit(
        self, takes: Takes, options: Options, prepared: Prepared, stop: Optional[threading.Event] = None
    ) -> JobView:
        digests: Dict[str, str] = {}

        def digest_of(source: FileSource) -> str:
            digests[str(source.path)] = digest = self._digest_of(source, stop)
            return digest

        if options.new or options.idempotency_key is not None:
            key = options.idempotency_key or str(uuid.uuid4())
            return self._create(takes, options, self._fields(takes, prepared, digests, stop), key)

        key = prepared.request_key(takes, digest_of)
        known = self._notes.recall("jobs", self._connection.url, key)
        if known is not None:
            try:
                return read_job(self._connection, known)
            except ServiceError as error:
                if error.code != "job-not-found":
                    raise
        try:
            view = self._create(takes, options, self._fields(takes, prepared, digests, stop), key)
        except ServiceError as error:
            # The same content, uploaded once more by someone who had no note of the first time.
            if error.code != "idempotency-conflict" or "job_id" not in error.problem:
                raise
            view = read_job(self._connection, str(error.problem["job_id"]))
        self._notes.remember("jobs", view["job_id"], self._connection.url, key)
        return view

    def _fields(
        self, takes: Takes, prepared: Prepared, digests: Dict[str, str], stop: Optional[threading.Event]
    ) -> Dict[str, Any]:
        fields = dict(prepared.values)
        for name, files in prepared.files.items():
            references = []
            for one in files:
                if isinstance(one, FileSource):
                    one = self.put(one, stop=stop, sha256=digests.get(str(one.path)))
                references.append(one.reference() if isinstance(one, Upload) else one)
            fields[name] = takes.field(name, references)
        return fields

    def _create(self, takes: Takes, options: Options, fields: Dict[str, Any], key: str) -> JobView:
        path = f"/processors/{quote(takes.name, safe='')}/jobs"
        body = {"input": fields, **options.body()}
        return self._connection.read("POST", path, data=body, headers={"idempotency-key": key})

    def _digest_of(self, source: FileSource, stop: Optional[threading.Event]) -> str:
        found = source.path.stat()
        # A file that was replaced under its old time of change must not pass for the old one.
        identity = [*file_identity(source.path), found.st_ctime_ns, found.st_ino]
        noted = self._notes.recall("digests", *identity)
        if noted is not None:
            return noted
        digest = sha256_of(source, unless(self._connection.stopping, *([stop] if stop else [])))
        self._notes.remember("digests", digest, *identity)
        return digest
