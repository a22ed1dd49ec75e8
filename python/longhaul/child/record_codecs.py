"""Classes with named fields: dataclasses, NamedTuples, TypedDicts."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional

from ..errors import InvalidInputError, PermanentError
from ..to_json import JsonEncoder
from .codec import Codec, Schema, UnsupportedHint, below, refuse, show
from .hints_of import hints_of

CodecOf = Callable[[Any], Codec]
NO_DEFAULT: Any = object()


@dataclass(frozen=True)
class Field:
    name: str
    codec: Codec
    required: bool
    default: Any = NO_DEFAULT


def record_codec(hint: Any, codec_of: CodecOf) -> Optional[Codec]:
    if not isinstance(hint, type):
        return None
    if dataclasses.is_dataclass(hint):
        hints = hints_of(hint)
        missing = dataclasses.MISSING
        fields = [
            _field(
                f.name,
                hints[f.name],
                codec_of,
                NO_DEFAULT if f.default is missing else f.default,
                f.default_factory is not missing,
                hint,
            )
            for f in dataclasses.fields(hint)
            if f.init
        ]
    elif issubclass(hint, tuple) and hasattr(hint, "_fields"):
        hints, defaults = hints_of(hint), hint._field_defaults  # type: ignore[attr-defined]
        fields = [
            _field(n, hints.get(n, Any), codec_of, defaults.get(n, NO_DEFAULT), False, hint) for n in hint._fields
        ]
    elif issubclass(hint, dict) and hasattr(hint, "__required_keys__"):
        required = hint.__required_keys__
        fields = [
            _field(name, kind, codec_of, NO_DEFAULT, name not in required, hint)
            for name, kind in hints_of(hint).items()
        ]
    else:
        return None
    return Codec(object_schema(fields), lambda value, at: _build(hint, load_fields(fields, value, at), at))


def _field(name: str, hint: Any, codec_of: CodecOf, default: Any, optional: bool, of: Any) -> Field:
    codec = codec_of(hint)
    if codec.files != "none":
        raise UnsupportedHint(f"{show(of)}.{name} is a file: a file is a parameter of its own, not a field")
    return Field(name, codec, required=default is NO_DEFAULT and not optional, default=default)


def object_schema(fields: List[Field], describe: Callable[[str], Optional[str]] = lambda _: None) -> Schema:
    properties: Dict[str, Schema] = {}
    for field in fields:
        schema = dict(field.codec.schema)
        text = describe(field.name)
        if text is not None and "description" not in schema:
            schema["description"] = text
        default = _plain_default(field)
        if default is not NO_DEFAULT:
            schema["default"] = default
        properties[field.name] = schema
    required = [field.name for field in fields if field.required]
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def load_fields(fields: List[Field], value: Any, at: str) -> Dict[str, Any]:
    """Every complaint at once. A field that was not given is left out, for Python's own default."""
    if not isinstance(value, dict):
        refuse(at, "must be an object", value)
    loaded: Dict[str, Any] = {}
    complaints: List[InvalidInputError] = []
    for field in fields:
        if field.name in value:
            try:
                loaded[field.name] = field.codec.load(value[field.name], below(at, field.name))
            except InvalidInputError as error:
                complaints += [error, *error.others]
        elif field.required:
            complaints.append(InvalidInputError(below(at, field.name), "is missing"))
    for name in value.keys() - {field.name for field in fields}:
        complaints.append(InvalidInputError(below(at, name), "is not a known field"))
    if complaints:
        first, *others = complaints
        raise InvalidInputError(first.field, first.message, others=others)
    return loaded


def _build(hint: Any, values: Dict[str, Any], at: str) -> Any:
    try:
        return hint(**values)
    except (ValueError, TypeError, AssertionError) as error:  # the class checks its own values
        raise InvalidInputError(at, str(error) or type(error).__name__) from error


def _plain_default(field: Field) -> Any:
    """A default is shown where JSON can say it. A file has none: the code's own file is not the client's."""
    if field.default is NO_DEFAULT or (field.codec.files != "none" and field.default is not None):
        return NO_DEFAULT
    changed: List[str] = []
    try:
        plain = JsonEncoder(note=changed.append).encode(field.default, field.name)
    except (PermanentError, TypeError):
        return NO_DEFAULT
    return NO_DEFAULT if changed else plain
