"""How the client asks, asks again, and says what went wrong."""

from __future__ import annotations

from longhaul import Client, ServiceError, UnreachableError

from .fake_service import Asked, ServiceTest


class RequestTest(ServiceTest):
    def test_a_refusal_is_typed_by_its_code_and_says_what_was_refused_and_where(self):
        url = self.serve(lambda asked: asked.refuse(404, "job-not-found"))
        with self.assertRaises(ServiceError) as caught:
            self.client(url).job("j_9")
        self.assertEqual((caught.exception.code, caught.exception.status), ("job-not-found", 404))
        self.assertEqual(
            str(caught.exception), f"refused: job-not-found (GET {url}/jobs/j_9 answered 404 job-not-found)"
        )

    def test_a_422_names_its_fields(self):
        errors = [{"pointer": "/input/width", "detail": "must be a number"}]
        url = self.serve(lambda asked: asked.answer(422, {"code": "invalid-request", "detail": [], "errors": errors}))
        with self.assertRaisesRegex(ServiceError, "width: must be a number"):
            self.client(url).health()

    def test_an_absent_service_is_named_with_the_reason(self):
        with self.assertRaisesRegex(
            UnreachableError, r"^Cannot reach http://127\.0\.0\.1:1: connection refused after 5 tries; check"
        ):
            self.client("127.0.0.1:1").health()

    def test_a_page_that_is_no_longhaul_service_is_told_from_one_that_is(self):
        url = self.serve(lambda asked: asked.answer(200, b"<h1>It works!</h1>"))
        with self.assertRaisesRegex(ServiceError, "not what a longhaul service says"):
            self.client(url).health()

    def test_a_proxys_502_is_asked_again_and_the_key_goes_with_it(self):
        seen = []

        def answer(asked: Asked) -> None:
            seen.append(asked.headers["authorization"])
            asked.answer(502, b"bad gateway") if len(seen) < 3 else asked.answer(200, {"status": "healthy"})

        self.assertEqual(self.client(self.serve(answer), token="lh_k").health(), {"status": "healthy"})
        self.assertEqual(seen, ["Bearer lh_k"] * 3)

    def test_a_refusal_that_names_its_reason_is_final(self):
        seen = []

        def answer(asked: Asked) -> None:
            seen.append(asked.path)
            asked.refuse(429, "queue-full")

        with self.assertRaises(ServiceError):
            self.client(self.serve(answer)).health()
        self.assertEqual(len(seen), 1)

    def test_a_retry_may_give_the_job_more_memory(self):
        said = []

        def answer(asked: Asked) -> None:
            said.append(asked.json)
            asked.answer(200, {"job_id": "j_1", "status": "queued"})

        job = self.client(self.serve(answer))._job({"job_id": "j_1"})
        job.retry(memory="12 GB")
        job.retry(start_anew=True, memory=5_000_000)
        self.assertEqual(said, [{"memory_bytes": 12_000_000_000}, {"from": "start", "memory_bytes": 5_000_000}])
        with self.assertRaises(ValueError):
            job.retry(memory="much")

    def test_a_retry_is_sent_once(self):
        seen = []

        def answer(asked: Asked) -> None:
            seen.append(asked.path)
            asked.answer(502, b"bad gateway")

        job = self.client("127.0.0.1:1")._job({"job_id": "j_1"})
        job._connection = self.client(self.serve(answer))._connection
        with self.assertRaises(ServiceError):
            job.retry()
        self.assertEqual(seen, ["/jobs/j_1/retry"])

    def test_a_kept_connection_that_the_service_closed_is_no_failed_try(self):
        answers = []

        def answer(asked: Asked) -> None:
            answers.append(asked.path)
            if len(answers) == 2:
                return asked.hang_up()
            return asked.answer(200, {"n": len(answers)})

        client = self.client(self.serve(answer))
        client._connection._tries = 1
        self.assertEqual([client.health()["n"], client.health()["n"]], [1, 3])

    def test_requests_of_one_thread_share_a_connection(self):
        peers = set()

        def answer(asked: Asked) -> None:
            peers.add(asked._handler.client_address)
            asked.answer(200, {})

        client = self.client(self.serve(answer))
        for _ in range(3):
            client.health()
        self.assertEqual(len(peers), 1)

    def test_another_host_never_sees_the_key(self):
        seen = []

        def answer(asked: Asked) -> None:
            seen.append(asked.headers["authorization"])
            asked.answer(200, {})

        store = self.serve(answer)
        self.client(self.serve(answer), token="lh_k")._connection.send("PUT", f"{store}/part")
        self.assertEqual(seen, [None])

    def test_a_path_in_the_address_is_kept_and_what_is_no_address_is_refused(self):
        seen = []

        def answer(asked: Asked) -> None:
            seen.append(asked.path)
            asked.answer(200, {})

        self.client(self.serve(answer) + "/behind/proxy/").health()
        self.assertEqual(seen, ["/behind/proxy/health"])
        with self.assertRaisesRegex(ValueError, "is not the address of a service"):
            Client("ftp://example.org")

    def test_the_environment_names_the_service(self):
        from unittest.mock import patch

        with patch.dict("os.environ", {"LONGHAUL_URL": "http://lh.example:81", "LONGHAUL_TOKEN": "t"}):
            self.assertEqual(Client().url, "http://lh.example:81")
        with patch.dict("os.environ", {}, clear=True):
            self.assertEqual(Client().url, "http://127.0.0.1:8000")

    def test_a_plain_proxy_is_told_the_whole_address(self):
        from unittest.mock import patch

        seen = []

        def answer(asked: Asked) -> None:
            seen.append(asked._handler.path)
            asked.answer(200, {})

        with patch.dict("os.environ", {"http_proxy": self.serve(answer), "no_proxy": ""}, clear=True):
            self.client("http://lh.example:81").health()
        self.assertEqual(seen, ["http://lh.example:81/health"])
