"""The end of the process. A thread that the author's code left behind must not keep it."""

from __future__ import annotations

import atexit
import os
import threading
from typing import NoReturn

from .streams import flush_streams

_PATIENCE_SECONDS = 2.0


def leave(code: int) -> NoReturn:
    """Runs what was registered with atexit, for a moment at most, and ends without waiting for threads."""
    limit = threading.Timer(_PATIENCE_SECONDS, os._exit, (code,))
    limit.daemon = True
    limit.start()
    atexit._run_exitfuncs()
    flush_streams()
    os._exit(code)
