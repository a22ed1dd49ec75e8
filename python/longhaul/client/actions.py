"""Direct actions: an answer at once, without a job."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union
from urllib.parse import quote

from .connection import Connection
from .form import Form, FormFile
from .source import BytesSource, FileSource


@dataclass(frozen=True)
class ActionAnswer:
    """`job_id` is there where the action was asked to become a job."""

    status: int
    media_type: str
    content: bytes
    job_id: Optional[str] = None

    def json(self) -> Any:
        return json.loads(self.content)

    def text(self) -> str:
        return self.content.decode()


def call(
    connection: Connection,
    processor: str,
    action: str,
    inputs: Mapping[str, Any],
    *,
    method: str = "POST",
    params: Optional[Mapping[str, object]] = None,
    respond_async: bool = False,
) -> ActionAnswer:
    """Files of `inputs` are paths or bytes: with one of them the input goes as a form, else as JSON (GET, DELETE: a query)."""
    query = {name: _text(value) for name, value in (params or {}).items()}
    headers: Dict[str, str] = {"accept": "*/*"}
    if respond_async:
        headers["prefer"] = "respond-async"
    how: Dict[str, Any] = {}
    if method in ("GET", "DELETE"):
        query.update({name: _text(value) for name, value in inputs.items() if value is not None})
    elif any(isinstance(one, (os.PathLike, bytes)) for _, one in _each(inputs)):
        form = _form_of(inputs)
        headers.update(form.headers())
        how["body"] = form.open
    else:
        how["data"] = dict(inputs)
    path = f"/processors/{quote(processor, safe='')}/actions/{quote(action, safe='')}"
    # The action has its own time.
    answer = connection.send(method, path, query=query, headers=headers, timeout=None, **how)
    kind = answer.headers.get("content-type") or "application/octet-stream"
    return ActionAnswer(answer.status, kind, answer.body, answer.headers.get("longhaul-job-id"))


def _each(inputs: Mapping[str, Any]) -> List[Tuple[str, Any]]:
    return [
        (name, one)
        for name, value in inputs.items()
        for one in (value if isinstance(value, (list, tuple)) else [value])
        if one is not None
    ]


def _form_of(inputs: Mapping[str, Any]) -> Form:
    """Each field once, or once for each of a list; what is no text is sent as JSON."""
    fields, files = [], []
    for name, one in _each(inputs):
        if isinstance(one, (os.PathLike, bytes)):
            files.append(_file_of(name, one))
        else:
            fields.append((name, _text(one)))
    return Form(fields, files)


def _file_of(field: str, given: Union[bytes, "os.PathLike[str]"]) -> FormFile:
    source = BytesSource(given, field) if isinstance(given, bytes) else FileSource(Path(given))
    return FormFile(field, source.name, source.size, partial(type(source).open, source))  # type: ignore[arg-type]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, allow_nan=False)
