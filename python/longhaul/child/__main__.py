"""`python3 -m longhaul.child <file.py>`: describe, set up, then one attempt after the other."""

from __future__ import annotations

import faulthandler
import gc
import os
import queue
import sys
import threading
from pathlib import Path
from typing import Any, Dict, List, Optional

from .attempt import Attempt
from .broken import broken
from .callables import load_callable
from .channel import Channel
from .find_processors import NotServable, find_processors
from .leave import leave
from .limits import limit_memory
from .load_file import load_file
from .served import Served
from .streams import flush_streams, prepare_streams

PROTOCOL = 1


def main(arguments: List[str]) -> int:
    if len(arguments) != 1 or os.environ.get("LONGHAUL_PROTOCOL") != str(PROTOCOL):
        print(
            "longhaul starts this itself. To run a file by hand: longhaul try <file.py> name=value",
            file=sys.stderr,
        )
        return 2
    channel = Channel()
    prepare_streams()
    faulthandler.enable()  # a crash in native code leaves the author's stack in the log
    file = Path(os.path.abspath(arguments[0]))
    wanted = os.environ.pop("LONGHAUL_PROCESSOR", "")
    listed = os.environ.pop("LONGHAUL_CALLABLE", "")
    del os.environ["LONGHAUL_PROTOCOL"]  # meant for this process, not for what the author's code starts
    _serve(channel, _open(channel, file, wanted, listed))
    return 0


def _open(channel: Channel, file: Path, wanted: str, listed: str) -> Optional[Served]:
    """The processor of this process, set up; None when only a description was wanted. A broken file ends here.

    `listed`: `name=module:callable`; then `file` is the folder where modules are looked for first.
    """
    stage = "import"
    try:
        if listed:
            folder = file
            targets, file = load_callable(listed, folder)
            loaded = [str(file), *_loaded_files(folder)]
        else:
            targets = find_processors(load_file(file), file)
            loaded = _loaded_files(file.parent)
        all_served = {name: Served(name, target, file) for name, target in targets.items()}
        channel.send(
            {
                "type": "describe",
                "protocol": PROTOCOL,
                "processors": [s.description() for s in all_served.values()],
                "files": loaded,
                # A launcher such as pyenv's shim costs half a second at every start; the next child skips it.
                **({"interpreter": sys.executable} if sys.executable else {}),
            }
        )
        chosen = _choose(all_served, wanted)
        if chosen is None:
            return None
        limit_memory(chosen.options.memory_bytes)
        stage = "setup"
        chosen.set_up()
        return chosen
    except BaseException as error:
        channel.send(broken(stage, file, error))
        leave(1)


def _loaded_files(folder: Path) -> List[str]:
    """The author's own modules, as far as they are loaded: a fix in one of them makes other code of the file."""
    inside = str(folder) + os.sep
    found = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    return sorted(
        name
        for name in found
        if isinstance(name, str) and name.startswith(inside) and f"{os.sep}site-packages{os.sep}" not in name
    )


def _choose(served: Dict[str, Served], wanted: str) -> Optional[Served]:
    if wanted == "":
        return next(iter(served.values())) if len(served) == 1 else None
    if wanted not in served:
        raise NotServable(f"it has no processor {wanted}, only {', '.join(served)}.")
    return served[wanted]


class _Reader:
    """Reads descriptor 3 in a thread of its own, so that a cancel is heard while the author's code runs."""

    def __init__(self, channel: Channel):
        self.runs: "queue.SimpleQueue[Optional[Dict[str, Any]]]" = queue.SimpleQueue()
        self.attempt: Optional[Attempt] = None
        self._channel = channel
        threading.Thread(target=self._read, name="longhaul", daemon=True).start()

    def _read(self) -> None:
        for message in self._channel.messages():
            kind, attempt = message.get("type"), self.attempt
            if kind == "run":
                self.runs.put(message)
            elif kind == "cancel" and attempt is not None:
                attempt.cancel(message["reason"])
            elif kind == "drain" and attempt is not None:
                attempt.job.drain()
            elif kind == "checkpointed" and attempt is not None:
                attempt.job.checkpointed(message)
            elif kind == "stop":
                break
        self.runs.put(None)


def _serve(channel: Channel, served: Optional[Served]) -> None:
    reader = _Reader(channel)
    if served is not None:
        channel.send({"type": "ready"})
    while True:
        message = reader.runs.get()
        if message is None or served is None:
            return
        reader.attempt = Attempt(served, message, channel.send)
        end = reader.attempt.run()
        reader.attempt = None
        flush_streams()
        channel.send(end)
        if end["type"] == "error":
            gc.collect()  # an exception keeps frames, and frames keep arrays


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
