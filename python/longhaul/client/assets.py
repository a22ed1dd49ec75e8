"""Remote operations on assets that are named by URLs, as system C has them."""

from __future__ import annotations

import time
import uuid
from typing import Any, Callable, Dict, List, Optional, Sequence
from urllib.parse import quote

from .connection import Connection

_PAGE_IDS = 500
_OPEN = ("PENDING", "RUNNING", "RETRYING")


class Assets:
    """>>> started = lh.assets.start("remove-backgrounds", ["https://example.org/a.jpg"])
    >>> lh.assets.wait("remove-backgrounds", started["flow_ids"])
    """

    def __init__(self, connection: Connection):
        self._connection = connection

    def process(self, operation: str, url: str, **parameters: Any) -> bytes:
        """The processed bytes of one asset; the service is waited for, up to a minute."""
        how = self._request({"digital_asset_url": url}, parameters)
        how["headers"]["accept"] = "*/*"
        return self._connection.send("POST", f"/api/v1/{quote(operation, safe='')}", **how).body

    def start(
        self, operations: str, urls: Sequence[str], *, idempotency_key: Optional[str] = None, **parameters: Any
    ) -> Dict[str, Any]:
        """A durable job for each asset, all of them or none; `operations` is the word for several."""
        how = self._request({"digital_asset_urls": list(urls)}, parameters, idempotency_key)
        return self._connection.read("POST", f"/api/v2/{quote(operations, safe='')}", **how)

    def results(self, operations: str, flow_ids: Sequence[str]) -> Dict[str, Any]:
        """What has come of them so far, a thousand at most."""
        path = f"/api/v2/{quote(operations, safe='')}/results"
        return self._connection.read("POST", path, data={"flow_ids": list(flow_ids)})

    def wait(
        self,
        operations: str,
        flow_ids: Sequence[str],
        *,
        poll: float = 1.0,
        timeout: Optional[float] = None,
        progress: Optional[Callable[[int, int], None]] = None,
    ) -> Dict[str, Any]:
        """Until each has ended, however it ended: results by flow id. TimeoutError after `timeout`, and they go on."""
        deadline = None if timeout is None else time.monotonic() + timeout
        ended: Dict[str, Any] = {}
        waiting: List[str] = list(dict.fromkeys(flow_ids))
        while waiting:
            page = waiting[:_PAGE_IDS]
            found = self.results(operations, page)["results"]
            done = {one: flow for one, flow in found.items() if flow["status"] not in _OPEN}
            ended.update(done)
            # Those that have not ended go to the end of the line.
            waiting = waiting[_PAGE_IDS:] + [one for one in page if one not in done]
            if progress is not None:
                progress(len(ended), len(ended) + len(waiting))
            if waiting:
                if deadline is not None and time.monotonic() + poll > deadline:
                    raise TimeoutError(f"{len(waiting)} assets have not ended; they go on")
                self._connection.pause(poll)
        return ended

    @staticmethod
    def _request(body: Dict[str, Any], parameters: Dict[str, Any], key: Optional[str] = None) -> Dict[str, Any]:
        data = {**body, **({"parameters": parameters} if parameters else {})}
        # A name makes the second try the same jobs.
        return {"data": data, "headers": {"idempotency-key": key or str(uuid.uuid4())}, "timeout": None}
