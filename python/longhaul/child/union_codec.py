"""`Optional[X]`, `Union[X, Y]`, `X | Y`."""

from __future__ import annotations

from typing import Any, Callable, Sequence

from ..errors import InvalidInputError
from .codec import Codec, UnsupportedHint, refuse
from .scalar_codecs import scalar_codec


def union_codec(members: Sequence[Any], codec_of: Callable[[Any], Codec], shown: str) -> Codec:
    optional = type(None) in members
    codecs = [codec_of(member) for member in members if member is not type(None)]
    files = [codec for codec in codecs if codec.files != "none"]
    if files:
        # Union[str, Path] is how authors say "a path": here that is always a file of the job.
        others = [codec for codec in codecs if codec.files == "none" and codec is not scalar_codec(str)]
        if others or len({codec.files for codec in files}) > 1:
            raise UnsupportedHint(f"{shown} mixes files with other values: give the file a parameter of its own")
        codecs = files[:1]
    codec = codecs[0] if len(codecs) == 1 else _any_of(codecs)
    return optional_codec(codec) if optional else codec


def optional_codec(codec: Codec) -> Codec:
    forms = codec.schema.get("anyOf", [codec.schema])
    if codec.schema == {} or {"type": "null"} in forms:
        return codec
    return Codec(
        {"anyOf": [*forms, {"type": "null"}]},
        lambda value, at: None if value is None else codec.load(value, at),
        files=codec.files,
    )


def _any_of(codecs: Sequence[Codec]) -> Codec:
    def load(value: Any, at: str) -> Any:
        complaints = []
        for codec in codecs:
            try:
                return codec.load(value, at)
            except InvalidInputError as error:
                complaints.append(error.message.rsplit(", got ", 1)[0])
        refuse(at, " or ".join(complaints), value)

    return Codec({"anyOf": [codec.schema for codec in codecs]}, load)
