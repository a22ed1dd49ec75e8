"""Many small files in uncompressed tar files, as WebDataset reads them; beside each its index."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Callable, Dict, List, Optional, Type, Union

from .errors import PermanentError
from .kept import KeptFile, State
from .records import Give, NewFile
from .shard_layouts import LAYOUTS
from .tar_header import BLOCK_BYTES, RECORD_BYTES, padding, parse_header, tar_header

MEDIA_TYPE = "application/x-tar"


class ShardWriter:
    """Made by `job.outputs.shards`. `count` is how many members were written. The same members make the same bytes."""

    def __init__(self, name: str, new_file: NewFile, give: Give, check: Callable[[], None], shard_bytes: int, layout: str):
        self.name = name
        self.layout = layout
        self.count = 0
        self.files: List[str] = []
        self._new_file = new_file
        self._give = give
        self._check = check
        self._shard_bytes = shard_bytes
        self._layout = LAYOUTS[layout]
        self._tar: Optional[IO[bytes]] = None
        self._path: Optional[Path] = None
        self._sizes: Dict[str, int] = {}
        self._bytes = 0

    def flush(self) -> State:
        """For a checkpoint: all members are in their file. How to go on from here."""
        if self._tar is not None:
            self._tar.flush()
        unfinished = None if self._path is None or self._tar is None else KeptFile(self._path, self._tar.tell())
        return State("shards", self.name, self.count, list(self.files), unfinished, layout=self.layout)

    def resume(self, state: State) -> None:
        """Goes on where that state was; what the unfinished shard holds beyond is cut off."""
        self.count, self.files = state.count, list(state.files)
        if state.unfinished is None:
            return
        self._path, size = state.unfinished
        os.truncate(self._path, size)
        self._tar = open(self._path, "r+b")
        while self._tar.tell() < size:
            name, member_size = parse_header(self._tar.read(BLOCK_BYTES))
            self._sizes[name] = member_size
            self._bytes += member_size
            self._tar.seek(member_size + padding(member_size), os.SEEK_CUR)

    def add(self, name: str, data: Union[bytes, str, "os.PathLike[str]"]) -> None:
        """One member: bytes, text, or the Path of a file. The next shard begins when this one would grow too large."""
        self._check()
        _check_member(name)
        refusal = self._layout.refusal(name)
        if refusal is not None:
            raise PermanentError(f"{name} {refusal}")
        if name in self._sizes:
            raise PermanentError(f"{self._shard_name('.tar')} has a member {name} already.")
        if isinstance(data, str):
            data = data.encode("utf-8")
        size = os.stat(data).st_size if isinstance(data, os.PathLike) else len(data)
        header = tar_header(name, size)
        if self._tar is not None and self._layout.is_full(self._bytes, size, self._shard_bytes):
            self._end_shard()
        if self._tar is None:
            self._path = self._new_file(self._shard_name(".tar"))
            self._tar = open(self._path, "wb")
        self._tar.write(header)
        if isinstance(data, os.PathLike):
            with open(data, "rb") as source:
                shutil.copyfileobj(source, self._tar, 2**20)
        else:
            self._tar.write(data)
        self._tar.write(bytes(padding(size)))
        self._sizes[name] = size
        self._bytes += size
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

    def _end_shard(self) -> None:
        assert self._tar is not None and self._path is not None
        self._tar.write(bytes(2 * BLOCK_BYTES))
        self._tar.write(bytes(padding(self._tar.tell(), RECORD_BYTES)))
        self._tar.close()
        self._give(self._path, self._shard_name(".tar"), MEDIA_TYPE)
        index = self._new_file(self._shard_name(".json"))
        index.write_text(json.dumps(self._layout.index_of(self._sizes), indent=2), "ascii")
        self._give(index, self._shard_name(".json"), "application/json")
        self.files.append(self._shard_name(".tar"))
        self._tar, self._path, self._sizes, self._bytes = None, None, {}, 0

    def _shard_name(self, extension: str) -> str:
        return self._layout.file_name(self.name, len(self.files)) + extension


def _check_member(name: Any) -> None:
    """A name that `tar -x` would put outside the folder it is called in is refused when the archive is made."""
    parts = name.split("/") if isinstance(name, str) else [""]
    if any(part in ("", ".", "..") for part in parts) or "\0" in name:
        raise PermanentError(f"{name!r} cannot be the name of a member of a shard.")
