"""A codec is what one type hint means on the wire: its JSON Schema, and how a JSON value becomes the Python value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, NoReturn

from ..errors import InvalidInputError

Schema = Dict[str, Any]
# The second argument is the JSON pointer of the value.
Load = Callable[[Any, str], Any]


@dataclass(frozen=True)
class Codec:
    schema: Schema
    load: Load
    # 'one' or 'many' where the value is a file, or a list of files.
    files: str = "none"


class UnsupportedHint(Exception):
    """The hint has no meaning on the wire. The message says what to write instead."""


def refuse(pointer: str, message: str, value: Any) -> NoReturn:
    text = repr(value)
    raise InvalidInputError(pointer, f"{message}, got {text if len(text) <= 80 else text[:80] + '…'}")


def below(pointer: str, key: Any) -> str:
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def show(hint: Any) -> str:
    """A hint as its author wrote it."""
    if isinstance(hint, type) and not hasattr(hint, "__args__"):
        return hint.__qualname__ if hint.__module__ == "builtins" else f"{hint.__module__}.{hint.__qualname__}"
    return str(hint).replace("typing.", "").replace("pathlib.", "")
