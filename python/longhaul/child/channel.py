"""Descriptors 3 and 4: JSON lines from and to the supervisor."""

from __future__ import annotations

import json
import os
import threading
from typing import Any, Dict, Iterator, Optional

_CHUNK = 65536


class Channel:
    """Writing is safe from any thread, and does nothing in a process that was forked from this one."""

    def __init__(self, read_fd: int = 3, write_fd: int = 4):
        for fd in (read_fd, write_fd):
            os.set_inheritable(fd, False)
            os.set_blocking(fd, True)
        self._read_fd: Optional[int] = read_fd
        self._write_fd: Optional[int] = write_fd
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._forget)

    def send(self, message: Dict[str, Any]) -> None:
        if self._write_fd is None:
            return
        line = json.dumps(message, allow_nan=False).encode("ascii") + b"\n"
        with self._lock:
            rest = memoryview(line)
            while rest and self._write_fd is not None:
                try:
                    rest = rest[os.write(self._write_fd, rest) :]
                except BrokenPipeError:
                    os._exit(1)  # the supervisor is gone, and nobody waits for this work

    def messages(self) -> Iterator[Dict[str, Any]]:
        """Blocks for each; ends when the supervisor closes its side."""
        pending = bytearray()
        while self._read_fd is not None:
            try:
                chunk = os.read(self._read_fd, _CHUNK)
            except ConnectionResetError:
                return
            if not chunk:
                return
            pending += chunk
            if b"\n" not in chunk:
                continue
            *lines, pending = pending.split(b"\n")
            for line in lines:
                if line.strip():
                    yield json.loads(line)

    def _forget(self) -> None:
        """A forked child shares the descriptors, not the conversation."""
        fds = (self._read_fd, self._write_fd)
        self._read_fd = self._write_fd = None
        self._lock = threading.Lock()
        for fd in fds:
            if fd is not None:
                os.close(fd)
