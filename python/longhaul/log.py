"""`job.log`: lines of the attempt's log that carry a level and fields. `print` and `logging` are captured as well."""

from __future__ import annotations

from typing import Any, Callable, Dict

from .errors import PermanentError
from .to_json import JsonEncoder

_MAX_TEXT = 65536

Send = Callable[[Dict[str, Any]], None]


class Log:
    def __init__(self, send: Send, check: Callable[[], None]):
        self._send = send
        self._check = check
        self._encoder = JsonEncoder(note=lambda _: None)

    def debug(self, text: object, **fields: Any) -> None:
        self._write("debug", text, fields)

    def info(self, text: object, **fields: Any) -> None:
        self._write("info", text, fields)

    def warn(self, text: object, **fields: Any) -> None:
        self._write("warn", text, fields)

    def error(self, text: object, **fields: Any) -> None:
        self._write("error", text, fields)

    warning = warn

    def _write(self, level: str, text: object, fields: Dict[str, Any]) -> None:
        self._check()
        message: Dict[str, Any] = {"type": "log", "level": level, "text": str(text)[:_MAX_TEXT]}
        if fields:
            message["fields"] = {name: self._field(value) for name, value in fields.items()}
        self._send(message)

    def _field(self, value: Any) -> Any:
        # A log line must never be what fails an attempt.
        try:
            return self._encoder.encode(value, "field")
        except (PermanentError, TypeError):
            return repr(value)
