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
    # Beside the unfinished file, where a format needs one.
    journal: Optional[KeptFile] = None
    # Of Parquet, whose columns must stay as they are.
    table: Optional[Mapping[str, Any]] = None
    # Of shards.
    layout: str = "artifacts"

    @property
    def growing(self) -> List[KeptFile]:
        return [file for file in (self.unfinished, self.journal) if file is not None]

    def to_json(self, workspace: Path) -> Dict[str, Any]:
        kept: Dict[str, Any] = {"kind": self.kind, "name": self.name, "count": self.count, "files": self.files}
        if self.table is not None:
            kept["table"] = self.table
        if self.layout != "artifacts":
            kept["layout"] = self.layout
        if self.unfinished is not None:
            kept.update(_file_to_json(self.unfinished, workspace))
        if self.journal is not None:
            kept["journal"] = _file_to_json(self.journal, workspace)
        return kept

    @classmethod
    def from_json(cls, kept: Mapping[str, Any], workspace: Path) -> "State":
        return cls(
            kept["kind"],
            kept["name"],
            kept["count"],
            list(kept["files"]),
            _file_from_json(kept, workspace),
            _file_from_json(kept.get("journal", {}), workspace),
            kept.get("table"),
            kept.get("layout", "artifacts"),
        )

    def folder_below(self, folder: Path) -> int:
        """Its file lies in `<folder>/<number>/…`."""
        if self.unfinished is None:
            return 0
        return int(self.unfinished.path.relative_to(folder).parts[0])


def _file_to_json(file: KeptFile, workspace: Path) -> Dict[str, Any]:
    return {"path": str(file.path.relative_to(workspace)), "bytes": file.size}


def _file_from_json(kept: Mapping[str, Any], workspace: Path) -> Optional[KeptFile]:
    return KeptFile(workspace / kept["path"], kept["bytes"]) if "path" in kept else None
