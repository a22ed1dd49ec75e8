"""Durations and sizes as people write them: '90 s', '14 h', '6 GB'."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Dict, Union

_MS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_BYTES = {"B": 1}
for _power, _letter in enumerate("KMGTP", start=1):
    _BYTES[f"{_letter}B"] = 1000**_power
    _BYTES[f"{_letter}iB"] = 1024**_power
_BYTES["kB"] = 1000


def milliseconds(text: Union[str, timedelta], of: str) -> int:
    """'10 min' → 600000. `of` names the setting in the error."""
    if isinstance(text, timedelta):
        return round(text.total_seconds() * 1000)
    return _parse(text, _MS, of, "'90 s', '10 min', '14 h'")


def bytes_of(text: str, of: str) -> int:
    """'6 GB' → 6000000000."""
    return _parse(text, _BYTES, of, "'500 MB', '6 GB', '2 GiB'")


def _parse(text: object, units: Dict[str, int], of: str, examples: str) -> int:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*", text) if isinstance(text, str) else None
    if match is None or match.group(2) not in units:
        raise ValueError(f"{of}={text!r} is not a number with a unit: write one like {examples}")
    return round(float(match.group(1)) * units[match.group(2)])
