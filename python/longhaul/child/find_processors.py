"""Which functions of the served file are processors."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Dict, List

from ..processor import MARK, Options

Target = Callable[..., Any]
_ENTRY_NAMES = ("main", "run")


class NotServable(Exception):
    """The file cannot be served as it is. The message says why, and what to do."""


def find_processors(module: ModuleType, file: Path) -> Dict[str, Target]:
    """By name: everything with `@processor`; else the one function that the file is about. Raises NotServable."""
    marked = _marked(module)
    if marked:
        named: Dict[str, Target] = {}
        for target in marked:
            name = _name_of(target, file)
            if name in named:
                raise NotServable(f"it has two processors called {name}: give one another name=…")
            named[name] = target
        return named
    target = _only_one(_candidates(module), file)
    return {_name_of(target, file): target}


def options_of(target: Target) -> Options:
    # A class does not inherit its parent's mark.
    found = vars(target).get(MARK) if isinstance(target, type) else getattr(target, MARK, None)
    return found if isinstance(found, Options) else Options()


def _marked(module: ModuleType) -> List[Target]:
    found: List[Target] = []
    for value in vars(module).values():
        mark = vars(value).get(MARK) if isinstance(value, type) else getattr(value, "__dict__", {}).get(MARK)
        if isinstance(mark, Options) and not any(value is other for other in found):
            found.append(value)
    return found


def _candidates(module: ModuleType) -> List[Target]:
    """Public functions, and classes with `run`, that this file defines and does not leave out of `__all__`."""
    listed = getattr(module, "__all__", None)
    return [
        value
        for name, value in vars(module).items()
        if (name in listed if listed is not None else not name.startswith("_"))
        and getattr(value, "__module__", None) == module.__name__
        and (inspect.isfunction(value) or (isinstance(value, type) and callable(getattr(value, "run", None))))
    ]


def _only_one(candidates: List[Target], file: Path) -> Target:
    typed = [target for target in candidates if _is_typed(target) and not _is_command_line(target)]
    if len(typed) == 1:
        return typed[0]
    choices = typed or [target for target in candidates if not _is_command_line(target)]
    if len(choices) == 1:
        return choices[0]
    for name in (_plain(file.stem), *_ENTRY_NAMES):
        for target in choices:
            if _plain(target.__name__) == name:
                return target
    if not choices:
        raise NotServable(
            "it defines no function to serve: write one with typed parameters, like "
            "`def thumbnail(image: Path, width: int = 256) -> Path`, or mark a class that has `run` with @processor."
        )
    raise NotServable(
        f"it defines {len(choices)} functions that could be served: "
        f"{'; '.join(map(_show, choices))}. Put @processor (from longhaul import processor) on those to serve, "
        f"or name one {_plain(file.stem)} like the file, or main, or start the names of the others with _."
    )


def _is_typed(target: Target) -> bool:
    return bool(getattr(_entry(target), "__annotations__", None))


def _is_command_line(target: Target) -> bool:
    """`main()` or `main(argv=None)`: the script's own entry, not the work."""
    if target.__name__ not in ("main", "cli"):
        return False
    return all(name in ("argv", "args") for name in inspect.signature(_entry(target)).parameters)


def _entry(target: Target) -> Callable[..., Any]:
    return target.run if isinstance(target, type) else target  # type: ignore[attr-defined]


def _show(target: Target) -> str:
    return f"{target.__name__}{inspect.signature(_entry(target))}"


def _plain(name: str) -> str:
    return name.replace("-", "_").lower()


def _name_of(target: Target, file: Path) -> str:
    """The function's own name; `CellCounter` is `cell_counter`; `main` and `run` are called like their file."""
    given = options_of(target).name
    if given is None and target.__name__ in _ENTRY_NAMES:
        name = file.stem
    elif given is None and isinstance(target, type):
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", target.__name__).lower()
    else:
        name = given if given is not None else target.__name__
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name):
        raise NotServable(
            f"{name!r} cannot be a processor's name, which is part of its URL: letters, digits, '-', '_' and '.', "
            "at most 64. Give one with @processor(name=…)."
        )
    return name
