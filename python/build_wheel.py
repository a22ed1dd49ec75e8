"""Builds the wheel with nothing but the standard library, the same bytes each time: `python3 build_wheel.py [FOLDER]`.

It is also the build backend that pyproject.toml names, so `pip install ./python` needs no network either.
"""

from __future__ import annotations

import ast
import base64
import configparser
import gzip
import hashlib
import io
import os
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

HERE = Path(__file__).resolve().parent
_WHEN = (2020, 1, 1, 0, 0, 0)  # the oldest moment that archives everywhere understand is 1980
_SOURCES = ("pyproject.toml", "README.md", "build_wheel.py")
Member = Tuple[str, bytes]


def build_wheel(
    wheel_directory: str, config_settings: Optional[Dict[str, Any]] = None, metadata_directory: Optional[str] = None
) -> str:
    """PEP 517: makes the wheel in a folder and answers its file name."""
    project = _project()
    name = f"{project['name']}-{project['version']}-py3-none-any.whl"
    info = f"{project['name']}-{project['version']}.dist-info"
    members: List[Member] = [
        *_package_files(),
        (f"{info}/METADATA", _metadata(project)),
        (f"{info}/WHEEL", b"Wheel-Version: 1.0\nGenerator: longhaul\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
    ]
    record = "".join(f"{path},{_digest(data)},{len(data)}\n" for path, data in members)
    members.append((f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode()))
    with zipfile.ZipFile(Path(wheel_directory) / name, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as wheel:
        for path, data in members:
            entry = zipfile.ZipInfo(path, _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is built
            entry.external_attr = 0o100644 << 16
            wheel.writestr(entry, data)
    return name


def build_sdist(sdist_directory: str, config_settings: Optional[Dict[str, Any]] = None) -> str:
    """PEP 517: what the wheel is built from."""
    project = _project()
    root = f"{project['name']}-{project['version']}"
    members: List[Member] = [(name, (HERE / name).read_bytes()) for name in _SOURCES]
    members += [*_package_files(), ("PKG-INFO", _metadata(project))]
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, data in members:
            entry = tarfile.TarInfo(f"{root}/{path}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    name = f"{root}.tar.gz"
    (Path(sdist_directory) / name).write_bytes(gzip.compress(plain.getvalue(), mtime=0))
    return name


def _package_files() -> Iterator[Member]:
    for folder, folders, names in os.walk(HERE / "longhaul"):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            if name.endswith((".py", ".typed")):
                path = Path(folder, name)
                yield path.relative_to(HERE).as_posix(), path.read_bytes()


def _project() -> Dict[str, Any]:
    """`[project]` of pyproject.toml, as far as it is one value a line: Python 3.9 has no reader of TOML."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.read_string((HERE / "pyproject.toml").read_text("utf-8"))
    return {name: ast.literal_eval(value) for name, value in parser["project"].items() if value[:1] in "\"'["}


def _metadata(project: Dict[str, Any]) -> bytes:
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        "License: MIT",
        f"Requires-Python: {project['requires-python']}",
        *[f"Requires-Dist: {one}" for one in project["dependencies"]],
        "Description-Content-Type: text/markdown",
        "",
        (HERE / project["readme"]).read_text("utf-8"),
    ]
    return "\n".join(lines).encode()


def _digest(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    target = sys.argv[1] if len(sys.argv) > 1 else "dist"
    os.makedirs(target, exist_ok=True)
    print(os.path.join(target, build_wheel(target)))
