"""A choice among named or literal values."""

from __future__ import annotations

from enum import Enum
from typing import Any, Dict, Optional, Sequence

from .codec import Codec, Schema, UnsupportedHint, refuse, show

_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


def literal_codec(choices: Sequence[Any]) -> Codec:
    plain = [choice.value if isinstance(choice, Enum) else choice for choice in choices]
    return _choice(dict(zip(map(_key, plain), choices)), plain, "Literal")


def enum_codec(hint: Any) -> Optional[Codec]:
    """By value where the values are plain, else by name."""
    if not (isinstance(hint, type) and issubclass(hint, Enum)):
        return None
    members = list(hint)
    by_value = all(isinstance(member.value, (str, int, float)) for member in members)
    plain = [member.value if by_value else member.name for member in members]
    return _choice(dict(zip(map(_key, plain), members)), plain, show(hint))


def _choice(by_key: Dict[Any, Any], plain: Sequence[Any], of: str) -> Codec:
    if not all(value is None or isinstance(value, (str, int, float)) for value in plain):
        raise UnsupportedHint(f"{of} may hold only text, numbers, true, false and None")
    schema: Schema = {"enum": list(plain)}
    types = {_JSON_TYPES[next(kind for kind in type(value).__mro__ if kind in _JSON_TYPES)] for value in plain}
    if len(types) == 1:
        schema = {"type": types.pop(), **schema}

    def load(value: Any, at: str) -> Any:
        try:
            return by_key[_key(value)]
        except (KeyError, TypeError):
            refuse(at, f"must be one of {', '.join(map(repr, plain))}", value)

    return Codec(schema, load)


def _key(value: Any) -> Any:
    # True == 1 and 1 == 1.0 in Python; only the second is meant.
    return (isinstance(value, bool), value)
