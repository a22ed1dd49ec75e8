"""How a writer stands in a checkpoint, and how it goes on from there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional


class KeptFile(NamedTuple):
    """A file that only grows, as long as it was."""

    path: Path
    size: int


@dataclass(frozen=True)
class State:
    """A writer between two rows or members."""

    kind: str
    name: str
    count: int
    files: List[str]
    unfinished: Optional[KeptFile]

    def to_json(self, workspace: Path) -> Dict[str, Any]:
        kept = {"kind": self.kind, "name": self.name, "count": self.count, "files": self.files}
        if self.unfinished is None:
            return kept
        path, size = self.unfinished
        return {**kept, "path": str(path.relative_to(workspace)), "bytes": size}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any], workspace: Path) -> "State":
        unfinished = KeptFile(workspace / kept["path"], kept["bytes"]) if "path" in kept else None
        return cls(kept["kind"], kept["name"], kept["count"], list(kept["files"]), unfinished)

    def folder_below(self, folder: Path) -> int:
        """Its file lies in `<folder>/<number>/…`."""
        if self.unfinished is None:
            return 0
        return int(self.unfinished.path.relative_to(folder).parts[0])
