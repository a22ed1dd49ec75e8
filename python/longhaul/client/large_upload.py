"""System E's chunks: what the service has is asked, what is missing sent with its SHA-256, the whole compared there."""

from __future__ import annotations

import json
import threading
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, BinaryIO, Callable, Dict, List, Optional, Tuple, cast

from .connection import Connection
from .errors import ServiceError
from .form import Form, FormFile
from .notes import Notes, file_identity
from .source import Alive, BytesSource, FileSource, Part, Source, sha256_of, sha256_of_slice, unless

Progress = Callable[[int, int], None]
_USUAL_CHUNK_BYTES = 100 * 1024 * 1024


class LargeUpload:
    def __init__(self, connection: Connection, notes: Notes):
        self._connection = connection
        self._notes = notes

    def send(
        self,
        source: FileSource,
        fields: Dict[str, Any],
        lanes: ThreadPoolExecutor,
        workers: int,
        progress: Optional[Progress],
        upload_id: Optional[str],
    ) -> Dict[str, Any]:
        ended = threading.Event()
        alive = unless(self._connection.stopping, ended)
        upload_id, chunk_bytes, waiting = self._open(source, fields, upload_id, alive)

        def size_of(index: int) -> int:
            return min(chunk_bytes, source.size - index * chunk_bytes)

        lock = threading.Lock()
        sent = source.size - sum(map(size_of, waiting))
        waiting.reverse()

        def tell(more: int) -> None:
            nonlocal sent
            with lock:
                sent += more
                if progress is not None:
                    progress(sent, source.size)

        def lane() -> None:
            while True:
                alive()
                with lock:
                    if not waiting:
                        return
                    index = waiting.pop()
                self._send(source, upload_id, index, index * chunk_bytes, size_of(index), alive)
                tell(size_of(index))

        tell(0)
        try:
            running: List[Future[None]] = [lanes.submit(lane) for _ in range(min(workers, len(waiting)))]
            for future in wait(running, return_when=FIRST_EXCEPTION).done:
                future.result()
        finally:
            ended.set()
        # The whole is read there once more: the answer has all the time it needs.
        done = self._connection.read("POST", f"/api/upload/large/complete/{upload_id}", timeout=None)
        return {"status": "verifying", **done, "upload_id": upload_id, "upload_type": "chunked"}

    def send_bytes(self, upload_id: str, index: int, data: bytes) -> Dict[str, Any]:
        source = BytesSource(data, f"chunk_{index:06d}")
        return self._send(source, upload_id, index, 0, len(data), unless(self._connection.stopping))

    def _send(
        self, source: Source, upload_id: str, index: int, start: int, length: int, alive: Alive
    ) -> Dict[str, Any]:
        digest = sha256_of_slice(source, start, length, alive)
        body = partial(_open_part, source, start, length, alive)
        form = Form([("chunk_hash", digest)], [FormFile("chunk", f"chunk_{index:06d}", length, body)])
        path = f"/api/upload/large/chunk/{upload_id}/{index}"
        return self._connection.read("POST", path, body=form.open, headers=form.headers(), has_digest=True)

    def _open(
        self, source: FileSource, fields: Dict[str, Any], upload_id: Optional[str], alive: Alive
    ) -> Tuple[str, int, List[int]]:
        # The same file for another dataset is another upload.
        place = f"{self._connection.url}/api/upload/large {json.dumps(fields, sort_keys=True)}"
        identity = [place, *file_identity(source.path)]
        noted = upload_id or self._notes.recall("uploads", *identity)
        if noted is not None:
            known, _, size = noted.partition(" ")
            chunk_bytes = int(size or _USUAL_CHUNK_BYTES)
            try:
                seen = self._connection.read("GET", f"/api/upload/large/resume/{known}")
                if -(-source.size // chunk_bytes) == seen["total_chunks"]:
                    return known, chunk_bytes, list(seen["missing_chunks"])
            except ServiceError as error:
                if error.status not in (404, 410):
                    raise
        announced = {"filename": source.name, "file_size": source.size, "file_hash": sha256_of(source, alive)}
        started = self._connection.read("POST", "/api/upload/large/initiate", data={**fields, **announced})
        self._notes.remember("uploads", f"{started['upload_id']} {started['chunk_size']}", *identity)
        return started["upload_id"], started["chunk_size"], list(range(started["total_chunks"]))


def _open_part(source: Source, start: int, length: int, alive: Alive) -> BinaryIO:
    return cast(BinaryIO, Part(source, start, length, alive))
