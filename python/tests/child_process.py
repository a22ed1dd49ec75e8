"""Drives `python -m longhaul.child` as the supervisor does: two pipes on descriptors 3 and 4."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import unittest
from pathlib import Path
from typing import Any, Dict, List, Optional

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 60.0


class Child:
    def __init__(self, file: Path, workspace: Path, env: Optional[Dict[str, str]] = None):
        control_read, self._control = os.pipe()
        messages_read, messages_write = os.pipe()
        start = "import os, sys; a, b = map(int, sys.argv[1:3]); c, d = os.dup(a), os.dup(b); "
        start += "os.dup2(c, 3); os.dup2(d, 4); os.closerange(5, 64); os.execv(sys.argv[3], sys.argv[3:])"
        command = [sys.executable, "-c", start, str(control_read), str(messages_write)]
        self.process = subprocess.Popen(
            [*command, sys.executable, "-m", "longhaul.child", str(file)],
            cwd=file.parent,
            env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT), "LONGHAUL_PROTOCOL": "1", **(env or {})},
            pass_fds=(control_read, messages_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(control_read)
        os.close(messages_write)
        self.workspace = workspace
        self._messages = os.fdopen(messages_read, encoding="utf-8")
        self._limit = threading.Timer(LIMIT_SECONDS, self.kill)
        self._limit.start()
        self.printed = b""
        self._drain = threading.Thread(target=self._read_output)
        self._drain.start()

    def _read_output(self) -> None:
        assert self.process.stdout is not None
        for chunk in iter(lambda: self.process.stdout.read1(65536), b""):  # type: ignore[union-attr]
            self.printed += chunk

    def send(self, message: Dict[str, Any]) -> None:
        os.write(self._control, (json.dumps(message) + "\n").encode())

    def next(self) -> Optional[Dict[str, Any]]:
        """None when the child closed its side."""
        line = self._messages.readline()
        return json.loads(line) if line else None

    def until(self, *types: str) -> List[Dict[str, Any]]:
        """Every message up to the first of these types, or to the end."""
        seen: List[Dict[str, Any]] = []
        while True:
            message = self.next()
            if message is None:
                return seen
            seen.append(message)
            if message["type"] in types:
                return seen

    def start_run(self, processor: str, input: Dict[str, Any], **more: Any) -> None:
        message = {"type": "run", "job_id": "j_1", "attempt": 1, "attempt_id": "j_1.1.x", "processor": processor}
        message.update(workspace=str(self.workspace), input=input, inputs=[])
        message["limits"] = {"records_file_bytes": 100, "shard_bytes": 5000}
        self.send({**message, **more})

    def stop(self) -> int:
        """Says stop, waits for the end, and answers the exit code."""
        os.close(self._control)
        self._control = -1
        return self.end()

    def end(self) -> int:
        code = self.process.wait()
        self._drain.join(LIMIT_SECONDS)
        return code

    @property
    def in_time(self) -> bool:
        """False once the limit has killed it: then an end of file proves nothing."""
        return self._limit.is_alive()

    def kill(self) -> None:
        """The whole group: a forked child may hold the pipes as well."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        self._limit.cancel()
        self.kill()
        self.end()
        if self._control != -1:
            os.close(self._control)
        self._messages.close()
        if self.process.stdout is not None:
            self.process.stdout.close()


class ChildTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        self.workspace = self.folder / "workspace"
        self.workspace.mkdir()

    def child(self, text: str, name: str = "algo.py", **env: str) -> Child:
        file = self.folder / name
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        child = Child(file, self.workspace, env)
        self.addCleanup(child.close)
        return child

    def ready(self, text: str, **env: str) -> Child:
        child = self.child(text, **env)
        messages = child.until("ready", "broken")
        self.assertEqual([one["type"] for one in messages], ["describe", "ready"], messages)
        return child

    def run_once(self, text: str, input: Optional[Dict[str, Any]] = None, **more: Any) -> List[Dict[str, Any]]:
        """Everything said in one attempt at the processor `f`."""
        child = self.ready(text)
        child.start_run("f", input or {}, **more)
        messages = child.until("result", "error")
        self.assertEqual(child.stop(), 0)
        self.printed = child.printed
        return messages

    def result(self, text: str, input: Optional[Dict[str, Any]] = None, **more: Any) -> Any:
        last = self.run_once(text, input, **more)[-1]
        self.assertEqual(last["type"], "result", last)
        return last["value"]

    def error(self, text: str, input: Optional[Dict[str, Any]] = None, **more: Any) -> Dict[str, Any]:
        last = self.run_once(text, input, **more)[-1]
        self.assertEqual(last["type"], "error", last)
        return last
