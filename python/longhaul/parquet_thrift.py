"""Thrift's compact protocol, as far as the metadata of Parquet needs it."""

from __future__ import annotations

from typing import List, Sequence, Union

_TRUE, _FALSE, _I32, _I64, _BINARY, _LIST, _STRUCT = 1, 2, 5, 6, 8, 9, 12


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _zigzag(value: int) -> bytes:
    return varint(-2 * value - 1 if value < 0 else 2 * value)


def _with_length(value: Union[str, bytes]) -> bytes:
    data = value.encode("utf-8") if isinstance(value, str) else value
    return varint(len(data)) + data


class Struct:
    """Give the fields in the order of their ids."""

    def __init__(self) -> None:
        self._parts: List[bytes] = []
        self._last_id = 0

    def i32(self, id: int, value: int) -> "Struct":
        return self._field(id, _I32, _zigzag(value))

    def i64(self, id: int, value: int) -> "Struct":
        return self._field(id, _I64, _zigzag(value))

    def binary(self, id: int, value: Union[str, bytes]) -> "Struct":
        return self._field(id, _BINARY, _with_length(value))

    def struct(self, id: int, value: "Struct") -> "Struct":
        return self._field(id, _STRUCT, value.to_bytes())

    def i32_list(self, id: int, values: Sequence[int]) -> "Struct":
        return self._list(id, _I32, [_zigzag(value) for value in values])

    def binary_list(self, id: int, values: Sequence[str]) -> "Struct":
        return self._list(id, _BINARY, [_with_length(value) for value in values])

    def struct_list(self, id: int, values: Sequence[bytes]) -> "Struct":
        """Structs that are bytes already."""
        return self._list(id, _STRUCT, values)

    def to_bytes(self) -> bytes:
        return b"".join(self._parts) + b"\0"

    def _list(self, id: int, kind: int, values: Sequence[bytes]) -> "Struct":
        count = len(values)
        head = bytes([count << 4 | kind]) if count < 15 else bytes([0xF0 | kind]) + varint(count)
        return self._field(id, _LIST, head + b"".join(values))

    def _field(self, id: int, kind: int, value: bytes) -> "Struct":
        self._parts.append(bytes([(id - self._last_id) << 4 | kind]) + value)
        self._last_id = id
        return self
