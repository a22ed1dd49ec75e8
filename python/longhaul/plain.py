"""Whatever a callable returned → JSON values: what JSON cannot say becomes text."""

from __future__ import annotations

from typing import Any, FrozenSet, Iterable, List

from .errors import PermanentError
from .to_json import CannotBeJson, JsonEncoder


def to_plain(value: Any, at: str) -> Any:
    """Raises PermanentError for what contains itself."""
    return _Lenient(note=lambda _: None).encode(value, at)


class _Lenient(JsonEncoder):
    def _compound(self, value: Any, at: str, inside: FrozenSet[int]) -> Any:
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value).decode("utf-8", "replace")
        if isinstance(value, (set, frozenset)):
            return self._items(_sorted(value), at, inside)
        try:
            return super()._compound(value, at, inside)
        except CannotBeJson:
            return str(value)

    def _key(self, key: Any, at: str) -> str:
        try:
            return super()._key(key, at)
        except PermanentError:
            return str(key)


def _sorted(items: Iterable[Any]) -> List[Any]:
    """The same set is the same list, as far as its items have an order."""
    listed = list(items)
    try:
        return sorted(listed, key=lambda item: (type(item).__name__, item))
    except TypeError:
        return listed
