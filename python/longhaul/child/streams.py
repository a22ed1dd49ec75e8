"""stdout and stderr, as a supervisor wants them: live, never failing, and flushed at the end of each attempt."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any


def prepare_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)


def flush_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # the author may have closed or replaced it
            stream.flush()
    libc = _libc()
    if libc is not None:
        libc.fflush(None)  # what C code printed belongs to this attempt's log


_loaded: Any = False


def _libc() -> Any:
    """Only where something has loaded ctypes already: then native code may have printed."""
    global _loaded
    if _loaded is False and "ctypes" in sys.modules:
        try:
            _loaded = sys.modules["ctypes"].CDLL(None)
        except OSError:
            _loaded = None
    return _loaded or None
