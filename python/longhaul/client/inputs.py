"""What a processor takes, and what stands for a file in a submission."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Union

from .outputs import Output
from .source import FileSource
from .upload import Upload

FileLike = Union[str, "os.PathLike[str]", Upload, Output, Mapping[str, str]]
"""A path, an upload, an output of another job, or a reference: `{"uri": "s3://…"}`, `"s3://…"`."""
_SCHEMES = ("s3://", "file://", "http://", "https://")


class Takes:
    """The input schema of a processor, as far as a caller has to know it."""

    def __init__(self, processor: Mapping[str, Any]):
        schema = processor["input"]
        properties: Mapping[str, Any] = schema.get("properties") or {}
        self.name = str(processor["name"])
        self.version = str(processor["version"])
        self.names = list(properties)
        self.files = {name: many for name, one in properties.items() for many in _file_marks(one)[:1]}
        """Names of the file fields; true where one takes several."""
        self._open = schema.get("additionalProperties") not in (None, False)

    def check(self, inputs: Iterable[str]) -> None:
        """A misspelt name is refused here: the service would run with a default that nobody asked for."""
        unknown = [name for name in inputs if name not in self.names]
        if unknown and not self._open:
            raise TypeError(f"{self.name} takes no {', '.join(unknown)}; it takes {', '.join(self.names) or 'nothing'}")

    def file_list(self, name: str, value: Any) -> List[Any]:
        """The files that one value of a file field means."""
        files = list(value) if is_many(value) else [value]
        if len(files) > 1 and not self.files[name]:
            raise TypeError(f"{self.name} takes one file as {name}, got {len(files)}; map() makes a job of each")
        return files

    def field(self, name: str, references: List[Mapping[str, str]]) -> Any:
        return references if self.files[name] else references[0] if references else None


def is_many(value: object) -> bool:
    """An iterable of files, not one file that happens to be iterable."""
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping, Upload, Output, os.PathLike))


def _file_of(value: Any) -> Union[FileSource, Upload, Mapping[str, str]]:
    if isinstance(value, (Upload, Mapping)):
        return value
    if isinstance(value, Output):
        return {"uri": value.uri, "sha256": value.sha256}
    if isinstance(value, str) and value.startswith(_SCHEMES):
        return {"uri": value}
    if isinstance(value, (str, os.PathLike)):
        return FileSource(Path(value))
    raise TypeError(f"{value!r} is no file: give a path, what put() returned, an output, or {{'uri': 's3://…'}}")


class Prepared(NamedTuple):
    """The inputs of one submission, its files apart."""

    values: Dict[str, Any]
    files: Dict[str, List[Union[FileSource, Upload, Mapping[str, str]]]]

    def request_key(self, takes: Takes, digest_of: Callable[[FileSource], str]) -> str:
        """Names a request by what is asked: the same inputs to the same version of a processor are the same job."""
        files = {
            name: [
                [one.name, one.size, digest_of(one)]
                if isinstance(one, FileSource)
                else [one.name, one.size, one.sha256]
                if isinstance(one, Upload)
                else dict(one)
                for one in found
            ]
            for name, found in self.files.items()
        }
        identity = [takes.name, takes.version, self.values, files]
        text = json.dumps(identity, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return "py-" + hashlib.sha256(text.encode()).hexdigest()


def prepare(takes: Takes, inputs: Mapping[str, Any]) -> Prepared:
    takes.check(inputs)
    values: Dict[str, Any] = {}
    files: Dict[str, List[Union[FileSource, Upload, Mapping[str, str]]]] = {}
    for name, value in inputs.items():
        if name in takes.files and value is not None:
            files[name] = [_file_of(one) for one in takes.file_list(name, value)]
        else:
            values[name] = value
    return Prepared(values, files)


def _file_marks(schema: Mapping[str, Any]) -> List[bool]:
    """An optional file may be written as "this or null"."""
    found: List[bool] = []
    for form in [schema, *(schema.get("anyOf") or [])]:
        if "x-longhaul-file" in form:
            found.append(False)
        elif "x-longhaul-file" in (form.get("items") or {}):
            found.append(True)
    return found
