"""Samples of several small files each, in tar files as WebDataset reads them: `<key>.<extension>`."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, List, Mapping, Optional, Tuple, Type, Union

from .errors import PermanentError
from .records import Give, NewFile

MEDIA_TYPE = "application/x-tar"
_BLOCK = 512


class ShardWriter:
    """Made by `job.outputs.shards`. `count` is how many samples were written. The same samples make the same bytes."""

    def __init__(self, name: str, new_file: NewFile, give: Give, check: Callable[[], None], shard_bytes: int):
        self.name = name
        self.count = 0
        self.files: List[str] = []
        self._new_file = new_file
        self._give = give
        self._check = check
        self._shard_bytes = shard_bytes
        self._tar: Optional[tarfile.TarFile] = None
        self._path: Optional[Path] = None
        self._size = 0

    def write(self, key: str, parts: Optional[Mapping[str, Any]] = None, /, **more: Any) -> None:
        """One sample: its key without a dot in the last segment, and its parts by extension: `write("a/1", png=data)`.

        A part is bytes, text, or anything JSON can say. A sample is never split over two tar files.
        """
        self._check()
        if not key or key.startswith("/") or ".." in key.split("/") or "." in key.rsplit("/", 1)[-1]:
            raise PermanentError(f"{self.name}: the key {key!r} must be relative and its last segment without a dot.")
        files = [(f"{key}.{extension}", _bytes_of(part)) for extension, part in {**(parts or {}), **more}.items()]
        size = sum(_BLOCK + -(-len(data) // _BLOCK) * _BLOCK for _, data in files)
        if self._tar is not None and self._size + size > self._shard_bytes:
            self._end_shard()
        if self._tar is None:
            self._path = self._new_file(self._next_name())
            self._tar = tarfile.open(self._path, "w", format=tarfile.PAX_FORMAT)
        self._add(files)
        self._size += size
        self.count += 1

    def close(self) -> None:
        """Gives the last shard away; longhaul does it at the end of the attempt where the author does not."""
        if self._tar is not None:
            self._end_shard()

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if kind is None:
            self.close()

    def _add(self, files: List[Tuple[str, bytes]]) -> None:
        assert self._tar is not None
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(data), 0o644, 0
            self._tar.addfile(entry, io.BytesIO(data))

    def _next_name(self) -> str:
        return f"{self.name}_{len(self.files):05d}.tar"

    def _end_shard(self) -> None:
        assert self._tar is not None and self._path is not None
        self._tar.close()
        self._tar, self._size = None, 0
        name = self._next_name()
        self.files.append(name)
        self._give(self._path, name, MEDIA_TYPE)


def _bytes_of(part: Any) -> bytes:
    if isinstance(part, (bytes, bytearray, memoryview)):
        return bytes(part)
    if isinstance(part, str):
        return part.encode("utf-8")
    return json.dumps(part, ensure_ascii=False, sort_keys=True).encode("utf-8")


