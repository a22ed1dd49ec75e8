"""Lists, tuples, sets and dicts."""

from __future__ import annotations

import collections.abc
import typing
from typing import Any, Callable, Optional, Sequence

from .codec import Codec, Schema, UnsupportedHint, below, refuse, show

CodecOf = Callable[[Any], Codec]

_LISTS = (list, collections.abc.Sequence, collections.abc.MutableSequence, collections.abc.Iterable,
          collections.abc.Collection)  # fmt: skip
_SETS = (set, frozenset, collections.abc.Set, collections.abc.MutableSet)
_DICTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


def container_codec(hint: Any, codec_of: CodecOf) -> Optional[Codec]:
    origin, args = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin in _LISTS:
        return _list(codec_of(args[0] if args else Any), show(hint))
    if origin is tuple:
        if not args:
            return _sequence(codec_of(Any), tuple)
        if len(args) == 2 and args[1] is Ellipsis:
            return _sequence(_no_files(codec_of(args[0]), show(hint)), tuple)
        return _tuple([_no_files(codec_of(arg), show(hint)) for arg in args if arg != ()])
    if origin in _SETS:
        make = frozenset if origin is frozenset else set
        return _sequence(_no_files(codec_of(args[0] if args else Any), show(hint)), make)
    if origin in _DICTS:
        key, value = args or (str, Any)
        return _dict(key, _no_files(codec_of(value), show(hint)), show(hint))
    return None


def _list(item: Codec, shown: str) -> Codec:
    if item.files == "many":
        raise UnsupportedHint(f"{shown} nests lists of files: a parameter is one file or one list of files")
    if item.files == "none":
        return _sequence(item, list)
    load_all = _sequence(item, list).load
    # One file where a list is meant: forms cannot tell the two apart.
    return Codec(
        {"type": "array", "items": item.schema},
        lambda value, at: load_all([value] if isinstance(value, dict) else value, at),
        files="many",
    )


def _sequence(item: Codec, make: Callable[[Sequence[Any]], Any]) -> Codec:
    schema: Schema = {"type": "array", "items": item.schema}
    if make in (set, frozenset):
        schema["uniqueItems"] = True

    def load(value: Any, at: str) -> Any:
        if not isinstance(value, list):
            refuse(at, "must be a list", value)
        loaded = [item.load(each, below(at, index)) for index, each in enumerate(value)]
        try:
            return make(loaded)
        except TypeError:
            refuse(at, "must hold plain values", value)

    return Codec(schema, load)


def _tuple(items: Sequence[Codec]) -> Codec:
    count = len(items)

    def load(value: Any, at: str) -> Any:
        if not isinstance(value, list) or len(value) != count:
            refuse(at, f"must be a list of {count}", value)
        return tuple(codec.load(each, below(at, index)) for index, (codec, each) in enumerate(zip(items, value)))

    schemas = [codec.schema for codec in items]
    return Codec({"type": "array", "prefixItems": schemas, "minItems": count, "maxItems": count}, load)


def _dict(key: Any, value: Codec, shown: str) -> Codec:
    if key not in (str, int, Any):
        raise UnsupportedHint(f"{shown}: the keys of a JSON object are text; use dict[str, …]")
    schema: Schema = {"type": "object"}
    if value.schema:
        schema["additionalProperties"] = value.schema

    def load(given: Any, at: str) -> Any:
        if not isinstance(given, dict):
            refuse(at, "must be an object", given)
        try:
            return {(int(k) if key is int else k): value.load(v, below(at, k)) for k, v in given.items()}
        except ValueError:
            refuse(at, "must have whole numbers as keys", given)

    return Codec(schema, load)


def _no_files(codec: Codec, shown: str) -> Codec:
    if codec.files != "none":
        raise UnsupportedHint(f"{shown} holds a file: a file is a parameter of its own, or a list of files is")
    return codec
