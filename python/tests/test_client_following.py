"""watch and wait: over a stream that breaks, and where there is none."""

from __future__ import annotations

import json
import threading

from longhaul import JobFailedError, UnreachableError

from .fake_service import Asked, ServiceTest, job_view


def event(no: int, kind: str) -> bytes:
    data = {"job_id": "j_1", "no": no, "type": kind, "attempt": 1, "at": "2026-01-01T00:00:00Z", "data": {}}
    return f": a comment\n\nid: {no}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()


STREAM = {"content-type": "text/event-stream", "connection": "close"}


class FollowTest(ServiceTest):
    def setUp(self) -> None:
        super().setUp()
        self.status = "running"
        self.streams = []
        self.looked = threading.Semaphore(0)
        self.events = lambda asked: asked.begin(200, STREAM)

    def answer(self, asked: Asked) -> None:
        if not asked.path.endswith("/events"):
            asked.answer(200, job_view("j_1", self.status, error="it broke", problem={"code": "transient"}))
            return self.looked.release() if self.streams else None
        self.streams.append(asked.headers["last-event-id"])
        return self.events(asked)

    def test_it_reconnects_with_the_last_event_and_ends_with_the_finished_job(self):
        def events(asked: Asked) -> None:
            asked.begin(200, STREAM)
            if len(self.streams) == 1:
                asked.write(event(1, "queued") + event(2, "started"))
                return asked.hang_up()
            self.status = "completed"
            asked.write(event(3, "completed"))
            return asked.hang_up()

        self.events = events
        updates = list(self.client(self.serve(self.answer)).watch("j_1"))
        self.assertEqual([one.event and one.event["type"] for one in updates][1:4], ["queued", "started", "completed"])
        self.assertEqual((self.streams, updates[-1].job["status"]), ([None, "2"], "completed"))

    def test_progress_is_told_and_the_failure_before_a_retry_is_no_end(self):
        def events(asked: Asked) -> None:
            asked.begin(200, STREAM)
            asked.write(event(1, "failed") + event(2, "retried"))
            asked.write(
                b'event: progress\ndata: {"job_id":"j_1","type":"progress","attempt":2,"data":{"percent":50}}\n\n'
            )
            self.looked.acquire(timeout=20)  # after each event
            self.looked.acquire(timeout=20)
            self.status = "completed"
            asked.write(event(3, "completed"))
            asked.hang_up()

        self.events = events
        updates = list(self.client(self.serve(self.answer)).watch("j_1"))
        self.assertIn({"percent": 50}, [one.progress for one in updates])
        self.assertEqual(updates[-1].job["status"], "completed")

    def test_it_asks_again_and_again_where_there_is_no_stream(self):
        for refuse in (
            lambda asked: asked.answer(200, b"a proxy that knows better"),
            lambda asked: asked.refuse(404, "not-found"),
            lambda asked: asked.refuse(503, "unavailable"),
        ):
            with self.subTest(refuse):
                self.status, looks = "running", []

                def answer(asked: Asked, refuse=refuse, looks=looks) -> None:
                    if not asked.path.endswith("/events"):
                        looks.append(asked.path)
                        self.status = "completed" if len(looks) > 2 else "running"
                    self.events = refuse
                    self.answer(asked)

                from longhaul.client.follow import follow

                client = self.client(self.serve(answer))
                *_, last = follow(client._connection, "j_1", poll=0.001)
                self.assertEqual(last.job["status"], "completed")

    def test_a_deadline_ends_the_waiting_and_not_the_job(self):
        silent = threading.Event()
        self.addCleanup(silent.set)

        def events(asked: Asked) -> None:
            asked.begin(200, STREAM)
            silent.wait(20)

        self.events = events
        with self.assertRaisesRegex(TimeoutError, "j_1 did not end within 0.2 s; it goes on"):
            self.client(self.serve(self.answer)).wait("j_1", timeout=0.2)

    def test_a_service_that_stays_away_is_unreachable(self):
        self.events = lambda asked: asked.hang_up()
        with self.assertRaises(UnreachableError):
            self.client(self.serve(self.answer), patience=0.0).wait("j_1")

    def test_result_gives_what_came_back_or_says_why_nothing_did(self):
        self.status = "failed"
        with self.assertRaises(JobFailedError) as caught:
            self.client(self.serve(self.answer)).job("j_1").result()
        self.assertEqual((caught.exception.code, caught.exception.detail), ("transient", "it broke"))
