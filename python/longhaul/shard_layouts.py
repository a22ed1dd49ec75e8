"""How the shards of one output are called, when one is full, and what the index beside each says."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, NamedTuple, Optional


class ShardLayout(NamedTuple):
    file_name: Callable[[str, int], str]
    """Without extension."""
    is_full: Callable[[int, int, int], bool]
    """Whether a member goes into the next shard: bytes so far, its own, the limit."""
    refusal: Callable[[str], Optional[str]]
    """What is wrong with a member's name."""
    index_of: Callable[[Dict[str, int]], Any]


_MASK = re.compile(r"(.+)_(\d{5,})(\.[^./]+)?")


def _mask_index(sizes: Dict[str, int]) -> Any:
    index = {}
    for member in sizes:
        match = _MASK.fullmatch(member)
        assert match is not None
        bin_id, roi = match.group(1), match.group(2)
        index[f"{bin_id}_{roi}"] = {"bin_id": bin_id, "roi_number": int(roi), "tar_member": member}
    return index


LAYOUTS = {
    # System A: `artifacts_00000`, never above its size; an index of names and sizes.
    "artifacts": ShardLayout(
        lambda name, number: f"{name}_{number:05d}",
        lambda held, size, most: held + size > most,
        lambda member: None,
        lambda sizes: {"items": [{"name": name, "size_bytes": size} for name, size in sizes.items()]},
    ),
    # System B: `masks/shard-00000`, closed once it has reached its size; an index by mask, which says whose it is.
    "masks": ShardLayout(
        lambda name, number: f"{name}/shard-{number:05d}",
        lambda held, size, most: held >= most,
        lambda member: None if _MASK.fullmatch(member) else "is no mask: they are called <bin id>_<roi, 5 digits>.png",
        _mask_index,
    ),
}


def mask_member(bin_id: str, roi_number: int) -> str:
    """`<bin id>_<roi, 5 digits>.png`"""
    return f"{bin_id}_{roi_number:05d}.png"
