"""System E's clients: its methods under their names, answering dictionaries."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Union, cast

from .connection import Connection
from .errors import TransferError
from .form import Form, FormFile
from .large_upload import LargeUpload, Progress
from .notes import Notes
from .source import FileSource, sha256_of, unless

Answer = Dict[str, Any]
File = Union[str, "os.PathLike[str]"]
_LARGE_FILE_BYTES = 100 * 1024 * 1024
_FINISHED = ("completed", "failed", "cancelled")


class UploadClient:
    """>>> lh = UploadClient()
    >>> sent = lh.upload_file("scan.h5", "ana@lab.org", "Scan 7", "HDF5")
    >>> lh.wait_for_completion(sent["job_id"])["status"]

    `dataset`, wherever it is taken: `convert`, `is_public`, `folder`, `team_uuid`, `tags` (a list or a comma list),
    `relative_path`, `dataset_identifier`, `add_to_existing`, `is_public_downloadable`.
    url, token, state: as of `Client`.
    """

    def __init__(
        self,
        url: Optional[str] = None,
        token: Optional[str] = None,
        *,
        timeout: float = 300.0,
        max_workers: int = 4,
        state: Optional[File] = None,
    ):
        address = url or os.environ.get("LONGHAUL_URL") or "http://127.0.0.1:8000"
        self._connection = Connection(address, token or os.environ.get("LONGHAUL_TOKEN") or None, timeout=timeout)
        self._notes = Notes(None if state is None else Path(state))
        self._max_workers = max_workers

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> UploadClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- files

    def upload_file(
        self,
        file_path: File,
        user_email: str,
        dataset_name: str,
        sensor: str,
        *,
        progress_callback: Optional[Progress] = None,
        **dataset: Any,
    ) -> Answer:
        """The way is chosen by size: one form up to 100 MiB, above it chunks that can go on."""
        source = FileSource(Path(file_path))
        fields = _fields(user_email, dataset_name, sensor, dataset)
        if source.size > _LARGE_FILE_BYTES:
            return self._large(source, fields, self._max_workers, progress_callback, None)
        alive = unless(self._connection.stopping)
        file = FormFile("file", source.name, source.size, source.open)
        form = Form([(name, _word(value)) for name, value in fields.items()], [file])
        alive()
        # A second try would be a second dataset.
        answer = self._connection.read(
            "POST", "/api/upload/upload", body=form.open, headers=form.headers(), repeatable=False
        )
        if progress_callback is not None:
            progress_callback(source.size, source.size)
        return answer

    def upload_local_file(
        self,
        file_path: File,
        user_email: str,
        dataset_name: str,
        sensor: str,
        convert: bool = True,
        is_public: bool = False,
        folder: Optional[str] = None,
        team_uuid: Optional[str] = None,
        **dataset: Any,
    ) -> Answer:
        more = {"convert": convert, "is_public": is_public, "folder": folder, "team_uuid": team_uuid, **dataset}
        return self.upload_file(file_path, user_email, dataset_name, sensor, **more)

    def upload_file_by_path(
        self,
        file_path: str,
        user_email: str,
        dataset_name: str,
        sensor: str,
        *,
        original_filename: Optional[str] = None,
        **dataset: Any,
    ) -> Answer:
        """A file that the service can see, below a folder that its operator lists."""
        fields = {**_fields(user_email, dataset_name, sensor, dataset), "file_path": file_path}
        if original_filename is not None:
            fields["original_filename"] = original_filename
        form = Form([(name, _word(value)) for name, value in fields.items()], [])
        path = "/api/upload/upload-path"
        return self._connection.read("POST", path, body=form.open, headers=form.headers(), repeatable=False)

    def upload_directory(
        self,
        directory: File,
        user_email: str,
        dataset_name: str,
        sensor: str,
        *,
        progress_callback: Optional[Progress] = None,
        **dataset: Any,
    ) -> List[Answer]:
        """Every file below a folder into one dataset, each in its place below it; in the order of their names."""
        root = Path(directory)
        files = sorted(path for path in root.rglob("*") if path.is_file())
        if not files:
            raise TransferError("local", f"There is no file in {root}")
        total = sum(path.stat().st_size for path in files)
        answers: List[Answer] = []
        into = dict(dataset)
        sent = 0
        for path in files:
            told = None if progress_callback is None else partial(_shifted, progress_callback, sent, total)
            place = path.relative_to(root).as_posix()
            more = {**into, "relative_path": place, "progress_callback": told}
            answers.append(self.upload_file(path, user_email, dataset_name, sensor, **more))
            sent += path.stat().st_size
            if "dataset_identifier" not in into:
                into.update(dataset_identifier=answers[0]["dataset_uuid"], add_to_existing=True)
        return answers

    # -- chunks

    def upload_file_chunked(
        self,
        file_path: File,
        user_email: str,
        dataset_name: str,
        sensor: str,
        *,
        progress_callback: Optional[Progress] = None,
        resume_upload_id: Optional[str] = None,
        **dataset: Any,
    ) -> Answer:
        """In chunks, one after another; called again after an interruption, only those that are missing."""
        fields = _fields(user_email, dataset_name, sensor, dataset)
        return self._large(FileSource(Path(file_path)), fields, 1, progress_callback, resume_upload_id)

    def upload_file_parallel(
        self,
        file_path: File,
        user_email: str,
        dataset_name: str,
        sensor: str,
        *,
        max_workers: Optional[int] = None,
        progress_callback: Optional[Progress] = None,
        resume_upload_id: Optional[str] = None,
        **dataset: Any,
    ) -> Answer:
        fields = _fields(user_email, dataset_name, sensor, dataset)
        workers = max_workers or self._max_workers
        return self._large(FileSource(Path(file_path)), fields, workers, progress_callback, resume_upload_id)

    def initiate_large_upload(
        self, filename: str, file_size: int, file_hash: str, user_email: str, dataset_name: str, sensor: str, **dataset: Any
    ) -> Answer:
        fields = _fields(user_email, dataset_name, sensor, dataset)
        said = {**fields, "filename": filename, "file_size": file_size, "file_hash": file_hash}
        return self._connection.read("POST", "/api/upload/large/initiate", data=said)

    def upload_chunk(self, upload_id: str, chunk_index: int, chunk_data: bytes) -> Answer:
        return LargeUpload(self._connection, self._notes).send_bytes(upload_id, chunk_index, chunk_data)

    def get_chunk_status(self, upload_id: str) -> Answer:
        return self._connection.read("GET", f"/api/upload/large/status/{upload_id}")

    def get_resume_info(self, upload_id: str) -> Answer:
        return self._connection.read("GET", f"/api/upload/large/resume/{upload_id}")

    def complete_upload(self, upload_id: str) -> Answer:
        return self._connection.read("POST", f"/api/upload/large/complete/{upload_id}", timeout=None)

    def calculate_file_hash(self, file_path: File) -> str:
        return sha256_of(FileSource(Path(file_path)), unless(self._connection.stopping))

    # -- imports

    def initiate_google_drive_upload(
        self,
        file_id: str,
        service_account_file: Any,
        user_email: str,
        dataset_name: str,
        sensor: str,
        *,
        source_config: Optional[Answer] = None,
        **dataset: Any,
    ) -> Answer:
        config = {**(source_config or {}), "file_id": file_id, "service_account_file": service_account_file}
        return self.upload_from_source("google_drive", config, user_email, dataset_name, sensor, **dataset)

    def initiate_s3_upload(
        self,
        bucket_name: str,
        object_key: str,
        access_key_id: str,
        secret_access_key: str,
        user_email: str,
        dataset_name: str,
        sensor: str,
        *,
        source_config: Optional[Answer] = None,
        **dataset: Any,
    ) -> Answer:
        keys = {"access_key_id": access_key_id, "secret_access_key": secret_access_key}
        config = {**(source_config or {}), "bucket_name": bucket_name, "object_key": object_key, **keys}
        return self.upload_from_source("s3", config, user_email, dataset_name, sensor, **dataset)

    def initiate_url_upload(
        self,
        url: str,
        user_email: str,
        dataset_name: str,
        sensor: str,
        *,
        source_config: Optional[Answer] = None,
        **dataset: Any,
    ) -> Answer:
        config = {**(source_config or {}), "url": url}
        return self.upload_from_source("url", config, user_email, dataset_name, sensor, **dataset)

    def upload_from_source(
        self, source_type: str, source_config: Answer, user_email: str, dataset_name: str, sensor: str, **dataset: Any
    ) -> Answer:
        fields = _fields(user_email, dataset_name, sensor, dataset)
        said = {**fields, "source_type": source_type, "source_config": source_config}
        return self._connection.read("POST", "/api/upload/initiate", data=said, repeatable=False)

    # -- what comes of it

    def get_upload_status(self, job_id: str) -> Answer:
        return self._connection.read("GET", f"/api/upload/status/{job_id}")

    def cancel_upload(self, job_id: str) -> Answer:
        """An upload, an import, or chunks that have not been completed."""
        if job_id.startswith("large_upload_"):
            return self._connection.read("DELETE", f"/api/upload/large/cancel/{job_id}", repeatable=False)
        return self._connection.read("POST", f"/api/upload/cancel/{job_id}", repeatable=False)

    def list_upload_jobs(
        self, user_email: str, status: Optional[str] = None, limit: int = 50, offset: int = 0
    ) -> Answer:
        query = {"user_id": user_email, "status": status, "limit": limit, "offset": offset}
        return self._connection.read("GET", "/api/upload/jobs", query=query)

    def wait_for_completion(
        self,
        job_id: str,
        timeout: float = 3600.0,
        poll_interval: float = 5.0,
        progress_callback: Optional[Callable[[Answer], None]] = None,
    ) -> Answer:
        """Its last status, however it ended; TimeoutError after `timeout`, and it goes on."""
        deadline = time.monotonic() + timeout
        while True:
            seen = self.get_upload_status(job_id)
            if progress_callback is not None:
                progress_callback(seen)
            if seen["status"] in _FINISHED:
                return seen
            if time.monotonic() + poll_interval > deadline:
                raise TimeoutError(f"Upload {job_id} is {seen['status']} after {timeout:g} s; it goes on")
            self._connection.pause(poll_interval)

    # -- the service

    def get_supported_sources(self) -> Answer:
        return self._connection.read("GET", "/api/upload/supported-sources")

    def get_upload_limits(self) -> Answer:
        return self._connection.read("GET", "/api/upload/limits")

    def estimate_upload_time(self, source_type: str, file_size_mb: float) -> Answer:
        query = {"source_type": source_type, "file_size_mb": file_size_mb}
        return self._connection.read("GET", "/api/upload/estimate-time", query=cast(Any, query))

    def health_check(self) -> Answer:
        return self._connection.read("GET", "/health")

    def get_api_info(self) -> Answer:
        return self._connection.read("GET", "/")

    def _large(
        self,
        source: FileSource,
        fields: Answer,
        workers: int,
        progress: Optional[Progress],
        upload_id: Optional[str],
    ) -> Answer:
        upload = LargeUpload(self._connection, self._notes)
        lanes = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="longhaul-chunk")
        try:
            return upload.send(source, fields, lanes, workers, progress, upload_id)
        finally:
            lanes.shutdown(wait=True)


def _fields(user_email: str, dataset_name: str, sensor: str, dataset: Answer) -> Answer:
    """In the words of the wire; what was not said is left out."""
    unknown = set(dataset) - _DATASET_FIELDS
    if unknown:
        raise TypeError(f"A dataset has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(_DATASET_FIELDS))}")
    tags = dataset.get("tags")
    said = {
        **{"user_email": user_email, "dataset_name": dataset_name, "sensor": sensor},
        **{"convert": True, "is_public": False},
        **dataset,
        "tags": tags if tags is None or isinstance(tags, str) else ",".join(tags),
    }
    return {name: value for name, value in said.items() if value is not None}


_DATASET_FIELDS = {
    *("convert", "is_public", "is_public_downloadable", "folder", "team_uuid", "tags"),
    *("relative_path", "dataset_identifier", "add_to_existing"),
}


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shifted(progress: Progress, before: int, total: int, sent: int, _: int) -> None:
    progress(before + sent, total)
