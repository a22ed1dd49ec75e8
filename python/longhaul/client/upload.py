"""Sending a file in parts: several at once, each repeated by itself, and after an interruption only what is missing."""

from __future__ import annotations

import threading
from base64 import b64encode
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, Callable, Dict, List, Optional, Tuple, cast

from .connection import Connection
from .errors import ServiceError, TransferError
from .notes import Notes, file_identity
from .source import Alive, FileSource, Part, Source, sha256_of, sha256_of_slice, unless

Progress = Callable[[int, int], None]
"""Told the bytes sent and the bytes in all. Comes from several threads, one call at a time."""


@dataclass(frozen=True)
class Upload:
    """A file that the service has: give it to `submit` as often as you like."""

    id: str
    name: str
    uri: str
    size: int
    sha256: str
    resumed_bytes: int
    """What the service had of it before this call."""

    def reference(self) -> Dict[str, str]:
        return {"upload_id": self.id, "sha256": self.sha256}


def put(
    connection: Connection,
    source: Source,
    notes: Notes,
    *,
    media_type: Optional[str] = None,
    parallel: int = 3,
    progress: Optional[Progress] = None,
    stop: Optional[threading.Event] = None,
    sha256: Optional[str] = None,
) -> Upload:
    """`sha256` where it is known; else the file is read for it while its parts go out."""
    ended = threading.Event()
    alive = unless(connection.stopping, ended, *([stop] if stop else []))
    lanes = ThreadPoolExecutor(max_workers=parallel + 1, thread_name_prefix="longhaul-put")
    try:
        digest = None if sha256 else lanes.submit(sha256_of, source, alive)
        session = _open_session(connection, source, notes, media_type)
        upload_id = session["upload_id"]
        resumed = session.get("received_bytes", 0)
        # Signed URLs end some time: a long upload asks for new ones and goes on.
        for _ in range(100):
            if _send_parts(connection, source, session, lanes, parallel, progress, alive):
                break
            session = connection.read("GET", f"/uploads/{upload_id}")
        else:
            raise TransferError("local", f"{source.name}: signed URLs expire faster than parts arrive")
        # A store may copy terabytes here: the answer has all the time it needs.
        done = connection.read("POST", f"/uploads/{upload_id}/complete", data={}, timeout=None)
        own = sha256 or cast("Future[str]", digest).result()
    finally:
        ended.set()
        lanes.shutdown(wait=True)
    stored = done.get("sha256")
    if stored is not None and stored != own:
        if isinstance(source, FileSource):
            notes.forget("uploads", connection.url, *file_identity(source.path))
        raise TransferError(
            "checksum", f"{source.name}: the service stored SHA-256 {stored}, the file has {own}; upload it again"
        )
    return Upload(upload_id, source.name, done["uri"], source.size, own, resumed)


def _open_session(connection: Connection, source: Source, notes: Notes, media_type: Optional[str]) -> Dict[str, Any]:
    identity = [connection.url, *file_identity(source.path)] if isinstance(source, FileSource) else None
    known = notes.recall("uploads", *identity) if identity else None
    if known is not None:
        try:
            session = connection.read("GET", f"/uploads/{known}")
            if (session.get("size_bytes"), session.get("filename")) == (source.size, source.name):
                return session
        except ServiceError as error:
            if error.code not in ("upload-not-found", "upload-expired"):
                raise
    request: Dict[str, object] = {"filename": source.name, "size_bytes": source.size}
    if media_type is not None:
        request["content_type"] = media_type
    session = connection.read("POST", "/uploads", data=request)
    if identity is not None:
        notes.remember("uploads", session["upload_id"], *identity)
    return session


def _send_parts(
    connection: Connection,
    source: Source,
    session: Dict[str, Any],
    lanes: ThreadPoolExecutor,
    parallel: int,
    progress: Optional[Progress],
    alive: Alive,
) -> bool:
    """False when a signed URL had expired: the caller gets new ones."""
    waiting = [] if session.get("status") == "completed" else list(session.get("part_urls") or [])
    waiting.reverse()
    lock = threading.Lock()
    sent = int(session.get("received_bytes", 0))
    expired = threading.Event()

    def tell(more: int) -> None:
        nonlocal sent
        with lock:
            sent += more
            if progress is not None:
                progress(sent, source.size)

    def lane() -> None:
        while not expired.is_set():
            with lock:
                if not waiting:
                    return
                part = waiting.pop()
            start, length = _slice_of(part["part_number"], session["part_size_bytes"], source.size)
            body = partial(_open_part, source, start, length, alive)
            try:
                headers = {"content-length": str(length), "accept": "*/*"}
                ours = _is_ours(part["url"])
                if ours:
                    digest = bytes.fromhex(sha256_of_slice(source, start, length, alive))
                    headers["content-digest"] = f"sha-256=:{b64encode(digest).decode()}:"
                connection.send(
                    "PUT", part["url"], body=body, headers=headers, timeout=_PART_SECONDS, has_digest=ours
                )
            except ServiceError as error:
                if error.code != "signature-expired":
                    raise
                expired.set()
                return
            tell(length)

    tell(0)
    if len(waiting) == 1:
        lane()  # most files are small, and a thread for each costs more than it brings
    running: List[Future[None]] = [lanes.submit(lane) for _ in range(min(parallel, len(waiting)))]
    for future in wait(running, return_when=FIRST_EXCEPTION).done:
        future.result()
    return not expired.is_set()


def _is_ours(url: str) -> bool:
    """The local store's own URLs: other stores need not know the header."""
    return "/storage/parts/" in url


def _slice_of(number: int, part_bytes: int, size: int) -> Tuple[int, int]:
    start = (number - 1) * part_bytes
    return start, min(part_bytes, size - start)


def _open_part(source: Source, start: int, length: int, alive: Alive) -> BinaryIO:
    return cast(BinaryIO, Part(source, start, length, alive))


_PART_SECONDS = 120.0
"""Without a byte moving; a store that takes longer over one part is taken for gone."""
