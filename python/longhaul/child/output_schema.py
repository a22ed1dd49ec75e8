"""The return hint → the schema of the result: an object, or null where None is returned."""

from __future__ import annotations

import collections.abc
import dataclasses
import inspect
import types
import typing
from typing import Any, Dict

from ..records import MEDIA_TYPE
from .codec import Schema, UnsupportedHint, show
from .codecs import codec_of
from .hints_of import hints_of
from .scalar_codecs import file_schema

_STREAMS = (
    collections.abc.Iterator,
    collections.abc.Generator,
    collections.abc.Iterable,
    collections.abc.AsyncIterator,
    collections.abc.AsyncGenerator,
    collections.abc.AsyncIterable,
)
_UNIONS = (typing.Union, getattr(types, "UnionType", typing.Union))
_DICTS = (dict, collections.abc.Mapping)


def output_schema(hint: Any, name: str) -> Schema:
    """The fields of a dict, dataclass, NamedTuple or TypedDict; any other value but None is the field `name`.

    Raises UnsupportedHint for what could only fail at the end of a run.
    """
    origin = typing.get_origin(hint) or hint
    if hint in (inspect.Parameter.empty, Any, None, type(None)):
        return {}
    if origin in _STREAMS:
        return _stream_schema((*typing.get_args(hint), Any)[0], name)
    if origin in _UNIONS and any(_is_object(member) for member in typing.get_args(hint)):
        return {}
    schema = _schema(hint)
    return schema if _is_object(hint) else _field(name, schema)


def _stream_schema(item: Any, name: str) -> Schema:
    if item in (Any, None, type(None)):
        return {}
    schema = _schema(item)
    file = schema if "x-longhaul-file" in schema else file_schema(MEDIA_TYPE)
    return _field(name, {"type": "array", "items": file})


def _field(name: str, schema: Schema) -> Schema:
    return {"type": "object", "properties": {name: schema}, "required": [name]}


def _is_object(hint: Any) -> bool:
    origin = typing.get_origin(hint) or hint
    if origin in _DICTS or dataclasses.is_dataclass(origin):
        return True
    return isinstance(origin, type) and issubclass(origin, (dict, tuple)) and hasattr(origin, "__annotations__")


def _schema(hint: Any) -> Schema:
    """Like an input's, but files may lie deeper, and NumPy's values are JSON in the end."""
    try:
        return codec_of(hint).schema
    except UnsupportedHint:
        origin, args = typing.get_origin(hint) or hint, typing.get_args(hint)
        if str(getattr(origin, "__module__", "")).startswith("numpy"):
            return {}
        if origin in _DICTS and len(args) == 2:
            return {"type": "object", "additionalProperties": _schema(args[1])}
        if origin in (list, tuple, set, collections.abc.Sequence):
            kinds = [_schema(arg) for arg in args if arg is not Ellipsis]
            return {"type": "array", "items": kinds[0]} if len(kinds) == 1 else {"type": "array"}
        if origin in _UNIONS:
            return {"anyOf": [_schema(arg) for arg in args]}
        if _is_object(hint):
            properties: Dict[str, Any] = {key: _schema(value) for key, value in hints_of(hint).items()}
            return {"type": "object", "properties": properties}
        raise UnsupportedHint(
            f"it returns {show(hint)}, which cannot be sent: write it to a file and return its Path, "
            "or return numbers, text, lists, dicts or dataclasses"
        ) from None
