"""What the author's code returned or yielded → the JSON result and the files that go with it."""

from __future__ import annotations

import collections.abc
import io
import os
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from ..errors import PermanentError
from ..job import InputFile, Job
from ..records import RecordWriter
from ..shards import ShardWriter
from ..to_json import JsonEncoder
from .codec import Schema
from .event_loop import drain

Result = Dict[str, Any]


class Results:
    def __init__(self, name: str, schema: Schema, job: Job):
        self._name = name
        self._properties: Dict[str, Schema] = schema.get("properties", {})
        self._job = job
        self._encoder = JsonEncoder(note=job.note, file_to_json=self._file)

    def of_value(self, value: Any) -> Optional[Result]:
        """Fields of an object are the result; any other value but None is the field called like the processor."""
        if value is None:
            self._mention_files_left()
            return None
        encoded = self._encoder.encode(self._as_hinted(value), "result")
        whole = isinstance(encoded, dict) and "$output" not in encoded
        return encoded if whole else {self._name: encoded}

    def of_stream(
        self,
        items: Any,
        on_cancel: Callable[[Callable[[], object]], None],
        shielded: Callable[[Callable[[Any], None]], Callable[[Any], None]],
        counted: bool,
    ) -> Result:
        """Yielded Paths become outputs at once; anything else is a record of `<name>_00000.jsonl`.

        `shielded` wraps what must not be interrupted between two steps of the author's code. `counted`: what was
        yielded is the progress, because the code cannot report any.
        """
        files: List[Any] = []
        records = self._job.outputs.records(self._name)
        returned: Any = None

        def take(item: Any) -> None:
            self._job.check()
            if isinstance(item, os.PathLike):
                files.append(self._give(item, f"yielded[{len(files)}]", self._name))
            elif item is not None:
                records.write_any(item)
            if counted:
                self._job.progress(len(files) + records.count)

        if isinstance(items, collections.abc.AsyncIterator):
            drain(items, shielded(take), on_cancel)
        else:
            returned = _exhaust(items, shielded(take))
        records.close()
        result: Result = {self._name: files + [{"$output": file} for file in records.files]}
        return {**result, **(self.of_value(returned) or {})} if returned is not None else result

    def _file(self, value: Any, at: str) -> Any:
        if isinstance(value, (RecordWriter, ShardWriter)):
            value.close()
            return [{"$output": file} for file in value.files]
        if isinstance(value, InputFile):
            value = value.path
        if isinstance(value, os.PathLike):
            return self._give(value, at, at.split(".")[1].split("[")[0] if "." in at else self._name)
        if isinstance(value, io.IOBase):
            raise PermanentError(f"{at} is an open file: close it and return its Path.")
        return NotImplemented

    def _give(self, path: "os.PathLike[str]", at: str, field: str) -> Dict[str, str]:
        return {"$output": self._job.outputs.give(path, at, self._media_type(field))}

    def _media_type(self, field: str) -> Optional[str]:
        schema = self._properties.get(field, {})
        mark = schema.get("x-longhaul-file") or schema.get("items", {}).get("x-longhaul-file") or {}
        return mark.get("media_type")

    def _as_hinted(self, value: Any) -> Any:
        """`-> Path` that returns text means the file of that name."""
        schema = self._properties.get(self._name, {})
        if isinstance(value, str) and "x-longhaul-file" in schema:
            return Path(value)
        if isinstance(value, (list, tuple)) and "x-longhaul-file" in schema.get("items", {}):
            return [Path(item) if isinstance(item, str) else item for item in value]
        return value

    def _mention_files_left(self) -> None:
        if self._job.outputs.count > 0:
            return
        left = sorted(
            entry.name
            for entry in os.scandir(self._job.workspace)
            if entry.is_file() and not entry.name.startswith(".")
        )
        if left:
            shown = ", ".join(left[:3]) + (", …" if len(left) > 3 else "")
            self._job.note(f"The code returned nothing and left {shown}: return its Path to keep a file.")


def is_stream(value: Any) -> bool:
    streams = (collections.abc.Iterator, collections.abc.AsyncIterator)
    return isinstance(value, streams) and not isinstance(value, io.IOBase)


def _exhaust(items: Any, take: Callable[[Any], None]) -> Any:
    """Answers what the generator returned at its end."""
    while True:
        try:
            item = next(items)
        except StopIteration as end:
            return end.value
        take(item)
