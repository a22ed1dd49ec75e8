"""A function's parameters: their schema, and the call."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from ..job import Job
from .codec import Codec, Schema, UnsupportedHint
from .codecs import codec_of
from .hints_of import hints_of
from .record_codecs import Field, load_fields, object_schema
from .scalar_codecs import anything, codec_of_default
from .union_codec import optional_codec

_NAMED = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
)
_EMPTY = inspect.Parameter.empty


@dataclass(frozen=True)
class Signature:
    fields: Tuple[Field, ...]
    return_hint: Any
    # Where the job goes, if the function takes it.
    job_parameter: Optional[str]
    positional: Tuple[str, ...]
    # Relative files that are defaults lie beside the served file.
    folder: Path

    def schema(self, descriptions: Mapping[str, str]) -> Schema:
        return object_schema(list(self.fields), descriptions.get)

    def bind(self, input: Any, job: Job) -> Tuple[List[Any], Dict[str, Any]]:
        """The call's arguments. Raises InvalidInputError with a pointer for each field that is wrong."""
        values = load_fields(list(self.fields), input, "")
        if self.job_parameter is not None:
            values[self.job_parameter] = job
        for field in self.fields:
            if field.name not in values and isinstance(field.default, PurePath):
                beside = self.folder / field.default
                if beside.exists():
                    values[field.name] = type(field.default)(beside)
        defaults = {field.name: field.default for field in self.fields}
        positional = [values.pop(name, defaults.get(name)) for name in self.positional]
        return positional, values


def signature_of(function: Callable[..., Any], folder: Path, *, method: bool = False) -> Signature:
    """Raises UnsupportedHint, whose message names the parameter and what to do."""
    hints = hints_of(function)
    parameters = list(inspect.signature(function).parameters.values())[1 if method else 0 :]
    fields: List[Field] = []
    job_parameter: Optional[str] = None
    for index, parameter in enumerate(parameters):
        hint = hints.get(parameter.name, _EMPTY)
        if parameter.kind not in _NAMED:
            star = "**" if parameter.kind is inspect.Parameter.VAR_KEYWORD else "*"
            raise UnsupportedHint(
                f"{star}{parameter.name} has no names to show in a form: give every parameter a name "
                "(a decorator that hides them needs functools.wraps)"
            )
        if hint is Job or (index == 0 and parameter.name == "job" and hint is _EMPTY):
            job_parameter = parameter.name
        else:
            fields.append(_field(parameter, hint))
    positional = tuple(p.name for p in parameters if p.kind is inspect.Parameter.POSITIONAL_ONLY)
    return Signature(tuple(fields), hints.get("return", _EMPTY), job_parameter, positional, folder)


def _field(parameter: inspect.Parameter, hint: Any) -> Field:
    required = parameter.default is _EMPTY
    codec = _codec(parameter, hint)
    field = Field(parameter.name, codec, required=required)
    if required:
        return field
    if parameter.default is None:
        codec = optional_codec(codec)  # `x: int = None` means what it says
    return replace(field, codec=codec, default=parameter.default)


def _codec(parameter: inspect.Parameter, hint: Any) -> Codec:
    if hint is _EMPTY:
        return anything if parameter.default is _EMPTY else codec_of_default(parameter.default)
    try:
        return codec_of(hint)
    except UnsupportedHint as problem:
        raise UnsupportedHint(f"parameter `{parameter.name}`: {problem}") from problem
