"""`name=module:callable` → a processor with one field, `parameters`, whose result is `{"result": …}`."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Tuple

from ..plain import to_plain
from ..processor import processor
from .find_processors import NotServable, Target
from .load_file import put_first


def load_callable(listed: str, folder: Path) -> Tuple[Dict[str, Target], Path]:
    """By name, and the file that its module came from. Raises whatever the author's code raises."""
    name, _, entrypoint = listed.partition("=")
    module_name, _, attribute = entrypoint.partition(":")
    os.chdir(folder)
    put_first(folder)
    module = importlib.import_module(module_name)
    target = getattr(module, attribute, None)
    if target is None:
        raise NotServable(f"{module_name} has no {attribute}.")
    if not callable(target):
        raise NotServable(f"{entrypoint} is no callable: name a function, a class, or an object that can be called.")
    # What is built into the interpreter has no file of its own.
    file = Path(getattr(module, "__file__", None) or sys.executable)
    return {name: _as_processor(target, name)}, file


def _as_processor(target: Callable[..., Any], name: str) -> Target:
    call = _construct_and_call(target) if isinstance(target, type) else target

    def run(parameters: Dict[str, Any] = {}) -> Any:  # noqa: B006: it is never changed
        value = call(**parameters)
        return _awaited(value) if inspect.isawaitable(value) else {"result": to_plain(value, "result")}

    run.__doc__ = inspect.getdoc(target) if inspect.isroutine(target) or isinstance(target, type) else None
    return processor(name=name)(run)


async def _awaited(value: Any) -> Dict[str, Any]:
    return {"result": to_plain(await value, "result")}


def _construct_and_call(made: type) -> Callable[..., Any]:
    """Constructed with the parameters; an instance that can be called is. One whose class takes none is called with them."""
    can_be_called = any("__call__" in vars(one) for one in made.__mro__)
    if not can_be_called:
        return made
    if _takes_parameters(made):
        return lambda **parameters: made(**parameters)()
    return lambda **parameters: made()(**parameters)


def _takes_parameters(made: type) -> bool:
    try:
        return len(inspect.signature(made).parameters) > 0
    except (TypeError, ValueError):  # written in C
        return True
