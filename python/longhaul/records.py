"""Rows, as JSON lines if nothing else is asked for. Files end at the size the service sets, and are given away."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Callable, Dict, List, Mapping, Optional, Type

from .errors import PermanentError
from .kept import KeptFile, State
from .to_json import JsonEncoder, Note

MEDIA_TYPE = "application/x-ndjson"
NewFile = Callable[[str], Path]
Give = Callable[[Path, str, Optional[str]], None]


class RecordWriter:
    """Made by `job.outputs.records`. `count` is how many rows were written."""

    extension = ".jsonl"

    def __init__(
        self,
        name: str,
        new_file: NewFile,
        give: Give,
        check: Callable[[], None],
        note: Note,
        file_bytes: int,
    ):
        self.name = name
        self.count = 0
        self.files: List[str] = []
        self._new_file = new_file
        self._give = give
        self._check = check
        self._encoder = JsonEncoder(note=_once(note), exact_integers=True)
        self._file_bytes = file_bytes
        self._sink: Optional[IO[bytes]] = None
        self._path: Optional[Path] = None
        self._size = 0

    def flush(self) -> State:
        """For a checkpoint: all rows are in their file. How to go on from here."""
        if self._sink is not None:
            self._sink.flush()
        unfinished = None if self._path is None or self._sink is None else KeptFile(self._path, self._size)
        return State("records", self.name, self.count, list(self.files), unfinished)

    def resume(self, state: State) -> None:
        """Goes on where that state was; what the unfinished file holds beyond is cut off."""
        check_same_format(state, is_table=False)
        self.count, self.files = state.count, list(state.files)
        if state.unfinished is not None:
            self._path, self._size = state.unfinished
            os.truncate(self._path, self._size)
            self._sink = open(self._path, "ab")

    def write(self, row: Optional[Mapping[str, Any]] = None, /, **fields: Any) -> None:
        """One row, as a mapping, as keywords, or both. NaN becomes null; integers are written exactly."""
        at = f"{self.name}[{self.count}]"
        encoded = self._encoder.encode({} if row is None else row, at)
        if not isinstance(encoded, dict):
            raise PermanentError(f"{at} must be a row with named fields, got {encoded!r}.")
        self._append({**encoded, **self._encoder.encode(fields, at)})

    def write_any(self, value: Any) -> None:
        """For what a generator yields: a row where it has fields, else a row with the one field `value`."""
        encoded = self._encoder.encode(value, f"{self.name}[{self.count}]")
        self._append(encoded if isinstance(encoded, dict) else {"value": encoded})

    def _append(self, encoded: Dict[str, Any]) -> None:
        self._check()
        line = json.dumps(encoded, allow_nan=False).encode("ascii") + b"\n"
        if self._sink is not None and self._size + len(line) > self._file_bytes:
            self._end_file()
        if self._sink is None:
            self._path = self._new_file(self._next_name())
            self._sink = open(self._path, "wb")
        self._sink.write(line)
        self._size += len(line)
        self.count += 1

    def close(self) -> None:
        """Gives the last file away; longhaul does it at the end of the attempt where the author does not."""
        if self._sink is not None:
            self._end_file()

    def __enter__(self) -> "RecordWriter":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if kind is None:
            self.close()

    def _next_name(self) -> str:
        return f"{self.name}_{len(self.files):05d}{self.extension}"

    def _end_file(self) -> None:
        assert self._sink is not None and self._path is not None
        self._sink.close()
        self._sink, self._size = None, 0
        name = self._next_name()
        self.files.append(name)
        self._give(self._path, name, MEDIA_TYPE)


def check_same_format(state: State, is_table: bool) -> None:
    if (state.table is not None) != is_table:
        raise PermanentError(f"{state.name} has another format in the checkpoint from which it goes on.")


def _once(note: Note) -> Note:
    """A million rows with NaN are one remark."""
    seen: Dict[str, bool] = {}

    def tell(text: str) -> None:
        field = text.split(" ", 1)[0].split("]", 1)[-1]
        if field not in seen:
            seen[field] = True
            note(text + " (further rows are not mentioned)")

    return tell
