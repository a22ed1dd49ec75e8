"""Type hint → codec. One list of kinds, asked in order; each kind lives in a file of its own."""

from __future__ import annotations

import inspect
import types
import typing
from typing import Any

from .codec import Codec, UnsupportedHint, show
from .container_codecs import container_codec
from .enum_codecs import enum_codec, literal_codec
from .metadata import annotated_codec
from .record_codecs import record_codec
from .scalar_codecs import anything, scalar_codec
from .union_codec import union_codec

_UNIONS = (typing.Union, getattr(types, "UnionType", typing.Union))


def codec_of(hint: Any) -> Codec:
    """Raises UnsupportedHint."""
    if hint is Any or hint is object or hint is inspect.Parameter.empty:
        return anything
    for unwrap in ("__supertype__", "__value__"):  # NewType, and `type Name = …`
        if hasattr(hint, unwrap) and not isinstance(hint, type):
            return codec_of(getattr(hint, unwrap))
    if isinstance(hint, typing.TypeVar):
        return codec_of(hint.__bound__ or Any)
    if hasattr(hint, "__metadata__"):
        return annotated_codec(codec_of(hint.__origin__), hint.__metadata__, show(hint))
    origin = typing.get_origin(hint)
    if origin in _UNIONS:
        return union_codec(typing.get_args(hint), codec_of, show(hint))
    if origin is typing.Literal:
        return literal_codec(typing.get_args(hint))
    found = scalar_codec(hint) or enum_codec(hint) or record_codec(hint, codec_of) or container_codec(hint, codec_of)
    if found is None:
        raise UnsupportedHint(
            f"{show(hint)} cannot come in a request: use Path for a file, int, float, str, bool, list, dict, tuple, "
            "Literal, Enum, a dataclass, date or datetime, or leave the hint out to take any JSON value"
        )
    return found
