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
    if isinstance(error, NotServable):
        return str(error)
    if isinstance(error, SystemExit):
        advice = " Put what only the script does below `if __name__ == '__main__':`." if stage == "import" else ""
        return f"{file.name} ended itself during {stage} with {exit_text(error)}.{advice}"
    if isinstance(error, SyntaxError) and error.filename and os.path.basename(error.filename) == file.name:
        return f"{file.name}, line {error.lineno}: {error.msg}"
    if isinstance(error, ModuleNotFoundError):
        return (
            f"{file.name} imports {error.name}, which {sys.executable} does not have. Install it there "
            f"(`{sys.executable} -m pip install …`), or make a virtual environment .venv beside {file.name}."
        )
    doing = "while it was imported" if stage == "import" else "in setup()"
    return f"{file.name} failed {doing}: {one_line(error)}"
