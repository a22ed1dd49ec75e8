"""System E's methods: forms, chunks that go on, imports and folders."""

from __future__ import annotations

import hashlib
import random
from email import message_from_bytes
from typing import Any, Dict, List, Tuple

from longhaul import ServiceError, TransferError, UploadClient

from .fake_service import Asked, ServiceTest

ANA = ("ana@lab.org", "Scan", "TIFF")


def fields_of(asked: Asked) -> Dict[str, Any]:
    """Of a form or of JSON; a file is its bytes."""
    kind = asked.headers["content-type"] or ""
    if not kind.startswith("multipart/"):
        return asked.json if asked.body else {}
    message = message_from_bytes(f"content-type: {kind}\r\n\r\n".encode() + asked.body)
    found: Dict[str, Any] = {}
    for part in message.get_payload():  # type: ignore[union-attr]
        data = part.get_payload(decode=True)  # type: ignore[union-attr]
        name = part.get_param("name", header="content-disposition")  # type: ignore[union-attr]
        found[str(name)] = data if part.get_filename() else data.decode()  # type: ignore[union-attr]
    return found


class Portal:
    """System E's routes in memory, with chunks of ten bytes."""

    def __init__(self) -> None:
        self.asked: List[Tuple[str, Dict[str, Any]]] = []
        self.chunks: Dict[int, bytes] = {}
        self.announced: Dict[str, Any] = {}
        self.refuse_after = -1
        self.damaged = 0

    def routes(self, word: str) -> List[str]:
        return [route for route, _ in self.asked if word in route]

    def __call__(self, asked: Asked) -> None:
        fields = fields_of(asked)
        self.asked.append((f"{asked.method} {asked.path}", fields))
        action, *names = asked.path.split("/")[3:]
        if action != "large":
            started = {"job_id": "upload_1", "status": "queued", "upload_type": "standard", "dataset_uuid": "d-1"}
            return asked.answer(200, {**started, "status": "completed"} if action == "status" else started)
        total = -(-self.announced.get("file_size", 0) // 10)
        missing = [index for index in range(total) if index not in self.chunks]
        if names[0] == "initiate":
            self.announced = fields
            chunks = -(-fields["file_size"] // 10)
            asked.answer(200, {"upload_id": "large_upload_1", "chunk_size": 10, "total_chunks": chunks})
        elif names[0] == "chunk":
            if len(self.chunks) == self.refuse_after:
                return asked.refuse(403, "forbidden")
            if self.damaged > 0:
                self.damaged -= 1
                return asked.refuse(400, "checksum-mismatch")
            assert hashlib.sha256(fields["chunk"]).hexdigest() == fields["chunk_hash"]
            self.chunks[int(names[2])] = fields["chunk"]
            asked.answer(200, {"message": "ok"})
        elif names[0] == "resume":
            asked.answer(200, {"missing_chunks": missing, "total_chunks": total, "can_resume": bool(missing)})
        else:
            asked.answer(200, {"message": "ok", "job_id": "upload_2", "dataset_uuid": "d-2"})


class PortalTest(ServiceTest):
    def setUp(self) -> None:
        super().setUp()
        self.portal = Portal()
        self.url = self.serve(self.portal)

    def uploads(self) -> UploadClient:
        made = UploadClient(self.url, state=self.folder / "state")
        made._connection._first_pause = 0.001
        self.addCleanup(made.close)
        return made

    def test_a_small_file_goes_as_one_form(self):
        path = self.file('a "b".tif', b"bytes")
        sent = self.uploads().upload_local_file(path, *ANA, folder="f", tags=["x", "y"])
        self.assertEqual((sent["job_id"], sent["upload_type"]), ("upload_1", "standard"))
        [(route, fields)] = self.portal.asked
        self.assertEqual((route, fields["file"]), ("POST /api/upload/upload", b"bytes"))
        said = {name: fields[name] for name in ("user_email", "convert", "is_public", "folder", "tags")}
        expected = {"user_email": "ana@lab.org", "convert": "true", "is_public": "false", "folder": "f", "tags": "x,y"}
        self.assertEqual(said, expected)

    def test_chunks_carry_their_digests_and_only_what_is_missing_goes_again(self):
        data = random.Random(1).randbytes(75)
        path = self.file("large.bin", data)
        self.portal.refuse_after = 3
        with self.assertRaises(ServiceError):
            self.uploads().upload_file_chunked(path, *ANA)
        self.portal.refuse_after = -1
        told: List[Tuple[int, int]] = []
        # Another process of the same user: it knows what the first one noted.
        sent = self.uploads().upload_file_parallel(path, *ANA, progress_callback=lambda *at: told.append(at))
        self.assertEqual((sent["job_id"], sent["upload_type"]), ("upload_2", "chunked"))
        self.assertEqual((told[0], told[-1]), ((30, 75), (75, 75)))
        self.assertEqual(b"".join(part for _, part in sorted(self.portal.chunks.items())), data)
        self.assertEqual(self.portal.announced["file_hash"], hashlib.sha256(data).hexdigest())
        self.assertEqual((len(self.portal.routes("/chunk/")), len(self.portal.routes("/initiate"))), (9, 1))
        self.uploads().upload_file_chunked(path, "ana@lab.org", "Other", "TIFF")
        self.assertEqual(len(self.portal.routes("/initiate")), 2)

    def test_a_chunk_that_was_damaged_on_its_way_is_sent_again(self):
        self.portal.damaged = 2
        self.uploads().upload_file_chunked(self.file("a.bin", b"0123456789abc"), *ANA)
        self.assertEqual(sorted(self.portal.chunks.values()), [b"0123456789", b"abc"])

    def test_a_folder_is_one_dataset_and_keeps_its_places(self):
        self.file("root/a.tif", b"a")
        self.file("root/b/c/x.tif", b"x")
        told: List[Tuple[int, int]] = []
        sent = self.uploads().upload_directory(
            self.folder / "root", *ANA, progress_callback=lambda *at: told.append(at)
        )
        self.assertEqual((len(sent), told[-1]), (2, (2, 2)))
        places = [(fields["relative_path"], fields.get("dataset_identifier")) for _, fields in self.portal.asked]
        self.assertEqual(places, [("a.tif", None), ("b/c/x.tif", "d-1")])

    def test_the_rest_is_asked_where_it_always_was(self):
        lh = self.uploads()
        lh.initiate_url_upload("https://data.org/a", *ANA)
        lh.initiate_s3_upload("b", "k", "i", "s", *ANA, source_config={"region": "eu"})
        lh.initiate_google_drive_upload("f", "account.json", *ANA)
        lh.upload_file_by_path("/data/a.tif", *ANA)
        lh.cancel_upload("upload_1")
        lh.cancel_upload("large_upload_1")
        lh.list_upload_jobs("ana@lab.org")
        self.assertEqual(lh.wait_for_completion("upload_1")["status"], "completed")
        routes = [route.replace("/api/upload", "") for route, _ in self.portal.asked]
        initiate = "POST /initiate"
        self.assertEqual(
            routes,
            [initiate, initiate, initiate, "POST /upload-path", "POST /cancel/upload_1"]
            + ["DELETE /large/cancel/large_upload_1", "GET /jobs", "GET /status/upload_1"],
        )
        keys = {"bucket_name": "b", "object_key": "k", "access_key_id": "i", "secret_access_key": "s", "region": "eu"}
        self.assertEqual(self.portal.asked[1][1]["source_config"], keys)

    def test_mistakes_are_named_before_anything_is_sent(self):
        lh = self.uploads()
        with self.assertRaisesRegex(TypeError, "A dataset has no sensors"):
            lh.upload_file(self.file("a", b"a"), *ANA, sensors=1)
        with self.assertRaisesRegex(TransferError, "no such file"):
            lh.upload_file("nowhere", *ANA)
        self.assertEqual(self.portal.asked, [])
