"""What a job made, to be read or saved. Bytes are verified before they have their name here."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import time
from pathlib import Path
from typing import Any, BinaryIO, Iterator, List, Mapping, Sequence, Union, overload

from .connection import Connection
from .errors import TransferError, UnreachableError

Folder = Union[str, "os.PathLike[str]"]
_CHUNK_BYTES = 256 * 1024


class Output:
    """One published file."""

    def __init__(self, connection: Connection, view: Mapping[str, Any], label: str = ""):
        self._connection = connection
        self._url = str(view["url"])
        self._label = label
        self.name: str = view["name"]
        self.field = view.get("field")
        """Field of the processor's output schema it belongs to."""
        self.uri: str = view["uri"]
        self.size: int = view["size_bytes"]
        self.sha256: str = view["sha256"]
        self.content_type: str = view["content_type"]

    def __repr__(self) -> str:
        return f"<Output {self.name} {self.size} bytes>"

    def save(self, folder: Folder) -> Path:
        """Below `folder`, under its own name; in there an item of `map` has a folder, named like its input."""
        return self.save_as(_contained(Path(folder) / self._label, self.name))

    def save_as(self, path: Folder) -> Path:
        """What is there and equal is left alone; what an interrupted download left is continued."""
        target = Path(path)
        if _sha256_of(target, self.size) == self.sha256:
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        # Named by its digest, so that it is only ever continued with the same bytes.
        part = target.with_name(f"{target.name}.{self.sha256[:8]}.part")
        with open(part, "ab") as file:
            _download(self._connection, self, self._url, file)
        os.replace(part, target)
        return target

    def stream(self) -> Iterator[bytes]:
        """The bytes as they come, verified at the end."""
        digest = hashlib.sha256()
        with self._connection.stream(self._url, headers={"accept": "*/*"}) as response:
            for chunk in _chunks(response):
                digest.update(chunk)
                yield chunk
        if digest.hexdigest() != self.sha256:
            raise _mismatch(self, digest.hexdigest())

    def read(self) -> bytes:
        return b"".join(self.stream())

    def text(self) -> str:
        return self.read().decode("utf-8")


class OutputFiles(Sequence[Output]):
    """Files that belong together, in order: one output, or the numbered files of one writer."""

    def __init__(self, files: Sequence[Output]):
        self._files = list(files)

    @overload
    def __getitem__(self, index: int) -> Output: ...

    @overload
    def __getitem__(self, index: slice) -> List[Output]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[Output, List[Output]]:
        return self._files[index]

    def __len__(self) -> int:
        return len(self._files)

    def __repr__(self) -> str:
        return f"<OutputFiles {', '.join(file.name for file in self._files)}>"

    def save(self, folder: Folder) -> List[Path]:
        return [file.save(folder) for file in self._files]

    def read(self) -> bytes:
        return b"".join(file.read() for file in self._files)

    def text(self) -> str:
        return self.read().decode("utf-8")

    def rows(self) -> Iterator[Any]:
        """The records of JSON lines, over all files."""
        for file in self._files:
            if file.name.endswith(".jsonl"):
                rest = b""
                for chunk in file.stream():
                    *lines, rest = (rest + chunk).split(b"\n")
                    yield from (json.loads(line) for line in lines if line)
                if rest:
                    yield json.loads(rest)


class Outputs(Mapping[str, OutputFiles]):
    """By name (`thumb.webp`), by field of the output schema, or by writer: `cells` is all of `cells_00000.jsonl`, …"""

    def __init__(self, connection: Connection, views: Sequence[Mapping[str, Any]], label: str = ""):
        self.files = OutputFiles([Output(connection, view, label) for view in views])

    def __getitem__(self, word: str) -> OutputFiles:
        numbered = re.compile(re.escape(word) + r"(_\d+)?\.[^./]+")
        for belongs in (
            lambda file: file.name == word,
            lambda file: file.field == word,
            lambda file: numbered.fullmatch(file.name) is not None,
        ):
            found = [file for file in self.files if belongs(file)]
            if found:
                return OutputFiles(found)
        raise KeyError(f"{word}; there is {', '.join(file.name for file in self.files) or 'nothing'}")

    def __iter__(self) -> Iterator[str]:
        return iter([file.name for file in self.files])

    def __len__(self) -> int:
        return len(self.files)

    def __repr__(self) -> str:
        return f"<Outputs {', '.join(self)}>"

    def save(self, folder: Folder) -> List[Path]:
        return self.files.save(folder)


def _download(connection: Connection, output: Output, url: str, file: BinaryIO) -> None:
    digest, received = hashlib.sha256(), 0
    with open(file.name, "rb") as kept:
        for chunk in iter(lambda: kept.read(_CHUNK_BYTES), b""):
            digest.update(chunk)
            received += len(chunk)
    resumed = received > 0
    broken = 0
    while received < output.size:
        before = received
        headers = {"accept": "*/*", **({"range": f"bytes={received}-"} if received else {})}
        with connection.stream(url, headers=headers) as response:
            if received and response.status != 206:
                file.truncate(0)
                digest, received, resumed = hashlib.sha256(), 0, False
            try:
                for chunk in _chunks(response):
                    _write(file, chunk)
                    digest.update(chunk)
                    received += len(chunk)
            except (OSError, http.client.HTTPException) as error:
                broken = 1 if received > before else broken + 1
                if broken > 5:
                    raise UnreachableError(connection.url, broken, error) from error
        if received == before:
            time.sleep(0.2 * 2**broken)
    if received == output.size and digest.hexdigest() == output.sha256:
        file.flush()
        os.fsync(file.fileno())
        return
    file.truncate(0)
    # What was kept may be of another file; only a mismatch of fresh bytes is the service's or the line's.
    if resumed:
        return _download(connection, output, url, file)
    raise _mismatch(output, digest.hexdigest())


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    return iter(lambda: response.read(_CHUNK_BYTES), b"")


def _write(file: BinaryIO, chunk: bytes) -> None:
    try:
        file.write(chunk)
        file.flush()
    except OSError as error:
        raise TransferError("local", f"Cannot write {file.name}: {error.strerror}") from error


def _mismatch(output: Output, digest: str) -> TransferError:
    return TransferError(
        "checksum",
        f"{output.name}: SHA-256 is {digest}, the service says {output.sha256}; nothing was kept, download it again",
    )


def _contained(folder: Path, name: str) -> Path:
    """A name that came over the wire stays below the folder, whatever it says."""
    parts = re.split(r"[/\\]", name) if os.name == "nt" else name.split("/")
    if any(part in ("", ".", "..") or "\0" in part or (os.name == "nt" and ":" in part) for part in parts):
        raise TransferError("local", f"The output {name!r} would leave {folder}; it was not fetched")
    return folder.joinpath(*parts)


def _sha256_of(file: Path, size: int) -> str:
    """Of a file that may be the one, else ''."""
    try:
        if file.stat().st_size != size:
            return ""
        digest = hashlib.sha256()
        with open(file, "rb") as opened:
            for chunk in iter(lambda: opened.read(_CHUNK_BYTES), b""):
                digest.update(chunk)
        return digest.hexdigest()
    except OSError:
        return ""
