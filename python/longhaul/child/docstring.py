"""A docstring → what the processor does, and what each parameter means (Google, NumPy and Sphinx style)."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from typing import Dict, List, Optional

_SECTION = re.compile(
    r"(Args|Arguments|Parameters|Params|Returns?|Raises|Yields?|Notes?|Examples?|Attributes|See Also|References):?$"
)
_PARAMETERS = re.compile(r"(Args|Arguments|Parameters|Params):?$")
_SPHINX = re.compile(r":param\s+(?:[^:]*\s)?\*{0,2}(\w+)\s*:\s*(.*)")
_GOOGLE = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)")
_NUMPY = re.compile(r"\*{0,2}(\w+)\s*(?::.*)?$")


@dataclass(frozen=True)
class Docstring:
    summary: str = ""
    parameters: Dict[str, str] = field(default_factory=dict)


def parse_docstring(text: Optional[str]) -> Docstring:
    lines = inspect.cleandoc(text or "").splitlines()
    parameters: Dict[str, str] = {}
    head: List[str] = []
    index, in_head = 0, True
    while index < len(lines):
        line = lines[index]
        sphinx = _SPHINX.match(line)
        if sphinx:
            in_head = False
            parameters[sphinx.group(1)] = sphinx.group(2).strip()
        elif _begins_section(lines, index):
            in_head = False
            end = _section_end(lines, index + 1)
            if _PARAMETERS.match(line):
                parameters.update(_parameters(lines[index + 1 : end]))
            index = end
            continue
        elif re.match(r":\w+.*:", line):
            in_head = False
        elif in_head:
            head.append(line)
        index += 1
    return Docstring("\n".join(head).strip(), {name: said for name, said in parameters.items() if said})


def _begins_section(lines: List[str], index: int) -> bool:
    """`Args:`, or a title that is underlined."""
    line, following = lines[index], lines[index + 1] if index + 1 < len(lines) else ""
    underlined = re.fullmatch(r"-{3,}", following.strip()) is not None
    return _SECTION.match(line) is not None and (line.endswith(":") or underlined)


def _section_end(lines: List[str], start: int) -> int:
    for index in range(start, len(lines)):
        if _begins_section(lines, index):
            return index
    return len(lines)


def _parameters(lines: List[str]) -> Dict[str, str]:
    numpy = bool(lines) and re.fullmatch(r"-{3,}", lines[0].strip()) is not None
    body = [line for line in lines[numpy:] if line.strip()]
    if not body:
        return {}
    margin = min(len(line) - len(line.lstrip()) for line in body)
    found: Dict[str, str] = {}
    name: Optional[str] = None
    for line in body:
        if len(line) - len(line.lstrip()) == margin:
            match = (_NUMPY if numpy else _GOOGLE).match(line.strip())
            name = match.group(1) if match else None
            if match and name:
                found[name] = "" if numpy else match.group(2).strip()
        elif name is not None:
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found
