"""Python values → JSON values, exactly or not at all; every complaint names the place, like `result.cells[3].area`."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, Callable, FrozenSet, Iterable, List, Optional
from uuid import UUID

from .errors import PermanentError

# Readers in JavaScript hold numbers as doubles: a larger integer would arrive as another number.
_EXACT = 2**53 - 1

FileToJson = Callable[[Any, str], Any]
Note = Callable[[str], None]


class CannotBeJson(PermanentError):
    """The value itself is of a kind that JSON has no word for."""


class JsonEncoder:
    """Walks one value. `file_to_json` is asked about paths, which else become text; `note` hears what had to change."""

    def __init__(
        self,
        *,
        note: Note,
        file_to_json: Optional[FileToJson] = None,
        exact_integers: bool = False,
        keeps_nan: bool = False,
    ):
        self._note = note
        self._file_to_json = file_to_json
        self._exact_integers = exact_integers
        self._keeps_nan = keeps_nan

    def encode(self, value: Any, at: str, inside: FrozenSet[int] = frozenset()) -> Any:
        if value is None or (isinstance(value, (bool, str)) and not isinstance(value, Enum)):
            return value
        if isinstance(value, Enum):
            return self.encode(value.value, at, inside)
        if isinstance(value, int):
            return self._integer(int(value), at)
        if isinstance(value, float):
            return self._float(float(value), at)
        if self._file_to_json is not None:
            handled = self._file_to_json(value, at)
            if handled is not NotImplemented:
                return handled
        if id(value) in inside:
            raise PermanentError(f"{at} contains itself, which JSON cannot say.")
        return self._compound(value, at, inside | {id(value)})

    def _compound(self, value: Any, at: str, inside: FrozenSet[int]) -> Any:
        if isinstance(value, dict):
            return {self._key(key, at): self.encode(item, f"{at}.{key}", inside) for key, item in value.items()}
        if isinstance(value, tuple) and hasattr(value, "_asdict"):
            return self._compound(value._asdict(), at, inside)
        if isinstance(value, (list, tuple)):
            return self._items(value, at, inside)
        if isinstance(value, (set, frozenset)):
            return self._items(sorted(value, key=lambda item: (type(item).__name__, item)), at, inside)
        if is_dataclass(value) and not isinstance(value, type):
            return {f.name: self.encode(getattr(value, f.name), f"{at}.{f.name}", inside) for f in fields(value)}
        if isinstance(value, PurePath):
            return value.as_posix()
        if isinstance(value, (datetime, date, time)):
            return value.isoformat()
        if isinstance(value, timedelta):
            return value.total_seconds()
        if isinstance(value, (UUID, Decimal)):
            return str(value)
        if hasattr(value, "dtype") and hasattr(value, "tolist"):  # NumPy's arrays and scalars, and who imitates them
            return self.encode(value.tolist(), at, inside)
        raise CannotBeJson(_cannot(value, at))

    def _items(self, items: Iterable[Any], at: str, inside: FrozenSet[int]) -> List[Any]:
        return [self.encode(item, f"{at}[{index}]", inside) for index, item in enumerate(items)]

    def _key(self, key: Any, at: str) -> str:
        if isinstance(key, Enum):
            key = key.value
        if isinstance(key, str):
            return key
        if isinstance(key, (int, float, PurePath)) and not isinstance(key, bool):
            return str(key)
        raise PermanentError(f"{at} has the key {key!r}; keys must be text.")

    def _integer(self, value: int, at: str) -> Any:
        if self._exact_integers or -_EXACT <= value <= _EXACT:
            return value
        self._note(f"{at} is {value}, too large for an exact JSON number: it was written as text")
        return str(value)

    def _float(self, value: float, at: str) -> Optional[float]:
        if self._keeps_nan or math.isfinite(value):
            return value
        self._note(f"{at} is {value}, which JSON cannot say: it was written as null")
        return None


def _cannot(value: Any, at: str) -> str:
    kind = f"{type(value).__module__}.{type(value).__qualname__}".replace("builtins.", "")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{at} is {kind}: write the bytes to a file and return its Path."
    return (
        f"{at} is a {kind}, which cannot be written as JSON: return numbers, text, lists, dicts, dataclasses or Paths."
    )
