"""The hints of a function or class, as objects, however they were written."""

from __future__ import annotations

import inspect
import typing
from types import SimpleNamespace
from typing import Any, Dict, Mapping, Optional

from .codec import UnsupportedHint


def hints_of(target: Any) -> Dict[str, Any]:
    """Resolves `from __future__ import annotations`. Raises UnsupportedHint for a hint that cannot be resolved.

    A return hint that cannot be (a name imported for type checkers only) is left out: it is only documentation.
    """
    if isinstance(target, type):
        try:
            return typing.get_type_hints(target, include_extras=True)
        except (NameError, TypeError) as error:
            raise UnsupportedHint(f"the hints of {target.__qualname__} cannot be resolved: {error}") from error
    target = inspect.unwrap(target)
    hints: Dict[str, Any] = {}
    namespace = getattr(target, "__globals__", {})
    for name, hint in _raw(target).items():
        try:
            hints[name] = _resolve(name, hint, namespace)
        except (NameError, AttributeError, TypeError, SyntaxError) as error:
            if name != "return":
                raise UnsupportedHint(_explain(name, hint, error)) from error
    return hints


def _raw(target: Any) -> Mapping[str, Any]:
    try:
        return getattr(target, "__annotations__", None) or {}
    except NameError as error:  # Python 3.14 evaluates hints when they are asked for
        raise UnsupportedHint(f"a hint cannot be resolved: {error}") from error


def _resolve(name: str, hint: Any, namespace: Optional[Mapping[str, Any]]) -> Any:
    holder = SimpleNamespace(__annotations__={name: hint})
    return typing.get_type_hints(holder, globalns=dict(namespace or {}), include_extras=True)[name]


def _explain(name: str, hint: Any, error: Exception) -> str:
    if isinstance(error, TypeError) and "|" in str(hint):
        return f"the hint of `{name}`, {hint}, needs Python 3.10: write Optional[…] or Union[…]"
    return f"the hint of `{name}`, {hint}, cannot be resolved: {error}"
