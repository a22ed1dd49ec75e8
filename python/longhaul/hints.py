"""What goes into `Annotated[…]` to say more than a type can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Range:
    """Bounds of a number, both included: `Annotated[float, Range(0, 1)]`. None leaves a side open."""

    min: Optional[float] = None
    max: Optional[float] = None


@dataclass(frozen=True)
class File:
    """Media type of a file: `Annotated[Path, File("image/*")]`."""

    media_type: str
