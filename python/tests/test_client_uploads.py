"""put: in parts, again after an interruption, and never mixed."""

from __future__ import annotations

import hashlib
import os
import random
from base64 import b64encode

from longhaul import TransferError

from .fake_service import Asked, Memory, ServiceTest


class UploadTest(ServiceTest):
    def setUp(self) -> None:
        super().setUp()
        self.service = Memory()
        self.service.url = self.serve(self.service)
        self.bytes = random.Random(1).randbytes(45_001)

    def sent_parts(self) -> int:
        return sum(one.startswith("PUT /part/") for one in self.service.asked)

    def test_every_part_goes_once_and_bytes_are_told(self):
        told = []
        upload = self.client(self.service.url).put(
            self.file("a.bin", self.bytes), progress=lambda done, total: told.append((done, total))
        )
        self.assertEqual(self.service.bytes_of(upload.id), self.bytes)
        self.assertEqual((self.sent_parts(), told[-1], upload.resumed_bytes), (5, (45_001, 45_001), 0))

    def test_only_what_is_missing_goes_when_it_goes_on(self):
        path = self.file("a.bin", self.bytes)
        refused = []

        def first(asked: Asked) -> bool:
            if asked.path.endswith("/3") and not refused:
                refused.append(asked.path)
                asked.refuse(403, "forbidden")
                return True
            return False

        self.service.first = first
        with self.assertRaisesRegex(Exception, "forbidden"):
            self.client(self.service.url, parallel=1).put(path)
        self.assertEqual(sorted(self.service.parts["u1"]), [1, 2])
        # Another process of the same user: it knows what the first one noted.
        upload = self.client(self.service.url).put(path)
        self.assertEqual((upload.id, upload.resumed_bytes, self.service.bytes_of("u1")), ("u1", 20_000, self.bytes))
        self.assertEqual(self.sent_parts(), 6)

    def test_an_upload_that_the_service_no_longer_knows_starts_anew(self):
        path = self.file("a.bin", self.bytes)
        self.client(self.service.url).put(path)
        self.service.parts.clear()
        self.assertEqual(self.client(self.service.url).put(path).resumed_bytes, 0)
        self.assertEqual(self.service.bytes_of("u1"), self.bytes)

    def test_expired_urls_are_replaced(self):
        refusals = [403, 403]

        def first(asked: Asked) -> bool:
            if asked.method == "PUT" and refusals:
                asked.refuse(refusals.pop(), "signature-expired")
                return True
            return False

        self.service.first = first
        upload = self.client(self.service.url).put(self.file("a.bin", self.bytes))
        self.assertEqual(self.service.bytes_of(upload.id), self.bytes)

    def test_a_file_that_changes_meanwhile_fails_naming_it(self):
        path = self.file("a.bin", self.bytes)

        def first(asked: Asked) -> bool:
            if asked.path == "/uploads":
                os.utime(path, (1, 1))
            return False

        self.service.first = first
        with self.assertRaisesRegex(TransferError, r"a\.bin changed while uploading"):
            self.client(self.service.url).put(path)

    def test_bytes_that_were_stored_otherwise_are_refused(self):
        def first(asked: Asked) -> bool:
            if asked.path.endswith("/complete"):
                asked.answer(200, {"upload_id": "u1", "uri": "s3://b/u1", "sha256": "f" * 64})
                return True
            return False

        self.service.first = first
        with self.assertRaises(TransferError) as caught:
            self.client(self.service.url).put(self.file("a.bin", self.bytes))
        self.assertEqual(caught.exception.kind, "checksum")
        self.service.first = None
        upload = self.client(self.service.url).put(self.folder / "a.bin")
        self.assertEqual((upload.id, self.service.bytes_of("u2")), ("u2", self.bytes))

    def test_a_file_that_is_not_there_is_said_before_anything_is_sent(self):
        with self.assertRaisesRegex(TransferError, "missing.bin: no such file; nothing was sent"):
            self.client(self.service.url).put(self.folder / "missing.bin")
        self.assertEqual(self.service.asked, [])

    def test_bytes_and_empty_files_are_files_too(self):
        client = self.client(self.service.url)
        self.assertEqual(self.service.bytes_of(client.put(b"abc", name="a.txt").id), b"abc")
        self.assertEqual(client.put(self.file("empty", b"")).size, 0)
        with self.assertRaisesRegex(TypeError, "needs a name"):
            client.put(b"abc")

    def test_notes_that_are_old_are_forgotten_and_none_is_needed(self):
        from longhaul.client.notes import Notes

        notes = Notes(self.folder / "state")
        notes.remember("uploads", "u1", "old")
        [old] = (self.folder / "state/uploads").iterdir()
        os.utime(old, (1, 1))
        Notes(self.folder / "state").remember("uploads", "u2", "new")
        self.assertEqual((notes.recall("uploads", "old"), notes.recall("uploads", "new")), (None, "u2"))
        nowhere = Notes(self.file("a file", b"") / "state")
        nowhere.remember("uploads", "u3", "x")
        self.assertIsNone(nowhere.recall("uploads", "x"))

    def test_parts_to_the_service_itself_carry_their_digest_and_damage_is_sent_again(self):
        digests = []
        session = self.service.session

        def own_store(upload_id: str):
            view = session(upload_id)
            for part in view["part_urls"]:
                part["url"] = part["url"].replace("/part/", "/storage/parts/")
            return view

        def first(asked: Asked) -> bool:
            if not asked.path.startswith("/storage/parts/"):
                return False
            digests.append(asked.headers["content-digest"])
            if len(digests) == 2:
                asked.refuse(400, "checksum-mismatch")
            else:
                _, _, _, upload_id, number = asked.path.split("/")
                self.service.parts[upload_id][int(number)] = asked.body
                asked.answer(200, headers={"etag": '"x"'})
            return True

        self.service.session = own_store
        self.service.first = first
        upload = self.client(self.service.url, parallel=1).put(self.file("a.bin", self.bytes))
        self.assertEqual(self.service.bytes_of(upload.id), self.bytes)
        sha256 = b64encode(hashlib.sha256(self.bytes[:10_000]).digest()).decode()
        self.assertEqual((digests[0], len(digests)), (f"sha-256=:{sha256}:", 6))
