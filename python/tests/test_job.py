"""What `job` offers."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

from .child_process import ChildTest


class JobTest(ChildTest):
    def test_track_counts_rates_and_ends_at_the_total(self):
        messages = self.run_once("""
            def f(job):
                for _ in job.track([1, 2, 3], "frames"): pass
                for _ in job.track(iter("ab"), "letters"): pass
                for _ in job.track(range(7, 10), "steps", total=10, start=7): pass
        """)
        said = [one for one in messages if one["type"] == "progress"]
        frames = [one for one in said if one["stage"] == "frames"]
        self.assertEqual([one["done"] for one in frames], [0, 1, 2, 3])
        self.assertEqual((frames[-1]["percent"], frames[-1]["total"]), (100, 3))
        self.assertEqual([one for one in said if one["stage"] == "letters"][-1]["total"], 2)
        steps = [one for one in said if one["stage"] == "steps"]
        self.assertEqual((steps[0]["done"], steps[-1]["done"], steps[-1]["percent"]), (7, 10, 100))

    def test_a_fast_loop_does_not_flood_and_its_end_is_told(self):
        messages = self.run_once("def f(job):\n  for _ in job.track(range(200_000)): pass")
        said = [one for one in messages if one["type"] == "progress"]
        self.assertLess(len(said), 2000)
        self.assertEqual(said[-1]["done"], 200_000)

    def test_progress_and_log_carry_what_they_are_given(self):
        messages = self.run_once("""
            from pathlib import Path
            def f(job):
                job.progress(1, 4, "first")
                job.progress(stage="fit", percent=40, detail={"loss": 0.5})
                job.log.info("hello", file=Path("a/b"), what=object)
                job.log.warn("odd", value=float("inf"))
        """)
        first, second, info, warn, _ = messages
        self.assertEqual((first["done"], first["total"], first["percent"], first["message"]), (1, 4, 25, "first"))
        self.assertEqual(second, {"type": "progress", "stage": "fit", "percent": 40, "detail": {"loss": 0.5}})
        self.assertEqual((info["level"], info["text"], info["fields"]["file"]), ("info", "hello", "a/b"))
        self.assertEqual(warn["fields"], {"value": None})

    def test_outputs_are_written_promised_recorded_and_sharded(self):
        messages = self.run_once("""
            import io
            from pathlib import Path
            from longhaul import Job
            def f(job: Job):
                text = job.outputs.write("a/text.txt", "µ")
                job.outputs.write("stream.bin", io.BytesIO(b"12"))
                job.outputs.write("chunks.bin", (b"%d" % i for i in range(3)), media_type="x/y")
                job.outputs.path("unused.txt")
                later = job.outputs.path("later.txt")
                later.write_text("later")
                cells = job.outputs.records("cells")
                for label in range(3): cells.write(label=label, area=0.5)
                with job.outputs.shards("masks") as masks:
                    for index in range(3): masks.add(f"{index}.png", bytes(2000))
                return {"text": text, "later": later, "cells": cells, "count": cells.count, "masks": masks}
        """)
        outputs = {one["name"]: one for one in messages if one["type"] == "output"}
        read = {name: Path(one["path"]).read_bytes() for name, one in outputs.items()}
        self.assertEqual(read["a/text.txt"], "µ".encode())
        self.assertEqual((read["stream.bin"], read["chunks.bin"], read["later.txt"]), (b"12", b"012", b"later"))
        self.assertEqual(outputs["chunks.bin"]["media_type"], "x/y")
        self.assertEqual(outputs["cells_00000.jsonl"]["media_type"], "application/x-ndjson")
        self.assertNotIn("unused.txt", outputs)
        self.assertEqual(json.loads(read["masks_00000.json"])["items"][0], {"name": "0.png", "size_bytes": 2000})
        value = messages[-1]["value"]
        self.assertEqual(value["count"], 3)
        self.assertEqual(value["masks"], [{"$output": "masks_00000.tar"}, {"$output": "masks_00001.tar"}])
        self.assertEqual(value["later"], {"$output": "later.txt"})

    def test_output_names_cannot_leave_their_folder_and_are_unique(self):
        for name in ("../x", "/x", "a//b", "", "a\\\\b", "a\\0b", "."):
            error = self.error(f"def f(job): job.outputs.write('{name}', b'')")
            self.assertIn("cannot be used", error["message"], name)
        text = "def f(job):\n  job.outputs.write('x', b'')\n  job.outputs.write('x', b'')"
        self.assertIn("given already", self.error(text)["message"])

    def test_a_tar_is_what_tar_reads_and_the_same_every_time(self):

        text = """
            def f(job):
                masks = job.outputs.shards("masks")
                masks.add("a/" + "x" * 99, "text")
                masks.add("ä.png", b"12345")
        """
        archives = []
        for _ in range(2):
            messages = self.run_once(text)
            path = next(one["path"] for one in messages if one.get("name") == "masks_00000.tar")
            archives.append(Path(path).read_bytes())
        self.assertEqual(archives[0], archives[1])
        self.assertEqual(len(archives[0]) % 10240, 0)
        with tarfile.open(fileobj=io.BytesIO(archives[0])) as tar:
            members = {one.name: tar.extractfile(one).read() for one in tar.getmembers()}  # type: ignore[union-attr]
        self.assertEqual(members, {"a/" + "x" * 99: b"text", "ä.png": b"12345"})
