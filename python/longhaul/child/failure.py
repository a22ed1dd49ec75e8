"""An exception → the protocol's `error`."""

from __future__ import annotations

import os
import traceback
from typing import Any, Dict, Optional

from ..errors import Cancelled, InvalidInputError, PermanentError, RetryableError

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_MAX_MESSAGE = 4000
_MAX_TRACE = 100_000


def failure_of(error: BaseException, *, cancelled: bool) -> Dict[str, Any]:
    message = {
        "type": "error",
        **({"code": "cancelled", "message": "The attempt was asked to stop."} if cancelled else _classify(error)),
        "kind": type(error).__name__,
    }
    message["message"] = message["message"][:_MAX_MESSAGE]
    if not isinstance(error, (InvalidInputError, PermanentError)) or _touches_author(error):
        message["trace"] = trace_of(error)
    return message


def _classify(error: BaseException) -> Dict[str, Any]:
    if isinstance(error, InvalidInputError):
        complaints = [{"pointer": one.pointer, "detail": one.message} for one in (error, *error.others)]
        field = error.pointer.lstrip("/").split("/")[0]
        return {
            "code": "invalid-input",
            "message": _joined(error),
            "field": field,
            "errors": complaints,
        }
    if isinstance(error, Cancelled):
        return {"code": "cancelled", "message": "The attempt ended itself as cancelled."}
    if isinstance(error, PermanentError):
        return {"code": "permanent", "message": _text(error) or "The code raised PermanentError."}
    if isinstance(error, RetryableError):
        wait = {} if error.retry_after_ms is None else {"retry_after_ms": error.retry_after_ms}
        return {"code": "transient", "message": _text(error) or "Trying again may help.", **wait}
    if isinstance(error, MemoryError):
        said = _text(error)
        return {
            "code": "out-of-memory",
            "message": "Python ran out of memory" + (f": {said}" if said else "."),
        }
    if isinstance(error, SystemExit):
        return {"code": "transient", "message": f"The code ended itself: {exit_text(error)}."}
    return {"code": "transient", "message": one_line(error)}


def _joined(error: InvalidInputError) -> str:
    return "; ".join(
        f"{one.pointer.lstrip('/').replace('/', '.') or 'input'}: {one.message}" for one in (error, *error.others)
    )


def exit_text(error: SystemExit) -> str:
    code: Optional[object] = error.code
    return f"sys.exit({'' if code is None else repr(code)})"


def one_line(error: BaseException) -> str:
    """`ValueError: …`, as Python ends a traceback."""
    try:
        return "".join(traceback.format_exception_only(type(error), error)).strip()
    except Exception:  # the author's own __str__ may fail
        return type(error).__name__


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""


def trace_of(error: BaseException) -> str:
    """The traceback without longhaul's own frames."""
    try:
        summary = traceback.TracebackException.from_exception(error)
        _trim(summary)
        text = "".join(summary.format())
    except Exception:
        text = one_line(error)
    return text if len(text) <= _MAX_TRACE else text[: _MAX_TRACE // 2] + "\n…\n" + text[-_MAX_TRACE // 2 :]


def _touches_author(error: BaseException) -> bool:
    return any(not _is_ours(frame.filename) for frame in traceback.extract_tb(error.__traceback__))


def _trim(summary: traceback.TracebackException) -> None:
    authors = [frame for frame in summary.stack if not _is_ours(frame.filename)]
    if authors:  # else the fault is ours, and its frames are all there is
        summary.stack[:] = authors
    for inner in (
        summary.__cause__,
        summary.__context__,
        *(getattr(summary, "exceptions", None) or ()),
    ):
        if inner is not None:
            _trim(inner)


def _is_ours(filename: str) -> bool:
    return filename.startswith((_PACKAGE + os.sep, "<frozen "))
