"""Rows as a table in Parquet files, with nothing but Python's own library."""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import IO, Any, Callable, Dict, List, Optional

from .errors import PermanentError
from .kept import KeptFile, State
from .parquet_columns import Kinds, Schema, checked, common_kind, kinds_of_schema, size_of
from .parquet_file import MAGIC, Group, encode_group, footer
from .records import Give, NewFile, RecordWriter, check_same_format
from .to_json import JsonEncoder, Note

MEDIA_TYPE = "application/vnd.apache.parquet"
# A row group ends at whichever comes first; both depend on nothing but the rows.
_GROUP_ROWS = 16_384
_GROUP_BYTES = 16 * 2**20


class ParquetWriter(RecordWriter):
    """Made by `job.outputs.records(name, format="parquet")`. Memory holds one row group, whatever the number of rows.

    Without a schema the first row group decides what the columns are.
    """

    extension = ".parquet"

    def __init__(
        self,
        name: str,
        new_file: NewFile,
        give: Give,
        check: Callable[[], None],
        note: Note,
        file_bytes: int,
        schema: Optional[Schema] = None,
    ):
        limit = sys.maxsize if name.endswith(self.extension) else file_bytes
        super().__init__(name, new_file, give, check, note, limit)
        self._strict = self._encoder
        self._encoder = JsonEncoder(note=note, exact_integers=True, keeps_nan=True)
        self._kinds: Optional[Kinds] = kinds_of_schema(schema, name) if schema is not None else None
        self._groups: List[Group] = []
        self._begin_group()
        self._begin_file()

    def _append(self, encoded: Dict[str, Any]) -> None:
        self._check()
        cells = self._cells(encoded)
        self._open()
        for column, value in cells.items():
            self._columns.setdefault(column, [None] * self._rows).append(value)
        self._rows += 1
        for values in self._columns.values():
            if len(values) < self._rows:
                values.append(None)
        self._bytes += sum(map(size_of, cells.values()))
        self.count += 1
        if self._rows >= _GROUP_ROWS or self._bytes >= _GROUP_BYTES:
            self._end_group()

    def close(self) -> None:
        if self._rows > 0:
            self._end_group()
        if self._sink is not None:
            self._end_file()

    def flush(self) -> State:
        """For a checkpoint: rows of an unfinished group go into a journal beside the file, which only grows."""
        table = {"columns": self._listed_kinds()}
        unfinished = journal = None
        if self._sink is not None and self._path is not None:
            self._sink.flush()
            unfinished, journal = KeptFile(self._path, self._size), self._keep(self._path)
        return State("records", self.name, self.count, list(self.files), unfinished, journal, table)

    def resume(self, state: State) -> None:
        """Goes on where that state was; what file and journal hold beyond is cut off."""
        check_same_format(state, is_table=True)
        self.count, self.files = state.count, list(state.files)
        kept = (state.table or {}).get("columns")
        if self._kinds is not None and kept != self._listed_kinds():
            raise PermanentError(f"{self.name} has other columns than in the checkpoint from which it goes on.")
        if kept is not None:
            self._kinds = dict(kept)
            self._begin_group()
        if state.unfinished is None or state.journal is None:
            return
        (self._path, self._size), (journal, journal_size) = state.unfinished, state.journal
        os.truncate(self._path, self._size)
        os.truncate(journal, journal_size)
        self._sink = open(self._path, "ab")
        self._journal_size = journal_size
        self._read(journal)

    def _cells(self, encoded: Dict[str, Any]) -> Dict[str, Any]:
        cells = {}
        for column, value in encoded.items():
            at = f"{self.name}[{self.count}].{column}"
            if isinstance(value, (dict, list)):
                value = self._strict.encode(value, at)  # text of JSON knows no NaN
            if self._kinds is not None and column not in self._kinds:
                raise PermanentError(
                    f"{at}: the table has no such column. Without `schema=` the first {_GROUP_ROWS} rows decide."
                )
            cells[column] = checked(value, (self._kinds or {}).get(column), at)
        return cells

    def _listed_kinds(self) -> Optional[List[List[str]]]:
        return None if self._kinds is None else [[column, kind] for column, kind in self._kinds.items()]

    def _open(self) -> IO[bytes]:
        if self._sink is None:
            self._path = self._new_file(self._next_name())
            self._sink = open(self._path, "wb")
            self._sink.write(MAGIC)
            self._size = len(MAGIC)
        return self._sink

    def _next_name(self) -> str:
        if not self.name.endswith(self.extension):
            return super()._next_name()
        if self.files:
            raise PermanentError(f"{self.name} is one file, and it is finished: nothing can follow its end.")
        return self.name

    def _end_group(self) -> None:
        if self._kinds is None:
            self._kinds = {
                column: common_kind(values, f"{self.name}.{column}") for column, values in self._columns.items()
            }
            if not self._kinds:
                raise PermanentError(f"{self.name}: rows without a field make no table.")
        columns = list(self._columns.values())
        data, group = encode_group(self._kinds, columns, self._size)
        if self._groups and self._size + len(data) > self._file_bytes:
            self._end_file()
            self._open()
            data, group = encode_group(self._kinds, columns, self._size)
        self._open().write(data)
        self._size += len(data)
        self._groups.append(group)
        self._begin_group()

    def _end_file(self) -> None:
        assert self._sink is not None and self._path is not None and self._kinds is not None
        self._sink.write(footer(self._kinds, self._groups))
        self._sink.close()
        journal = _journal_of(self._path)
        if journal.exists():
            journal.unlink()
        name = self._next_name()
        self.files.append(name)
        self._give(self._path, name, MEDIA_TYPE)
        self._begin_file()

    def _begin_group(self) -> None:
        self._columns: Dict[str, List[Any]] = {column: [] for column in self._kinds or {}}
        self._rows, self._bytes, self._kept_rows = 0, 0, 0

    def _begin_file(self) -> None:
        self._sink, self._path, self._size = None, None, 0
        self._groups = []
        self._kept_groups, self._journal_size = 0, 0

    def _keep(self, path: Path) -> KeptFile:
        lines: List[Dict[str, Any]] = [
            {"rows": group.rows, "group": base64.b64encode(group.metadata).decode("ascii")}
            for group in self._groups[self._kept_groups :]
        ]
        if self._rows > self._kept_rows:
            fresh = {column: values[self._kept_rows :] for column, values in self._columns.items()}
            lines.append({"rows": self._rows - self._kept_rows, "columns": fresh})
        text = "".join(json.dumps(line) + "\n" for line in lines)
        journal = _journal_of(path)
        with open(journal, "a" if self._journal_size else "w", encoding="ascii") as sink:
            sink.write(text)
        self._kept_groups, self._kept_rows = len(self._groups), self._rows
        self._journal_size += len(text)
        return KeptFile(journal, self._journal_size)

    def _read(self, journal: Path) -> None:
        with open(journal, encoding="ascii") as lines:
            for line in map(json.loads, lines):
                if "group" in line:  # the rows before it are in the file
                    self._groups.append(Group(line["rows"], base64.b64decode(line["group"])))
                    self._begin_group()
                    continue
                for column, values in line["columns"].items():
                    self._columns.setdefault(column, [None] * self._rows).extend(values)
                self._rows += line["rows"]
        self._bytes = sum(size_of(value) for values in self._columns.values() for value in values)
        self._kept_groups, self._kept_rows = len(self._groups), self._rows


def _journal_of(path: Path) -> Path:
    return path.with_name(path.name + ".journal")
