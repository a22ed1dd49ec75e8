"""What `job.outputs.records(name, format="parquet")` writes. That readers understand it is for the service's tests."""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict, List, Optional
from unittest import mock

from longhaul import parquet_writer
from longhaul.errors import PermanentError
from longhaul.kept import State
from longhaul.outputs import Outputs

from .child_process import ChildTest


class ParquetTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="longhaul-parquet-")
        self.addCleanup(folder.cleanup)
        self.workspace = Path(folder.name)

    def outputs(self, restored: Optional[List[Dict[str, Any]]] = None, file_bytes: int = 2**20) -> Outputs:
        self.given: Dict[str, bytes] = {}
        outputs = Outputs(
            self.workspace,
            self.take,
            lambda: None,
            lambda text: None,
            limits={"records_file_bytes": file_bytes},
            restored_writers=restored or (),
        )
        self.addCleanup(self.die, outputs)
        return outputs

    def die(self, outputs: Outputs) -> None:
        """What the end of a process does to the files that its attempt left open."""
        for writer in outputs._writers:
            if writer._sink is not None:
                writer._sink.close()

    def take(self, message: Dict[str, Any]) -> None:
        self.given[message["name"]] = Path(message["path"]).read_bytes()

    def complaint(self, rows: List[Dict[str, Any]], **more: Any) -> str:
        outputs = self.outputs()
        with self.assertRaises(PermanentError) as caught:
            table = outputs.records("t", format="parquet", **more)
            for row in rows:
                table.write(row)
            table.close()
        return str(caught.exception)

    def test_a_table_is_a_parquet_file_the_same_every_time(self):
        files = []
        for _ in range(2):
            outputs = self.outputs()
            cells = outputs.records("cells", format="parquet")
            cells.write(label=1, area=0.5, image="ä.png")
            cells.write({"label": 2, "area": float("nan")}, good=True)
            outputs.finish()
            self.assertEqual((cells.count, cells.files), (2, ["cells_00000.parquet"]))
            files.append(self.given["cells_00000.parquet"])
        self.assertEqual(files[0], files[1])
        self.assertEqual((files[0][:4], files[0][-4:]), (b"PAR1", b"PAR1"))

    def test_no_row_makes_no_file(self):
        outputs = self.outputs()
        outputs.records("cells", format="parquet")
        outputs.finish()
        self.assertEqual(self.given, {})

    def test_the_next_file_begins_before_the_limit_and_a_name_with_the_ending_is_one_file(self):
        with mock.patch.object(parquet_writer, "_GROUP_ROWS", 3):
            for name, count in (("rows", 4), ("one.parquet", 1)):
                outputs = self.outputs(file_bytes=400)
                rows = outputs.records(name, format="parquet")
                for n in range(11):
                    rows.write(text=os.urandom(100).hex(), n=n)
                outputs.finish()
                self.assertEqual(len(self.given), count)
                self.assertIs(outputs.records(name, format="parquet"), rows)

    def test_an_attempt_goes_on_from_any_row_and_writes_the_same_files(self):
        rows = [{"n": n, "half": n / 2, "text": "x" * (n * 7 % 90), "more": [n] if n % 3 else None} for n in range(14)]
        with mock.patch.object(parquet_writer, "_GROUP_ROWS", 4):
            for file_bytes in (300, 2**20):
                whole = self.written(rows, [], file_bytes)
                for stops in ([0], [1], [4], [5, 5], [3, 6, 7], [2, 9, 13], [14]):
                    self.assertEqual(self.written(rows, stops, file_bytes), whole, (file_bytes, stops))

    def written(self, rows: List[Dict[str, Any]], stops: List[int], file_bytes: int) -> Dict[str, bytes]:
        """All files, when the attempts end there; what each wrote after its checkpoint is torn."""
        all_given: Dict[str, bytes] = {}
        restored: List[Dict[str, Any]] = []
        done = 0
        for stop in [*stops, len(rows)]:
            outputs = self.outputs(restored, file_bytes)
            table = outputs.records("t", format="parquet")
            self.assertEqual(table.count, done)
            for row in rows[done:stop]:
                table.write(row)
            done = stop
            if not stops:
                break
            restored, growing = outputs.flush()
            all_given.update(self.given)
            for one in growing:
                with open(self.workspace / one["path"], "ab") as file:
                    file.write(b"torn")
        if stops:
            outputs = self.outputs(restored, file_bytes)  # of code that does not ask for the table
        outputs.finish()
        all_given.update(self.given)
        self.assertEqual(list(self.workspace.rglob("*.journal")), [])
        return all_given

    def test_the_first_rows_decide_what_the_columns_are_unless_a_schema_says_it(self):
        self.assertIn("t.a has int64 and string in one column", self.complaint([{"a": 1}, {"a": "x"}]))
        self.assertIn("which 64 bits cannot hold", self.complaint([{"a": 2**63}]))
        with mock.patch.object(parquet_writer, "_GROUP_ROWS", 2):
            rows = [{"a": 1}, {"a": 2}]
            self.assertIn("t[2].a is double, but its column is int64", self.complaint([*rows, {"a": 0.5}]))
            self.assertIn("t[2].b: the table has no such column", self.complaint([*rows, {"b": 0.5}]))
        schema = {"a": float, "b": "string"}
        self.assertIn("t[1].b is int64, but its column is string", self.complaint([{"a": 1}, {"b": 1}], schema=schema))
        self.assertIn("t[0].c: the table has no such column", self.complaint([{"c": 1}], schema=schema))
        self.assertIn("the column a cannot be", self.complaint([], schema={"a": bytes}))

    def test_a_row_that_is_refused_leaves_the_table_as_it_was(self):
        outputs = self.outputs()
        table = outputs.records("t", format="parquet", schema={"a": int})
        table.write(a=1)
        with self.assertRaises(PermanentError):
            table.write(a="x")
        table.write(a=2)
        outputs.finish()
        self.assertEqual(table.count, 2)

    def test_a_checkpoint_of_another_format_or_of_other_columns_is_not_continued(self):
        outputs = self.outputs()
        outputs.records("t", format="parquet", schema={"a": int}).write(a=1)
        kept, _ = outputs.flush()
        with self.assertRaisesRegex(PermanentError, "another format"):
            self.outputs(kept).records("t")
        with self.assertRaisesRegex(PermanentError, "other columns"):
            self.outputs(kept).records("t", format="parquet", schema={"a": float})
        self.assertEqual(State.from_json(kept[0], self.workspace).to_json(self.workspace), kept[0])


class FormatTest(ChildTest):
    def test_the_result_names_the_files_of_a_table(self):
        text = """
            def f(job):
                cells = job.outputs.records("cells", format="parquet")
                cells.write(label=3)
                return {"cells": cells}
        """
        *_, output, result = self.run_once(text)
        self.assertEqual(output["media_type"], "application/vnd.apache.parquet")
        self.assertEqual(result["value"], {"cells": [{"$output": "cells_00000.parquet"}]})

    def test_an_unknown_format_is_refused(self):
        text = "def f(job): job.outputs.records('r', format='orc')"
        self.assertIn("the format is 'jsonl', or 'parquet'", self.error(text)["message"])
