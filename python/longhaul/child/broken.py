"""Why a file cannot be served, said so that its author knows what to do."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Dict

from .failure import exit_text, one_line, trace_of
from .find_processors import NotServable


def broken(stage: str, file: Path, error: BaseException) -> Dict[str, Any]:
    message = {"type": "broken", "stage": stage, "message": _explain(stage, file, error)}
    return message if isinstance(error, NotServable) else {**message, "detail": trace_of(error)}


def _explain(stage: str, file: Path, error: BaseException) -> str:
    """What the supervisor says after "algo.py could not be loaded:" or "algo.py failed in setup():"."""
    if isinstance(error, NotServable):
        return str(error)
    if isinstance(error, SystemExit):
        advice = " Put what only the script does below `if __name__ == '__main__':`." if stage == "import" else ""
        return f"it ended itself with {exit_text(error)}.{advice}"
    if isinstance(error, SyntaxError) and error.filename and os.path.basename(error.filename) == file.name:
        return f"line {error.lineno}: {error.msg}"
    if isinstance(error, ModuleNotFoundError):
        return (
            f"it imports {error.name}, which {sys.executable} does not have. Install it there "
            f"(`{sys.executable} -m pip install …`), or make a virtual environment .venv beside {file.name}."
        )
    return one_line(error)
