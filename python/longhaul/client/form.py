"""A form with files, read as it is sent: what waits in memory is one chunk."""

from __future__ import annotations

import io
import uuid
from typing import BinaryIO, Callable, Iterable, List, NamedTuple, Tuple, cast


class FormFile(NamedTuple):
    field: str
    filename: str
    size: int
    open: Callable[[], BinaryIO]


class Form:
    def __init__(self, fields: Iterable[Tuple[str, str]], files: Iterable[FormFile]):
        self._boundary = f"longhaul-{uuid.uuid4().hex}"
        self._fields = list(fields)
        self._files = list(files)

    def headers(self) -> dict[str, str]:
        heads = [self._head_of(file) for file in self._files]
        length = sum(len(head) for head in [*heads, self._texts(), self._tail()])
        length += sum(file.size + 2 for file in self._files)
        kind = f"multipart/form-data; boundary={self._boundary}"
        return {"content-type": kind, "content-length": str(length)}

    def open(self) -> BinaryIO:
        pieces: List[Callable[[], BinaryIO]] = [lambda: io.BytesIO(self._texts())]
        for file in self._files:
            head = self._head_of(file)
            pieces += [lambda head=head: io.BytesIO(head), file.open, lambda: io.BytesIO(b"\r\n")]
        pieces.append(lambda: io.BytesIO(self._tail()))
        return cast(BinaryIO, _Chained(pieces))

    def _texts(self) -> bytes:
        return b"".join(
            f'--{self._boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in self._fields
        )

    def _head_of(self, file: FormFile) -> bytes:
        # As browsers escape them (HTML, multipart/form-data encoding).
        name = file.filename.replace("\n", "%0A").replace("\r", "%0D").replace('"', "%22")
        return (
            f'--{self._boundary}\r\ncontent-disposition: form-data; name="{file.field}"; filename="{name}"\r\n'
            "content-type: application/octet-stream\r\n\r\n"
        ).encode()

    def _tail(self) -> bytes:
        return f"--{self._boundary}--\r\n".encode()


class _Chained(io.RawIOBase):
    """One after another, each opened when its turn comes."""

    def __init__(self, pieces: List[Callable[[], BinaryIO]]):
        self._waiting = pieces[::-1]
        self._now: BinaryIO = io.BytesIO()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while True:
            data = self._now.read(size)
            if data or not self._waiting:
                return data
            self._now.close()
            self._now = self._waiting.pop()()

    def close(self) -> None:
        self._now.close()
        super().close()
