"""outputs: found by name, field or writer; saved whole or not at all."""

from __future__ import annotations

import hashlib
import random
from typing import Any, Dict

from longhaul import TransferError
from longhaul.client import Outputs

from .fake_service import Asked, ServiceTest


def view(name: str, data: bytes, **more: Any) -> Dict[str, Any]:
    return {
        "name": name,
        "field": None,
        "uri": f"s3://b/{name}",
        "url": f"/o/{name}",
        "size_bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "content_type": "text/plain",
        **more,
    }


class OutputTest(ServiceTest):
    def setUp(self) -> None:
        super().setUp()
        self.bytes = random.Random(2).randbytes(600_000)
        self.ranges = []

    def ranged(self, asked: Asked) -> None:
        wanted = asked.headers["range"]
        self.ranges.append(wanted)
        start = int(wanted[6:-1]) if wanted else 0
        asked.answer(206 if wanted else 200, self.bytes[start:])

    def outputs(self, answer=None, *views: Dict[str, Any]) -> Outputs:
        connection = self.client(self.serve(answer or self.ranged))._connection
        return Outputs(connection, views or (view("o.bin", self.bytes),))

    def test_a_download_goes_on_after_a_broken_line(self):
        def answer(asked: Asked) -> None:
            if self.ranges:
                return self.ranged(asked)
            self.ranges.append(None)
            asked.begin(200, {"content-length": str(len(self.bytes))})
            asked.write(self.bytes[:300_000])
            return asked.hang_up()

        [saved] = self.outputs(answer).save(self.folder / "out")
        self.assertEqual(saved.read_bytes(), self.bytes)
        self.assertEqual(len(self.ranges), 2)
        self.assertRegex(self.ranges[1], r"^bytes=[1-9]\d*-$")
        self.assertEqual([one.name for one in (self.folder / "out").iterdir()], ["o.bin"])

    def test_what_an_earlier_try_left_is_kept_unless_it_is_of_another_file(self):
        output = self.outputs()["o.bin"][0]
        part = f"out/o.bin.{output.sha256[:8]}.part"
        self.file(part, self.bytes[:1000])
        self.assertEqual(output.save(self.folder / "out").read_bytes(), self.bytes)
        self.assertEqual(self.ranges, ["bytes=1000-"])
        (self.folder / "out/o.bin").unlink()
        self.file(part, b"something else")
        self.assertEqual(output.save(self.folder / "out").read_bytes(), self.bytes)

    def test_what_is_there_and_equal_is_left_alone(self):
        self.file("out/o.bin", self.bytes)
        self.outputs().save(self.folder / "out")
        self.assertEqual(self.ranges, [])

    def test_nothing_is_kept_of_bytes_that_are_wrong(self):
        outputs = self.outputs(lambda asked: asked.answer(200, self.bytes[:-1] + b"!"))
        with self.assertRaises(TransferError) as caught:
            outputs.save(self.folder / "out")
        self.assertEqual(caught.exception.kind, "checksum")
        self.assertEqual([one.stat().st_size for one in (self.folder / "out").iterdir()], [0])
        with self.assertRaises(TransferError):
            outputs["o.bin"].read()

    def test_no_name_leaves_the_folder(self):
        for name in ("../x", "/etc/x", "a//b", "a/../../x", "."):
            with self.subTest(name), self.assertRaisesRegex(TransferError, "would leave"):
                self.outputs(None, view(name, b"")).save(self.folder)

    def test_words_find_names_then_fields_then_writers(self):
        names = ["cells_00000.jsonl", "cells_00001.jsonl", "masks_00000.tar", "masks_00000.json", "cells"]
        outputs = self.outputs(None, *[view(name, b"") for name in names], view("t.webp", b"", field="thumb"))

        def found(word: str):
            return [one.name for one in outputs[word]]

        self.assertEqual(found("cells"), ["cells"])
        self.assertEqual(found("thumb"), ["t.webp"])
        self.assertEqual(found("masks"), ["masks_00000.tar", "masks_00000.json"])
        self.assertEqual(list(outputs), [*names, "t.webp"])
        with self.assertRaisesRegex(KeyError, "nothing; there is cells_00000.jsonl"):
            outputs["nothing"]

    def test_rows_are_read_over_all_files_of_a_writer(self):
        data = b'{"n": 1}\n{"n": 2}\n'
        outputs = self.outputs(
            lambda asked: asked.answer(200, data), view("r_00000.jsonl", data), view("r_00001.jsonl", data)
        )
        self.assertEqual([row["n"] for row in outputs["r"].rows()], [1, 2, 1, 2])
