"""Answers at once: actions of a processor, and operations on assets."""

from __future__ import annotations


from .fake_service import Asked, ServiceTest
from .test_client_portal import fields_of


class ActionsTest(ServiceTest):
    def test_values_go_as_json_files_as_a_form_and_a_get_has_a_query(self):
        asked_for = []

        def answer(asked: Asked) -> None:
            asked_for.append((asked.method, asked.path, asked.query, fields_of(asked)))
            asked.answer(200, b"bytes", {"content-type": "image/webp"})

        lh = self.client(self.serve(answer))
        picture = self.file("cat.png", b"cat")
        made = lh.call("thumbs", "preview", image=picture, width=64, sizes=[1, 2])
        self.assertEqual((made.content, made.media_type), (b"bytes", "image/webp"))
        lh.call("thumbs", "preview", image="s3://b/k", options={"a": 1})
        lh.call("thumbs", "crop", method="GET", params={"id": "7"}, width=2)
        path = "/processors/thumbs/actions/"
        self.assertEqual(
            asked_for,
            [
                ("POST", f"{path}preview", "", {"image": b"cat", "width": "64", "sizes": "2"}),
                ("POST", f"{path}preview", "", {"image": "s3://b/k", "options": {"a": 1}}),
                ("GET", f"{path}crop", "id=7&width=2", {}),
            ],
        )

    def test_an_action_may_become_a_job(self):
        def answer(asked: Asked) -> None:
            self.assertEqual(asked.headers["prefer"], "respond-async")
            asked.answer(202, {"job_id": "j_1"}, {"longhaul-job-id": "j_1", "content-type": "application/json"})

        made = self.client(self.serve(answer)).call("thumbs", "preview", respond_async=True)
        self.assertEqual((made.status, made.job_id, made.json()), (202, "j_1", {"job_id": "j_1"}))

    def test_a_service_without_room_is_asked_again(self):
        refusals = [1, 1]

        def answer(asked: Asked) -> None:
            if refusals:
                refusals.pop()
                return asked.refuse(503, "action-busy")
            asked.answer(200, {"ok": True}, {"content-type": "application/json"})

        self.assertEqual(self.client(self.serve(answer)).call("x", "y").json(), {"ok": True})


class AssetsTest(ServiceTest):
    def test_each_asset_is_waited_for_however_it_ends(self):
        looks = []
        keys = []

        def answer(asked: Asked) -> None:
            if asked.path.endswith("/results"):
                ids = asked.json["flow_ids"]
                looks.append(ids)
                status = {"f1": "COMPLETED", "f2": "FAILED" if len(looks) > 1 else "RUNNING"}
                results = {one: {"url": one, "status": status[one]} for one in ids}
                asked.answer(200, {"results": results})
            elif "/v1/" in asked.path:
                asked.answer(200, b"png")
            else:
                keys.append(asked.headers["idempotency-key"])
                self.assertEqual(asked.json["parameters"], {"width": 2})
                asked.answer(200, {"flow_ids": ["f1", "f2"], "batch_id": "b_1"})

        lh = self.client(self.serve(answer))
        started = lh.assets.start("remove-backgrounds", ["https://a.org/1", "https://a.org/2"], width=2)
        ended = lh.assets.wait("remove-backgrounds", started["flow_ids"], poll=0.001)
        self.assertEqual({one: flow["status"] for one, flow in ended.items()}, {"f1": "COMPLETED", "f2": "FAILED"})
        self.assertEqual((looks, len(keys)), ([["f1", "f2"], ["f2"]], 1))
        self.assertEqual(lh.assets.process("remove-background", "https://a.org/1"), b"png")
        with self.assertRaises(TimeoutError):
            looks.clear()
            lh.assets.wait("remove-backgrounds", ["f2"], poll=1.0, timeout=0.01)
