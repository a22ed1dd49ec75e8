"""Server-sent events, as they come."""

from __future__ import annotations

from typing import Iterable, Iterator, List, NamedTuple


class Frame(NamedTuple):
    event: str
    data: str


def read_frames(lines: Iterable[bytes]) -> Iterator[Frame]:
    """One frame for each blank line that ends one. A frame of comments only has no data and is not reported."""
    event = ""
    data: List[str] = []
    for raw in lines:
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if line:
            field, _, value = line.partition(":")
            value = value[1:] if value.startswith(" ") else value
            if field == "data":
                data.append(value)
            elif field == "event":
                event = value
            continue
        if data:
            yield Frame(event or "message", "\n".join(data))
        event, data = "", []
