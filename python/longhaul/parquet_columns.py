"""The columns of a table: what they are called, what they hold, and what may not go in."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Optional, Set, Union

from .errors import PermanentError

Kinds = Dict[str, str]
Schema = Mapping[str, Union[type, str]]

_KIND_OF_WORD = {
    "bool": "boolean",
    "boolean": "boolean",
    "int": "int64",
    "int64": "int64",
    "float": "double",
    "float64": "double",
    "double": "double",
    "str": "string",
    "string": "string",
    "dict": "json",
    "list": "json",
    "json": "json",
}
_EXACT_DOUBLE = 2**53


def kinds_of_schema(schema: Schema, table: str) -> Kinds:
    """`{"label": int, "area": float, "name": str}`; the words `int64`, `float64` and `string` mean the same."""
    kinds = {}
    for name, given in schema.items():
        word = given if isinstance(given, str) else getattr(given, "__name__", str(given))
        if word not in _KIND_OF_WORD:
            raise PermanentError(
                f"records({table!r}): the column {name} cannot be {given!r}; use int, float, str, bool, dict or list."
            )
        kinds[name] = _KIND_OF_WORD[word]
    if not kinds:
        raise PermanentError(f"records({table!r}): a table needs at least one column.")
    return kinds


def checked(value: Any, kind: Optional[str], at: str) -> Any:
    """The value as a column of that kind holds it; of no kind yet, as it is."""
    found = _kind_of(value, at)
    if found is None or kind is None or found == kind or kind == "json":
        return value
    if found == "int64" and kind == "double" and abs(value) <= _EXACT_DOUBLE:
        return float(value)
    raise PermanentError(
        f"{at} is {found}, but its column is {kind}. Without a schema the first rows decide: records(…, schema={{…}})."
    )


def common_kind(values: List[Any], at: str) -> str:
    """What all the values are; numbers together are doubles, and so is a column of nothing."""
    found: Set[str] = {kind for kind in (_kind_of(value, at) for value in values) if kind is not None}
    if len(found) == 1:
        return found.pop()
    inexact = any(isinstance(value, int) and abs(value) > _EXACT_DOUBLE for value in values)
    if found <= {"int64", "double"} and not inexact:
        return "double"
    raise PermanentError(f"{at} has {' and '.join(sorted(found))} in one column: make them alike, or give a schema.")


def size_of(value: Any) -> int:
    if isinstance(value, str):
        return 4 + len(value)
    if isinstance(value, (dict, list)):
        return len(json.dumps(value))
    return 0 if value is None else 8


def _kind_of(value: Any, at: str) -> Optional[str]:
    if value is None:
        return None
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise PermanentError(f"{at} is {value}, which 64 bits cannot hold.")
        return "int64"
    if isinstance(value, float):
        return "double"
    return "string" if isinstance(value, str) else "json"
