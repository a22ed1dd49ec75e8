"""What `job.checkpoint` keeps, and how the next attempt goes on from it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Dict, List, Optional

from .child_process import ChildTest

WRITES = """
from longhaul import Job
def f(job: Job, until: int, kill_after: int = -1) -> dict:
    first = job.restored["n"] if job.restored else 0
    rows, masks = job.outputs.records("rows"), job.outputs.shards("masks")
    for n in range(first, until):
        rows.write(n=n)
        masks.add(f"folder/{n}.txt", "x" * 700)
        if n == kill_after - 2:
            job.checkpoint({"n": n + 1}, files=["field.bin"])
        if n == kill_after:
            raise SystemExit("killed")
    return {"rows": rows, "masks": masks, "count": [rows.count, masks.count]}
"""
LIMITS = {"records_file_bytes": 40, "shard_bytes": 2000}


class CheckpointTest(ChildTest):
    def attempt(self, text: str, input: Dict[str, Any], answer: Optional[Dict[str, Any]] = None, **more: Any):
        """Everything said in one attempt, whose checkpoints are answered like that."""
        child = self.ready(text)
        child.start_run("f", input, **more)
        said: List[Dict[str, Any]] = []
        while True:
            said += child.until("checkpoint", "result", "error")
            if said[-1]["type"] != "checkpoint":
                child.stop()
                return said
            child.send({"type": "checkpointed", **(answer or {"saved": True})})

    def files(self, said: List[Dict[str, Any]]) -> Dict[str, bytes]:
        return {one["name"]: Path(one["path"]).read_bytes() for one in said if one["type"] == "output"}

    def test_masks_have_the_names_and_the_index_of_system_b_also_after_a_checkpoint(self):
        text = '''
from longhaul import Job, mask_member
def f(job: Job, kill: bool = False) -> int:
    masks = job.outputs.shards("masks", layout="masks")
    for roi in range(masks.count + 1, 6):
        masks.add(mask_member("D_1", roi), b"123456")
        if roi == 3 and kill:
            job.checkpoint({})
            raise SystemExit("killed")
    return masks.count
'''
        limits = {"records_file_bytes": 40, "shard_bytes": 10}
        whole = self.files(self.attempt(text, {}, limits=limits))
        shards = [f"masks/shard-0000{n}.{kind}" for n in range(3) for kind in ("tar", "json")]
        self.assertEqual(list(whole), shards)
        self.assertEqual(
            json.loads(whole["masks/shard-00001.json"]),
            {
                "D_1_00003": {"bin_id": "D_1", "roi_number": 3, "tar_member": "D_1_00003.png"},
                "D_1_00004": {"bin_id": "D_1", "roi_number": 4, "tar_member": "D_1_00004.png"},
            },
        )
        shutil.rmtree(self.workspace)
        self.workspace.mkdir()
        said = self.attempt(text, {"kill": True}, limits=limits)
        kept = next(one for one in said if one["type"] == "checkpoint")
        [writer] = kept["writers"]
        self.assertEqual(writer["layout"], "masks")
        before = self.files(said)
        more = {"restored": {}, "restored_writers": kept["writers"]}
        after = self.files(self.attempt(text, {}, limits=limits, **more))
        self.assertEqual({**before, **after}, whole)

    def test_an_attempt_goes_on_and_writes_the_same_files_as_without_an_end(self):
        said = self.attempt(WRITES, {"until": 12}, limits=LIMITS)
        whole, value = self.files(said), said[-1]["value"]
        self.assertEqual(value["count"], [12, 12])
        self.assertGreater(len(whole), 6)
        shutil.rmtree(self.workspace)
        self.workspace.mkdir()

        said = self.attempt(WRITES, {"until": 12, "kill_after": 8}, limits=LIMITS)
        self.assertEqual(said[-1]["type"], "error")
        at = next(index for index, one in enumerate(said) if one["type"] == "checkpoint")
        kept, before = said[at], self.files(said[:at])
        self.assertEqual((kept["state"], kept["files"]), ({"n": 7}, ["field.bin"]))
        self.assertEqual(len(kept["growing"]), 2)
        for one in kept["growing"]:
            os.truncate(self.workspace / one["path"], one["size"])
        restored = {"restored": kept["state"], "restored_writers": kept["writers"], "limits": LIMITS}
        said = self.attempt(WRITES, {"until": 12}, **restored)
        self.assertEqual(said[-1]["value"], value)
        self.assertEqual({**before, **self.files(said)}, whole)

    def test_what_a_checkpoint_held_unfinished_is_given_away_also_by_code_that_does_not_ask_for_it(self):
        said = self.attempt(WRITES, {"until": 5, "kill_after": 4}, limits=LIMITS)
        kept = next(one for one in said if one["type"] == "checkpoint")
        text = "def f(job):\n  job.checkpoint('again')"
        said = self.attempt(text, {}, restored=1, restored_writers=kept["writers"])
        self.assertEqual(said[0]["writers"], kept["writers"])
        self.assertEqual(self.files(said)["rows_00000.jsonl"], b'{"n": 0}\n{"n": 1}\n{"n": 2}\n')
        self.assertEqual(sorted(self.files(said)), ["masks_00001.json", "masks_00001.tar", "rows_00000.jsonl"])

    def test_it_is_due_when_the_time_has_come_or_the_worker_drains(self):
        text = """
            import time
            def f(job):
                assert not job.checkpoint_due("1 h")
                time.sleep(0.02)
                assert job.checkpoint_due("10 ms")
                job.checkpoint(1)
                assert not job.checkpoint_due("1 h")
                job.progress(1, 2)
                while not job.checkpoint_due("1 h"): time.sleep(0.005)
                job.checkpoint(2)
                return "goes on"
        """
        child = self.ready(text)
        child.start_run("f", {})
        child.until("checkpoint")
        child.send({"type": "checkpointed", "saved": True})
        child.until("progress")
        child.send({"type": "drain"})
        self.assertEqual(child.until("checkpoint")[-1]["state"], 2)
        child.send({"type": "checkpointed", "saved": True, "stop": True})
        end = child.until("result", "error")[-1]
        self.assertEqual((end["type"], end.get("code")), ("error", "cancelled"))
        child.start_run("f", {})
        self.assertFalse(child.until("checkpoint")[-1]["state"] == 2)  # the next attempt drains no more

    def test_one_that_could_not_be_saved_is_tried_again_soon(self):
        text = """
            def f(job):
                job.checkpoint(1)
                return job.checkpoint_due("1 ms") in (True, False)
        """
        self.assertEqual(self.attempt(text, {}, {"saved": False})[-1]["value"], {"f": True})

    def test_a_cancel_ends_the_wait_for_an_answer(self):
        child = self.ready("def f(job): job.checkpoint(1)")
        child.start_run("f", {})
        child.until("checkpoint")
        child.send({"type": "cancel", "reason": "cancelled"})
        self.assertEqual(child.until("result", "error")[-1]["code"], "cancelled")

    def test_a_state_that_is_too_large_is_refused_with_a_sentence(self):
        error = self.error("def f(job): job.checkpoint('x' * 262144)")
        self.assertEqual(error["code"], "permanent")
        self.assertIn("262146 bytes of JSON; it may be 262144", error["message"])

    def test_versions_whose_checkpoints_are_accepted_are_described(self):
        child = self.child("from longhaul import processor\n@processor(accepts_checkpoints=['1.0'])\ndef f(): pass")
        self.assertEqual(child.until("describe")[0]["processors"][0]["accepts_checkpoints"], ["1.0"])
