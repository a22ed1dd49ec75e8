"""Imports the served file as Python would: its siblings are importable, and so are relative names of its package."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import re
import sys
from pathlib import Path
from types import ModuleType


def load_file(file: Path) -> ModuleType:
    """Raises whatever the author's code raises."""
    folder = file.parent
    os.chdir(folder)
    put_first(folder)
    levels = _relative_levels(file)
    root, names = folder, [file.stem]
    while (root / "__init__.py").exists():
        names.insert(0, root.name)
        root = root.parent
    if len(names) > 1:
        put_first(root)
        importlib.import_module(".".join(names[:-1]))
    elif levels > 0:
        names.insert(0, _package_of(folder))
    return _execute(".".join(names), file, alone=len(names) == 1)


def _execute(name: str, file: Path, alone: bool) -> ModuleType:
    if alone:
        name = re.sub(r"\W", "_", name)
        if name in sys.modules or name in getattr(sys, "stdlib_module_names", ()):
            name = f"_served_{name}"  # the author's json.py is not json
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file.name} is not a Python source file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _package_of(folder: Path) -> str:
    """A folder without `__init__.py` whose file says `from . import x`: it is a package all the same."""
    name = "_served_" + re.sub(r"\W", "_", folder.name)
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package
    return name


def _relative_levels(file: Path) -> int:
    tree = ast.parse(file.read_bytes(), filename=str(file))
    return max((node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)), default=0)


def put_first(folder: Path) -> None:
    path = str(folder)
    if path in sys.path:
        sys.path.remove(path)
    sys.path.insert(0, path)
