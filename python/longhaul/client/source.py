"""Bytes to upload: a file of this computer, or bytes in memory."""

from __future__ import annotations

import hashlib
import io
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO, Callable, Optional, Tuple, Union

from .errors import Stopped, TransferError

_CHUNK_BYTES = 1024 * 1024


class FileSource:
    """Read in slices as parts go out. A file that changes meanwhile fails the upload instead of arriving mixed."""

    def __init__(self, path: Path, name: Optional[str] = None):
        self.path = path
        self.name = name or path.name
        try:
            found = path.stat()
        except OSError as error:
            reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
            raise TransferError("local", f"Cannot read {path}: {reason}; nothing was sent") from error
        if not path.is_file():
            raise TransferError("local", f"{path} is not a file; nothing was sent")
        self.size = found.st_size
        self._version = (found.st_size, found.st_mtime_ns)

    def open(self) -> BinaryIO:
        self.check()
        return open(self.path, "rb")

    def check(self) -> None:
        found = self.path.stat()
        now = (found.st_size, found.st_mtime_ns)
        if now != self._version:
            raise TransferError(
                "source-changed",
                f"{self.path} changed while uploading ({_shown(self._version)} → {_shown(now)}); "
                "run the same again to send the new file",
            )


class BytesSource:
    def __init__(self, data: bytes, name: str):
        self.name = name
        self.size = len(data)
        self._data = data

    def open(self) -> BinaryIO:
        return io.BytesIO(self._data)

    def check(self) -> None:
        pass


Source = Union[FileSource, BytesSource]
Alive = Callable[[], None]


class Part(io.RawIOBase):
    """One slice of a source as a request's body, of exactly the length that was announced."""

    def __init__(self, source: Source, start: int, length: int, alive: Alive):
        self._source = source
        self._alive = alive
        self._left = length
        self._file = source.open()
        self._file.seek(start)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self._alive()
        try:
            data = self._file.read(self._left if size < 0 else min(size, self._left))
        except OSError as error:
            raise TransferError("local", f"Cannot read {self._source.name}: {error.strerror}") from error
        self._left -= len(data)
        if not data and self._left > 0:
            self._source.check()
            raise TransferError("source-changed", f"{self._source.name} became shorter while uploading")
        if self._left == 0:
            self._source.check()
        return data

    def close(self) -> None:
        self._file.close()
        super().close()


def sha256_of(source: Source, alive: Alive) -> str:
    digest = hashlib.sha256()
    with source.open() as file:
        while True:
            alive()
            chunk = file.read(_CHUNK_BYTES)
            if not chunk:
                break
            digest.update(chunk)
    source.check()
    return digest.hexdigest()


def sha256_of_slice(source: Source, start: int, length: int, alive: Alive) -> str:
    digest = hashlib.sha256()
    part = Part(source, start, length, alive)
    try:
        for chunk in iter(lambda: part.read(_CHUNK_BYTES), b""):
            digest.update(chunk)
    finally:
        part.close()
    return digest.hexdigest()


def unless(*stops: threading.Event) -> Alive:
    """Raises `Stopped` once any of these is set: long work asks now and then."""

    def alive() -> None:
        if any(stop.is_set() for stop in stops):
            raise Stopped("Nobody waits for this any more")

    return alive


def _shown(version: Tuple[int, int]) -> str:
    size, changed_ns = version
    return f"{size} bytes, {datetime.fromtimestamp(changed_ns / 1e9, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
