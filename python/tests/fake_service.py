"""A service that fails on request, in memory. The real one is met in packages/longhaul/tests."""

from __future__ import annotations

import hashlib
import json
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple
from urllib.parse import parse_qs

from longhaul import Client


class Asked:
    """One request. What a test's answer wants to say it says with these methods."""

    def __init__(self, handler: BaseHTTPRequestHandler):
        self._handler = handler
        self.method = handler.command
        self.path, _, self.query = handler.path.partition("?")
        self.headers = handler.headers
        self.body = handler.rfile.read(int(handler.headers.get("content-length") or 0))

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def answer(self, status: int, body: object = None, headers: Optional[Dict[str, str]] = None) -> None:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self._handler.send_response(status)
        for name, value in {"content-length": str(len(data)), **(headers or {})}.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()
        self._handler.wfile.write(data)

    def refuse(self, status: int, code: str, **facts: object) -> None:
        self.answer(status, {"code": code, "title": "Refused", "detail": f"refused: {code}", **facts})

    def begin(self, status: int, headers: Dict[str, str]) -> None:
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def write(self, data: bytes) -> None:
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def hang_up(self) -> None:
        self._handler.close_connection = True
        self._handler.connection.close()


Answer = Callable[[Asked], None]


class ServiceTest(unittest.TestCase):
    def setUp(self) -> None:
        kept = tempfile.TemporaryDirectory(prefix="longhaul-client-")
        self.addCleanup(kept.cleanup)
        self.folder = Path(kept.name)

    def serve(self, answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def respond(self) -> None:
                try:
                    answer(Asked(self))
                except (OSError, ValueError):
                    self.close_connection = True  # whoever asked has left

            do_GET = do_POST = do_PUT = do_DELETE = respond

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # a connection that a test hung up on

        server = Server(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        self.addCleanup(stop)
        return f"http://127.0.0.1:{server.server_address[1]}"

    def client(self, url: str, **how: Any) -> Client:
        made = Client(url, state=self.folder / "state", **how)
        made._connection._first_pause = 0.001
        self.addCleanup(made.close)
        return made

    def file(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path


def job_view(job_id: str, status: str = "queued", **more: object) -> Dict[str, Any]:
    return {"job_id": job_id, "processor": "segment", "status": status, "outputs": [], "result": None, **more}


class Memory:
    """Uploads and jobs of a service whose processor `segment` takes `images`, one `model` and a `threshold`."""

    PART = 10_000

    def __init__(self) -> None:
        self.asked: List[str] = []
        self.parts: Dict[str, Dict[int, bytes]] = {}
        self.sizes: Dict[str, Tuple[str, int]] = {}
        self.jobs: Dict[str, Dict[str, Any]] = {}
        self.keys: Dict[str, Tuple[str, Any]] = {}
        self.ends = "completed"
        self.url = ""
        self.lock = threading.Lock()
        self.first: Optional[Callable[[Asked], bool]] = None
        """True where it has answered already."""

    def __call__(self, asked: Asked) -> None:
        with self.lock:
            self.asked.append(f"{asked.method} {asked.path}")
        if self.first is not None and self.first(asked):
            return
        names = asked.path.strip("/").split("/")
        if names == ["processors", "segment"]:
            asked.answer(200, self.processor())
        elif names[0] == "uploads":
            self.uploads(asked, names)
        elif names[0] == "part":
            self.parts[names[1]][int(names[2])] = asked.body
            asked.answer(200, headers={"etag": '"x"'})
        elif names == ["processors", "segment", "jobs"]:
            self.submit(asked)
        elif names == ["jobs"]:
            ids = parse_qs(asked.query)["ids"][0].split(",")
            found = [self.jobs[one] for one in ids if one in self.jobs]
            for job in found:
                job["status"] = self.ends
            asked.answer(200, {"jobs": found, "next": None})
        elif names[0] == "jobs" and names[1] in self.jobs:
            self.jobs[names[1]]["status"] = self.ends
            asked.answer(200, self.jobs[names[1]])
        else:
            asked.refuse(404, "job-not-found" if names[0] == "jobs" else "not-found")

    @staticmethod
    def processor() -> Dict[str, Any]:
        file = {"type": "string", "x-longhaul-file": {"media_type": "*/*"}}
        properties = {
            "images": {"type": "array", "items": file},
            "model": {"anyOf": [file, {"type": "null"}]},
            "threshold": {"type": "number"},
        }
        schema = {"type": "object", "properties": properties, "additionalProperties": False}
        return {"name": "segment", "version": "1", "input": schema}

    def uploads(self, asked: Asked, names: List[str]) -> None:
        if len(names) == 1:
            upload_id = f"u{len(self.parts) + 1}"
            self.parts[upload_id] = {}
            self.sizes[upload_id] = (asked.json["filename"], asked.json["size_bytes"])
            return asked.answer(201, self.session(upload_id))
        upload_id = names[1]
        if upload_id not in self.parts:
            return asked.refuse(404, "upload-not-found")
        if len(names) == 2:
            return asked.answer(200, self.session(upload_id))
        data = self.bytes_of(upload_id)
        done = {"upload_id": upload_id, "uri": f"s3://b/{upload_id}", "sha256": hashlib.sha256(data).hexdigest()}
        return asked.answer(200, done)

    def bytes_of(self, upload_id: str) -> bytes:
        return b"".join(data for _, data in sorted(self.parts[upload_id].items()))

    def session(self, upload_id: str) -> Dict[str, Any]:
        name, size = self.sizes[upload_id]
        there = self.parts[upload_id]
        missing = [number + 1 for number in range(max(1, -(-size // self.PART))) if number + 1 not in there]
        return {
            "upload_id": upload_id,
            "filename": name,
            "size_bytes": size,
            "part_size_bytes": self.PART,
            "received_bytes": sum(map(len, there.values())),
            "missing_parts": missing,
            "status": "open",
            "part_urls": [{"part_number": n, "url": f"{self.url}/part/{upload_id}/{n}"} for n in missing],
        }

    def submit(self, asked: Asked) -> None:
        key, body = asked.headers["idempotency-key"], asked.json
        with self.lock:
            known = self.keys.get(key)
            if known is None:
                job_id = f"j_{len(self.jobs) + 1}"
                self.keys[key] = (job_id, body)
                self.jobs[job_id] = job_view(job_id, input=body["input"])
        if known is None:
            asked.answer(201, self.jobs[job_id])
        elif known[1] == body:
            asked.answer(200, self.jobs[known[0]])
        else:
            asked.refuse(409, "idempotency-conflict", job_id=known[0])
