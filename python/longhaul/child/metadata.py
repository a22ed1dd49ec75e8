"""What `Annotated[X, …]` adds: bounds, a media type, a description."""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence

from ..hints import File, Range
from .codec import Codec, UnsupportedHint, refuse

# JSON Schema's word → the attribute, as annotated-types and pydantic name it.
_BOUNDS = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}


def annotated_codec(codec: Codec, metadata: Sequence[Any], shown: str) -> Codec:
    """Things that other libraries put there are passed over."""
    for entry in metadata:
        if isinstance(entry, str):
            codec = Codec({**codec.schema, "description": entry}, codec.load, codec.files)
        elif isinstance(entry, File):
            codec = _with_media_type(codec, entry.media_type, shown)
        else:
            bounds = _bounds_of(entry)
            if bounds:
                codec = _with_bounds(codec, bounds, shown)
            description = getattr(entry, "description", None) or getattr(entry, "documentation", None)
            if isinstance(description, str):
                codec = Codec({**codec.schema, "description": description}, codec.load, codec.files)
    return codec


def _bounds_of(entry: Any) -> Dict[str, float]:
    if isinstance(entry, Range):
        found: Dict[str, Optional[float]] = {"minimum": entry.min, "maximum": entry.max}
    else:
        found = {word: getattr(entry, attribute, None) for word, attribute in _BOUNDS.items()}
    return {word: bound for word, bound in found.items() if isinstance(bound, (int, float))}


def _with_bounds(codec: Codec, bounds: Dict[str, float], shown: str) -> Codec:
    forms = codec.schema.get("anyOf", [codec.schema])
    if not any(form.get("type") in ("integer", "number") for form in forms):
        raise UnsupportedHint(f"{shown} has bounds, and is not a number")
    bounded = [{**form, **bounds} if form.get("type") in ("integer", "number") else form for form in forms]
    schema = {**codec.schema, "anyOf": bounded} if "anyOf" in codec.schema else bounded[0]

    def load(value: Any, at: str) -> Any:
        loaded = codec.load(value, at)
        if isinstance(loaded, (int, float)) and not isinstance(loaded, bool):
            for word, bound in bounds.items():
                if not _HOLDS[word](loaded, bound):
                    refuse(at, f"must be {_SAID[word]} {bound}", value)
        return loaded

    return Codec(schema, load, codec.files)


_HOLDS = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
}
_SAID = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}


def _with_media_type(codec: Codec, media_type: str, shown: str) -> Codec:
    if codec.files == "none":
        raise UnsupportedHint(f"{shown} has a media type, and is not a file")

    def mark(schema: Dict[str, Any]) -> Dict[str, Any]:
        if "x-longhaul-file" in schema:
            return {**schema, "x-longhaul-file": {"media_type": media_type}}
        if "items" in schema:
            return {**schema, "items": mark(schema["items"])}
        if "anyOf" in schema:
            return {**schema, "anyOf": [mark(form) for form in schema["anyOf"]]}
        return schema

    return Codec(mark(codec.schema), codec.load, codec.files)
