"""The bytes of a Parquet file: a page for each column of a row group, and the footer that names them."""

from __future__ import annotations

import json
import math
import struct
import zlib
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

from .parquet_columns import Kinds
from .parquet_thrift import Struct, varint

MAGIC = b"PAR1"
_CREATED_BY = "longhaul version 1"
# Kind → physical type, old word for readers, new word.
_TYPES = {
    "boolean": (0, None, None),
    "int64": (2, None, None),
    "double": (5, None, None),
    "string": (6, 0, 1),
    "json": (6, 19, 12),
}
_OPTIONAL, _DATA_PAGE, _PLAIN, _RLE = 1, 0, 0, 3
# In Python's own library there is neither Zstandard before 3.14 nor Snappy; every reader knows gzip.
_GZIP = 2
_LONGEST_BOUND = 64


class Group(NamedTuple):
    """A row group that is in the file: its entry in the footer."""

    rows: int
    metadata: bytes


def encode_group(kinds: Kinds, columns: Sequence[List[Any]], offset: int) -> Tuple[bytes, Group]:
    """The bytes to append at that place."""
    parts: List[bytes] = []
    entries: List[bytes] = []
    at, uncompressed, rows = offset, 0, len(columns[0])
    for (name, kind), values in zip(kinds.items(), columns):
        present = _stored([value for value in values if value is not None], kind)
        page = _levels(values) + _plain(present, kind)
        packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        body = packer.compress(page) + packer.flush()
        header = _page_header(rows, len(page), body)
        size = len(header) + len(body)
        metadata = (
            Struct()
            .i32(1, _TYPES[kind][0])
            .i32_list(2, [_PLAIN, _RLE])
            .binary_list(3, [name])
            .i32(4, _GZIP)
            .i64(5, rows)
            .i64(6, len(header) + len(page))
            .i64(7, size)
            .i64(9, at)
            .struct(12, _statistics(present, kind, rows - len(present)))
        )
        entries.append(Struct().i64(2, at).struct(3, metadata).to_bytes())
        parts += [header, body]
        at += size
        uncompressed += len(header) + len(page)
    group = Struct().struct_list(1, entries).i64(2, uncompressed).i64(3, rows).i64(5, offset).i64(6, at - offset)
    return b"".join(parts), Group(rows, group.to_bytes())


def footer(kinds: Kinds, groups: Sequence[Group]) -> bytes:
    """The end of the file."""
    root = Struct().binary(4, "schema").i32(5, len(kinds)).to_bytes()
    order = Struct().struct(1, Struct()).to_bytes()  # readers that are not told ignore the bounds
    metadata = (
        Struct()
        .i32(1, 1)
        .struct_list(2, [root, *(_element(name, kind) for name, kind in kinds.items())])
        .i64(3, sum(group.rows for group in groups))
        .struct_list(4, [group.metadata for group in groups])
        .binary(6, _CREATED_BY)
        .struct_list(7, [order] * len(kinds))
        .to_bytes()
    )
    return metadata + struct.pack("<I", len(metadata)) + MAGIC


def _element(name: str, kind: str) -> bytes:
    physical, converted, logical = _TYPES[kind]
    element = Struct().i32(1, physical).i32(3, _OPTIONAL).binary(4, name)
    if converted is not None and logical is not None:
        element.i32(6, converted).struct(10, Struct().struct(logical, Struct()))
    return element.to_bytes()


def _page_header(rows: int, page: int, body: bytes) -> bytes:
    crc = zlib.crc32(body)
    data = Struct().i32(1, rows).i32(2, _PLAIN).i32(3, _RLE).i32(4, _RLE)
    header = Struct().i32(1, _DATA_PAGE).i32(2, page).i32(3, len(body))
    return header.i32(4, crc - 2**32 if crc >= 2**31 else crc).struct(5, data).to_bytes()


def _levels(values: List[Any]) -> bytes:
    """Which rows have a value: one run where all are alike, else a bit for each; its length before it."""
    missing = values.count(None)
    if missing in (0, len(values)):
        runs = varint(len(values) << 1) + bytes([0 if missing else 1])
    else:
        groups = (len(values) + 7) // 8
        runs = varint(groups << 1 | 1) + _bits([value is not None for value in values])
    return struct.pack("<I", len(runs)) + runs


def _bits(flags: Sequence[bool]) -> bytes:
    packed = bytearray((len(flags) + 7) // 8)
    for at, flag in enumerate(flags):
        if flag:
            packed[at >> 3] |= 1 << (at & 7)
    return bytes(packed)


def _stored(values: List[Any], kind: str) -> List[Any]:
    """Text as bytes; numbers stay."""
    if kind == "json":
        values = [json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in values]
    if kind in ("string", "json"):
        return [text.encode("utf-8", "backslashreplace") for text in values]
    return values


def _plain(values: List[Any], kind: str) -> bytes:
    if kind == "boolean":
        return _bits(values)
    if kind == "double":
        return struct.pack(f"<{len(values)}d", *values)
    if kind == "int64":
        return struct.pack(f"<{len(values)}q", *values)
    return b"".join([struct.pack("<I", len(data)) + data for data in values])


def _statistics(values: List[Any], kind: str, nulls: int) -> Struct:
    """By its bounds readers skip a group. NaN is none, and zero is written as +0 above and -0 below."""
    statistics = Struct().i64(3, nulls)
    bounded = [value for value in values if not math.isnan(value)] if kind == "double" else values
    if not bounded or kind == "json":
        return statistics
    for id, bound in ((5, max(bounded)), (6, min(bounded))):
        data = _bound(bound, kind, -0.0 if id == 6 else 0.0)
        if data is not None:
            statistics.binary(id, data)
    return statistics


def _bound(value: Any, kind: str, zero: float) -> Optional[bytes]:
    if kind == "boolean":
        return bytes([value])
    if kind == "double":
        return struct.pack("<d", value or zero)
    if kind == "int64":
        return struct.pack("<q", value)
    return bytes(value) if len(value) <= _LONGEST_BOUND else None
