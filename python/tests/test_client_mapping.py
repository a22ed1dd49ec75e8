"""submit and map: the same asked again is the same job, and one bad item is one bad item."""

from __future__ import annotations

import itertools
import threading

from longhaul import Options, ServiceError, each

from .fake_service import Asked, Memory, ServiceTest


class MapTest(ServiceTest):
    def setUp(self) -> None:
        super().setUp()
        self.service = Memory()
        self.service.url = self.serve(self.service)

    def images(self, count: int):
        return [self.file(f"scans/{n}.tif", b"image %d" % n) for n in range(count)]

    def sent(self, what: str) -> int:
        return sum(one == what for one in self.service.asked)

    def test_each_file_is_one_job_and_every_item_comes_back_once(self):
        items = list(self.client(self.service.url).map("segment", images=self.images(25), threshold=0.4))
        self.assertEqual(sorted(item.index for item in items), list(range(25)))
        self.assertTrue(all(item.ok for item in items))
        self.assertEqual({item.input.name for item in items}, {f"{n}.tif" for n in range(25)})
        for item in items:
            [reference] = item.job.view["input"]["images"]
            self.assertEqual(self.service.bytes_of(reference["upload_id"]), item.input.read_bytes())
            self.assertEqual(item.job.view["input"]["threshold"], 0.4)

    def test_run_again_it_sends_nothing_that_was_there(self):
        images = self.images(5)
        first = {item.input: item.job.id for item in self.client(self.service.url).map("segment", images=images)}
        self.service.asked.clear()
        more = [*images, self.file("scans/new.tif", b"new")]
        again = {item.input: item.job.id for item in self.client(self.service.url).map("segment", images=more)}
        self.assertEqual(again, {**first, self.folder / "scans/new.tif": "j_6"})
        self.assertEqual((self.sent("POST /uploads"), self.sent("POST /processors/segment/jobs")), (1, 1))

    def test_run_on_another_computer_it_finds_the_same_jobs(self):
        images = self.images(3)
        first = {item.job.id for item in self.client(self.service.url).map("segment", images=images)}
        (self.folder / "state").rename(self.folder / "elsewhere")
        self.assertEqual({item.job.id for item in self.client(self.service.url).map("segment", images=images)}, first)

    def test_other_values_or_new_are_other_jobs(self):
        client = self.client(self.service.url)
        [image] = self.images(1)
        jobs = [
            client.submit("segment", images=image, threshold=0.4),
            client.submit("segment", images=[str(image)], threshold=0.4),
            client.submit("segment", images=image, threshold=0.5),
            client.submit("segment", Options(new=True), images=image, threshold=0.4),
            client.submit("segment", Options(idempotency_key="mine"), images=image, threshold=0.4),
        ]
        self.assertEqual([job.id for job in jobs], ["j_1", "j_1", "j_2", "j_3", "j_4"])

    def test_an_item_that_is_refused_or_cannot_be_read_is_one_bad_item(self):
        def first(asked: Asked) -> bool:
            if asked.path == "/processors/segment/jobs" and asked.json["input"].get("threshold") == 2:
                asked.refuse(422, "invalid-request")
                return True
            return False

        self.service.first = first
        images = [*self.images(2), self.folder / "missing.tif"]
        items = self.client(self.service.url).map("segment", images=images, threshold=each([1, 2, 3]))
        errors = {item.index: item.error for item in items}
        self.assertIsNone(errors[0])
        self.assertEqual([errors[1].code, errors[2].code], ["invalid-request", "local"])
        self.assertIn("no such file", errors[2].detail)

    def test_a_job_that_failed_says_why(self):
        self.service.ends = "failed"
        [item] = self.client(self.service.url).map("segment", images=self.images(1))
        self.assertEqual((item.ok, item.error.code), (False, "failed"))

    def test_what_is_wrong_with_the_whole_ends_it(self):
        def first(asked: Asked) -> bool:
            refused = asked.path == "/uploads"
            if refused:
                asked.refuse(507, "insufficient-storage")
            return refused

        self.service.first = first
        with self.assertRaises(ServiceError) as caught:
            list(self.client(self.service.url).map("segment", images=self.images(3)))
        self.assertEqual(caught.exception.code, "insufficient-storage")

    def test_a_full_queue_is_waited_for(self):
        full = [True, True]

        def first(asked: Asked) -> bool:
            if asked.path != "/processors/segment/jobs" or not full:
                return False
            full.pop()
            asked.answer(429, {"code": "queue-full"}, {"retry-after": "0"})
            return True

        self.service.first = first
        self.assertEqual(len(list(self.client(self.service.url).map("segment", images=self.images(2)))), 2)

    def test_a_bad_line_costs_time_and_nothing_else(self):
        count = itertools.count(1)

        def first(asked: Asked) -> bool:
            bad = next(count) % 5 == 0
            if bad:
                asked.hang_up()
            return bad

        self.service.first = first
        items = list(self.client(self.service.url).map("segment", images=self.images(20)))
        self.assertEqual(sorted(item.index for item in items), list(range(20)))
        self.assertTrue(all(item.ok for item in items))
        self.assertEqual(len(self.service.jobs), 20)

    def test_a_loop_that_is_left_ends_what_it_began(self):
        items = self.client(self.service.url).map("segment", images=self.images(30))
        next(items)
        items.close()
        self.assertEqual([one.name for one in threading.enumerate() if one.name.startswith("longhaul-")], [])
        self.assertLess(len(self.service.jobs), 30)

    def test_no_more_is_taken_than_may_be_in_flight(self):
        taken = []

        def images():
            for path in self.images(40):
                taken.append(path)
                yield path

        items = self.client(self.service.url, in_flight=4).map("segment", images=images())
        next(items)
        self.assertLessEqual(len(taken), 5)
        self.assertEqual(len(list(items)), 39)

    def test_a_file_that_is_the_same_for_all_is_sent_once(self):
        model = self.file("model.pt", b"weights")
        items = list(self.client(self.service.url).map("segment", images=self.images(6), model=model))
        self.assertEqual(len(items), 6)
        self.assertEqual(self.sent("POST /uploads"), 7)

    def test_misspelt_names_nothing_to_go_through_and_uneven_lists_are_said(self):
        client = self.client(self.service.url)
        images = self.images(2)
        for wrong, said, inputs in (
            (TypeError, "takes no treshold; it takes images", {"images": images, "treshold": 1}),
            (TypeError, "nothing to go through", {"images": images[0]}),
            (ValueError, "threshold has 1 values, images has more", {"images": images, "threshold": each([1])}),
            (TypeError, "takes one file as model", {"images": each([images]), "model": each([images])}),
            (TypeError, "is no file", {"images": [3]}),
        ):
            with self.subTest(said), self.assertRaisesRegex(wrong, said):
                list(client.map("segment", images=inputs.pop("images"), **inputs))

    def test_outputs_of_items_lie_in_folders_named_like_their_inputs(self):
        from longhaul.client.mapping import _label_of

        labels = [_label_of(one, 7) for one in ("scans/a/1.tif", "/data/1.tif", "../1.tif", "s3://b/k/1.tif", 0.5)]
        self.assertEqual(labels, ["scans/a/1.tif", "data/1.tif", "1.tif", "b/k/1.tif", "00007"])
