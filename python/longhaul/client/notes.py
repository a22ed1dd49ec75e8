"""What this computer remembers between runs, so that the same program run again goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import List, Optional, Set

_KEPT_SECONDS = {"uploads": 7 * 86400, "digests": 30 * 86400, "jobs": 30 * 86400}


class Notes:
    """One small file each, in `$XDG_STATE_HOME/longhaul/<kind>`. Where they cannot be kept, only the going on is lost.

    Uploads are noted as the command line notes them: either goes on with what the other began.
    """

    def __init__(self, folder: Optional[Path] = None):
        state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
        self._folder = folder or Path(state) / "longhaul"
        self._tidied: Set[str] = set()

    def recall(self, kind: str, *identity: object) -> Optional[str]:
        try:
            return self._note(kind, identity).read_text("utf-8").strip() or None
        except OSError:
            return None

    def remember(self, kind: str, text: str, *identity: object) -> None:
        note = self._note(kind, identity)
        with suppress(OSError):
            note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if kind not in self._tidied:
                self._tidied.add(kind)
                _forget_old(kind, note.parent)
            with open(os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(text)

    def forget(self, kind: str, *identity: object) -> None:
        with suppress(OSError):
            self._note(kind, identity).unlink()

    def _note(self, kind: str, identity: object) -> Path:
        text = json.dumps(identity, ensure_ascii=False, separators=(",", ":"))
        return self._folder / kind / hashlib.sha256(text.encode()).hexdigest()[:32]


def _forget_old(kind: str, folder: Path) -> None:
    oldest = time.time() - _KEPT_SECONDS[kind]
    for note in folder.iterdir():
        if note.stat().st_mtime < oldest:
            note.unlink()


def file_identity(path: Path) -> List[object]:
    """What tells a file from another, or from itself after a change: path, size, time of change in milliseconds."""
    found = path.stat()
    seconds, nanoseconds = divmod(found.st_mtime_ns, 1_000_000_000)
    changed = seconds * 1e3 + nanoseconds / 1e6
    # A whole number is written without a fraction elsewhere, and the notes are shared.
    return [os.path.abspath(path), found.st_size, int(changed) if changed.is_integer() else changed]
