"""`job.outputs`: the files that an attempt gives away. What is given belongs to longhaul and leaves the workspace."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple, Type, TypeVar, Union

from .errors import PermanentError
from .kept import State
from .records import RecordWriter
from .shard_layouts import LAYOUTS
from .shards import ShardWriter
from .to_json import Note

Send = Callable[[Dict[str, Any]], None]
Data = Union[bytes, bytearray, memoryview, str, "os.PathLike[str]", Iterable[Any]]

Writer = TypeVar("Writer", RecordWriter, ShardWriter)

_OWN = ".longhaul"
_DEFAULT_LIMITS = {"records_file_bytes": 64 * 2**20, "shard_bytes": 256 * 2**20}


class Outputs:
    def __init__(
        self,
        workspace: Path,
        send: Send,
        check: Callable[[], None],
        note: Note,
        *,
        input_paths: Iterable[Path] = (),
        limits: Optional[Mapping[str, int]] = None,
        began_ns: int = 0,
        restored_writers: Sequence[Mapping[str, Any]] = (),
    ):
        self._workspace = workspace.resolve()
        self._restored = [State.from_json(one, self._workspace) for one in restored_writers]
        self._send = send
        self._check = check
        self._note = note
        self._input_paths = input_paths
        self._resolved_inputs: Optional[Set[Path]] = None
        self._limits = {**_DEFAULT_LIMITS, **(limits or {})}
        self._began_ns = began_ns
        self._names: Set[str] = set()
        self._given: Dict[Path, str] = {}
        self._promised: Dict[Path, Optional[str]] = {}
        self._writers: List[Union[RecordWriter, ShardWriter]] = []
        # Above every folder that an earlier attempt used for a file that is back.
        self._folders = max((state.folder_below(self._workspace / _OWN) for state in self._restored), default=0)

    def write(self, name: str, data: Data, *, media_type: Optional[str] = None) -> Path:
        """Writes an output at once: bytes, text, an open file, another file's Path, or an iterable of chunks."""
        self._check()
        self._check_free(name)
        file = self._own_file(name)
        if isinstance(data, os.PathLike):
            shutil.copyfile(data, file)
        else:
            with open(file, "wb") as sink:
                for chunk in _chunks(data):
                    self._check()
                    sink.write(chunk)
        self._give(file, name, media_type)
        return file

    def path(self, name: str, *, media_type: Optional[str] = None) -> Path:
        """Where to write an output yourself; it is given away when the attempt has succeeded."""
        self._check_free(name)
        file = self._own_file(name)
        self._promised[file] = media_type
        self._names.add(name)
        return file

    def records(
        self, name: str, *, format: str = "jsonl", schema: Optional[Mapping[str, Union[type, str]]] = None
    ) -> RecordWriter:
        """Rows of a table, in files `<name>_00000.jsonl`, …: `cells.write(label=3, area=17.5)`.

        format: "jsonl" or "parquet"; of Parquet, a name that ends in `.parquet` is one file.
        schema: the columns of a Parquet table, like `{"label": int, "area": float}`; without it the first rows decide.
        """
        if format not in ("jsonl", "parquet") or (schema is not None and format != "parquet"):
            raise PermanentError(
                f"records({name!r}, format={format!r}): the format is 'jsonl', or 'parquet', which may have a schema."
            )
        check_name(name)
        given = (name, self._own_file, self._give, self._check, self._note, self._limits["records_file_bytes"])
        if format == "jsonl":
            writer = self._writer("records", name, RecordWriter, lambda: RecordWriter(*given))
        else:
            from .parquet_writer import ParquetWriter  # not at the start of every process

            writer = self._writer("records", name, RecordWriter, lambda: ParquetWriter(*given, schema))
        if writer.extension != f".{format}":
            raise PermanentError(f"records({name!r}) was opened in another format before.")
        return writer

    def shards(self, name: str, *, layout: str = "artifacts") -> ShardWriter:
        """Many small files, in tar files `<name>_00000.tar`, … (WebDataset): `masks.add("a/1.png", data)`.

        layout: "masks" has the names and the index of system B, `<name>/shard-00000.tar`; members are called by `mask_member`.
        """
        check_name(name)
        if layout not in LAYOUTS:
            raise PermanentError(f"shards({name!r}, layout={layout!r}): the layout is 'artifacts' or 'masks'.")
        limit = self._limits["shard_bytes"]
        make = lambda: ShardWriter(name, self._own_file, self._give, self._check, limit, layout)  # noqa: E731
        writer = self._writer("shards", name, ShardWriter, make)
        if writer.layout != layout:
            raise PermanentError(f"shards({name!r}) was opened in another layout before.")
        return writer

    def give(self, path: "os.PathLike[str]", at: str, media_type: Optional[str] = None) -> str:
        """Gives a returned or yielded file away and answers its output name. The same file again is the same output."""
        file = Path(os.path.abspath(path))
        if not file.exists() and not Path(path).is_absolute():
            file = self._workspace / path  # the code may have left the workspace
        if file in self._given and (not file.exists() or self._is_own(file)):
            return self._given[file]
        if file in self._promised:
            return self._keep_promise(file, at)
        real = self._checked(file, path, at)
        name = self._name_for(real)
        own = self._own_file(name)
        if self._is_input(real) or real.stat().st_nlink > 1:
            shutil.copyfile(real, own)  # shared with somebody: only a copy is ours to give
        else:
            shutil.move(str(real), str(own))
        self._give(own, name, media_type)
        self._given[file] = name
        return name

    def flush(self) -> Tuple[List[Dict[str, Any]], List[Dict[str, Any]]]:
        """For a checkpoint: the state of every writer, and the files that they have not finished."""
        states = [*self._restored, *(writer.flush() for writer in self._writers)]
        files = [file for state in states for file in state.growing]
        growing = [{"path": str(file.path.relative_to(self._workspace)), "size": file.size} for file in files]
        return [state.to_json(self._workspace) for state in states], growing

    def finish(self) -> None:
        """The attempt has succeeded: closes writers, and gives what `path` promised."""
        for state in list(self._restored):  # what an earlier attempt wrote is not lost because this one added nothing
            if state.kind == "shards":
                self.shards(state.name, layout=state.layout)
            else:
                self.records(state.name, format="jsonl" if state.table is None else "parquet")
        for writer in self._writers:
            writer.close()
        for file in list(self._promised):
            if file.exists():
                self._keep_promise(file, "result")

    @property
    def count(self) -> int:
        return len(self._names)

    def _writer(self, kind: str, name: str, of: Type[Writer], make: Callable[[], Writer]) -> Writer:
        """One writer of a name. That of a checkpoint goes on."""
        for existing in self._writers:
            if isinstance(existing, of) and existing.name == name:
                return existing
        writer = make()
        for state in self._restored:
            if (state.kind, state.name) == (kind, name):
                self._restored.remove(state)
                writer.resume(state)
                break
        self._writers.append(writer)
        return writer

    def _check_free(self, name: str) -> None:
        check_name(name)
        if name in self._names:
            raise PermanentError(f"The output {name!r} was given already: names are unique within an attempt.")

    def _keep_promise(self, file: Path, at: str) -> str:
        name = file.relative_to(self._workspace / _OWN).as_posix().split("/", 1)[1]
        if not file.exists():
            raise PermanentError(f"{at} is job.outputs.path({name!r}), and nothing was written there.")
        self._give(file, name, self._promised.pop(file))
        return name

    def _checked(self, file: Path, asked: Any, at: str) -> Path:
        """Follows links first: what is given away is a file that this attempt may give."""
        try:
            real = file.resolve(strict=True)
        except (OSError, RuntimeError) as cause:
            raise PermanentError(f"{at} is the path {asked}, and there is no such file.") from cause
        found = real.stat()
        if stat.S_ISDIR(found.st_mode):
            raise PermanentError(f"{at} is the folder {asked}: return a list of its files, or one archive of them.")
        if not stat.S_ISREG(found.st_mode):
            raise PermanentError(f"{at} is {asked}, which is not a regular file.")
        if self._is_input(real) or _below(real, self._workspace) or self._own_temporary(real, found):
            return real
        raise PermanentError(
            f"{at} is the file {asked}, outside the folder of this attempt: write outputs to a relative path "
            "(the current directory is the attempt's folder), or copy the file there."
        )

    def _is_input(self, real: Path) -> bool:
        if self._resolved_inputs is None:  # not for a job of 100,000 files that gives none of them back
            self._resolved_inputs = {Path(path).resolve() for path in self._input_paths}
        return real in self._resolved_inputs

    def _own_temporary(self, real: Path, found: os.stat_result) -> bool:
        """A temporary file may be given when it was made or changed during this attempt, and by this user."""
        import tempfile  # not at the start of every process

        temporary = Path(tempfile.gettempdir()).resolve()
        fresh = found.st_ctime_ns >= self._began_ns - 1_000_000_000  # file systems keep coarse clocks
        return _below(real, temporary) and fresh and found.st_uid == os.getuid()

    def _name_for(self, real: Path) -> str:
        inside = _below(real, self._workspace) and not self._is_input(real)
        name = real.relative_to(self._workspace).as_posix() if inside else real.name
        free, number = name, 2
        while free in self._names:
            free = str(Path(name).with_name(f"{Path(name).stem}-{number}{Path(name).suffix}").as_posix())
            number += 1
        return free

    def _own_file(self, name: str) -> Path:
        """A new path in a folder of its own, so that no two outputs and nothing of the author's can meet."""
        self._folders += 1
        file = self._workspace / _OWN / str(self._folders) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    def _is_own(self, file: Path) -> bool:
        return _below(file, self._workspace / _OWN)

    def _give(self, file: Path, name: str, media_type: Optional[str]) -> None:
        message = {"type": "output", "name": name, "path": str(file)}
        if media_type is not None and "*" not in media_type:
            message["media_type"] = media_type
        self._names.add(name)
        self._given[file] = name
        self._send(message)


def check_name(name: str) -> None:
    """The rule that the worker applies too: relative, `/`-separated, no dot segments, no control characters."""
    segments = name.split("/") if isinstance(name, str) else [""]
    if any(s in ("", ".", "..") for s in segments) or "\\" in name or any(ord(c) < 32 or ord(c) == 127 for c in name):
        raise PermanentError(f"The output name {str(name)[:200]!r} cannot be used: give a plain relative name.")


def _below(path: Path, folder: Path) -> bool:
    return folder in path.parents


def _chunks(data: Any) -> Iterable[bytes]:
    if isinstance(data, (str, bytes, bytearray, memoryview)):
        data = (data,)
    elif hasattr(data, "read"):
        source = data
        data = iter(lambda: source.read(2**20) or None, None)
    for chunk in data:
        yield chunk.encode("utf-8") if isinstance(chunk, str) else chunk
