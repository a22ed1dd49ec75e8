"""Numbers, text, times, files."""

from __future__ import annotations

import os
import pathlib
from datetime import date, datetime
from typing import Any, Callable, Dict, Optional
from uuid import UUID

from .codec import Codec, refuse

anything = Codec({}, lambda value, _: value)


def _bool(value: Any, at: str) -> bool:
    return value if isinstance(value, bool) else refuse(at, "must be true or false", value)


def _int(value: Any, at: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    refuse(at, "must be a whole number", value)


def _float(value: Any, at: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    refuse(at, "must be a number", value)


def number(value: Any, at: str) -> Any:
    """Any number, as it came: for a parameter that has no hint and a number as default."""
    return value if isinstance(value, int) and not isinstance(value, bool) else _float(value, at)


def _str(value: Any, at: str) -> str:
    return value if isinstance(value, str) else refuse(at, "must be text", value)


def _none(value: Any, at: str) -> None:
    return None if value is None else refuse(at, "must be null", value)


def _file(value: Any, at: str) -> pathlib.Path:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict) and isinstance(value.get("path"), str):
        return pathlib.Path(value["path"])
    refuse(at, "must be one file", value)


def _from_text(parse: Callable[[str], Any], what: str) -> Callable[[Any, str], Any]:
    def load(value: Any, at: str) -> Any:
        try:
            return parse(_str(value, at))
        except ValueError:
            refuse(at, f"must be {what}", value)

    return load


def _datetime(text: str) -> datetime:
    return datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)


def file_schema(media_type: str = "*/*") -> Dict[str, Any]:
    return {"type": "string", "format": "binary", "x-longhaul-file": {"media_type": media_type}}


_file_codec = Codec(file_schema(), _file, files="one")

_SCALARS: Dict[Any, Codec] = {
    bool: Codec({"type": "boolean"}, _bool),
    int: Codec({"type": "integer"}, _int),
    float: Codec({"type": "number"}, _float),
    str: Codec({"type": "string"}, _str),
    None: Codec({"type": "null"}, _none),
    type(None): Codec({"type": "null"}, _none),
    pathlib.Path: _file_codec,
    pathlib.PurePath: _file_codec,
    pathlib.PosixPath: _file_codec,
    os.PathLike: _file_codec,
    date: Codec(
        {"type": "string", "format": "date"},
        _from_text(date.fromisoformat, "a date like 2026-11-23"),
    ),
    datetime: Codec(
        {"type": "string", "format": "date-time"},
        _from_text(_datetime, "a time like 2026-11-23T05:00:00Z"),
    ),
    UUID: Codec({"type": "string", "format": "uuid"}, _from_text(UUID, "a UUID")),
}


def scalar_codec(hint: Any) -> Optional[Codec]:
    if getattr(hint, "__origin__", None) is os.PathLike:
        return _file_codec
    try:
        return _SCALARS.get(hint)
    except TypeError:  # a hint that cannot be hashed
        return None


def codec_of_default(default: Any) -> Codec:
    """A parameter without a hint takes what its default is made of."""
    if isinstance(default, bool):
        return _SCALARS[bool]
    if isinstance(default, (int, float)):
        return Codec({"type": "number"}, number)
    if isinstance(default, str):
        return _SCALARS[str]
    if isinstance(default, pathlib.PurePath):
        return _file_codec
    return anything
