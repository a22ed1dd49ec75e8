"""One service over HTTP: repeats what may be repeated, and turns every failure into an error that says what to do."""

from __future__ import annotations

import http.client
import json
import threading
from contextlib import contextmanager
from typing import Any, BinaryIO, Callable, Dict, Iterator, Mapping, NamedTuple, Optional, TypeVar

from .addresses import Address, Links, Parameters, address_of, base_of
from .errors import ServiceError, Stopped, UnreachableError, to_service_error

Body = Callable[[], BinaryIO]
"""Made anew for each try."""
Result = TypeVar("Result")


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Connection:
    """Any thread may use it."""

    def __init__(
        self, url: str, token: Optional[str] = None, *, timeout: float = 30.0, tries: int = 5, first_pause: float = 0.2
    ):
        self.url = base_of(url)
        self.timeout = timeout
        self._origin = address_of(self.url).origin
        self._token = token
        self._tries = tries
        self._first_pause = first_pause
        self._links = Links()
        self.stopping = threading.Event()

    def close(self) -> None:
        self.stopping.set()
        self._links.close()

    def pause(self, seconds: float) -> None:
        if self.stopping.wait(seconds):
            raise Stopped("The client was closed")

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Parameters] = None,
        data: Any = None,
        body: Optional[Body] = None,
        headers: Optional[Mapping[str, str]] = None,
        repeatable: bool = True,
        has_digest: bool = False,
        timeout: Optional[float] = -1.0,
    ) -> Answer:
        """`data` goes as JSON. `repeatable=False`: a second try could do it twice. `timeout=None` is for ever.

        has_digest: it says the digest of its bytes; where others arrive, it is sent again.
        """
        address = self._locate(path, query)
        head = dict(headers or {})
        if data is not None:
            head["content-type"] = "application/json"
        text = None if data is None else json.dumps(data, allow_nan=False).encode()

        def attempt() -> Answer:
            opened = body() if body is not None else None
            try:
                with self._exchange(address, method, opened or text, head, timeout, fresh=not repeatable) as response:
                    return Answer(response.status, response.headers, response.read())
            finally:
                if opened is not None:
                    opened.close()

        return self._until_answered(f"{method} {_shown(address)}", repeatable, attempt, has_digest)

    def read(self, method: str, path: str, **how: Any) -> Dict[str, Any]:
        """Sends, and answers the JSON object that came back."""
        answer = self.send(method, path, **how)
        try:
            document = json.loads(answer.body)
        except ValueError:
            document = None
        if isinstance(document, dict):
            return document
        said = {"detail": "The answer is not what a longhaul service says; check the address and the versions"}
        raise ServiceError(f"{method} {self.url}{path}", answer.status, said)

    @contextmanager
    def stream(
        self,
        path: str,
        *,
        query: Optional[Parameters] = None,
        headers: Optional[Mapping[str, str]] = None,
        repeatable: bool = True,
        timeout: Optional[float] = -1.0,
    ) -> Iterator[http.client.HTTPResponse]:
        """The answer to a GET, to be read piece by piece. Only its head is asked for again when it does not come."""
        address = self._locate(path, query)

        def attempt() -> Any:
            exchange = self._exchange(address, "GET", None, headers or {}, timeout)
            return exchange, exchange.__enter__()

        exchange, response = self._until_answered(f"GET {_shown(address)}", repeatable, attempt)
        try:
            yield response
        finally:
            exchange.__exit__(None, None, None)

    @contextmanager
    def _exchange(
        self,
        address: Address,
        method: str,
        content: Any,
        headers: Mapping[str, str],
        timeout: Optional[float],
        fresh: bool = False,
    ) -> Iterator[http.client.HTTPResponse]:
        seconds = self.timeout if timeout == -1.0 else timeout
        head = {"accept": "application/json", **headers}
        # Signed URLs may lead to another host, which must not see the key.
        if self._token and address.origin == self._origin:
            head["authorization"] = f"Bearer {self._token}"
        kept = None if fresh else self._links.take(address)
        link = kept or self._links.open(address, seconds)
        try:
            link.timeout = seconds
            if link.sock is not None:
                link.sock.settimeout(seconds)
            response = _ask(link, method, self._links.target(address), content, head)
            if response.status >= 300:
                raise to_service_error(
                    f"{method} {_shown(address)}", response.status, response.headers, response.read()
                )
            yield response
            whole = response.isclosed() and not response.will_close
        except BaseException as error:
            link.close()
            # A connection that lay idle may have been closed meanwhile: that is no failed try.
            stale = kept is not None and isinstance(error, (http.client.RemoteDisconnected, ConnectionError))
            if stale:
                raise _Stale() from error
            raise
        if whole:
            self._links.give(address, link)
        else:
            link.close()

    def _until_answered(
        self, request: str, repeatable: bool, attempt: Callable[[], Result], has_digest: bool = False
    ) -> Result:
        tried = 0
        while True:
            try:
                return attempt()
            except _Stale:
                continue
            except ServiceError as error:
                is_damage = has_digest and error.code == "checksum-mismatch"
                if not is_damage and not _may_pass(error):
                    raise
                failure: Exception = error
            except (OSError, http.client.HTTPException) as error:
                failure = UnreachableError(self._origin, tried + 1, error)
            tried += 1
            if not repeatable or tried >= self._tries:
                raise failure
            asked = failure.retry_after if isinstance(failure, ServiceError) else None
            self.pause(min(30.0, self._first_pause * 2 ** (tried - 1) if asked is None else asked))

    def _locate(self, path: str, query: Optional[Parameters]) -> Address:
        # Paths of ours go below the base; absolute URLs are the service's own.
        return address_of(path if path.startswith(("http://", "https://")) else self.url + path, query)


class _Stale(Exception):
    pass


def _ask(
    link: http.client.HTTPConnection, method: str, target: str, content: Any, head: Mapping[str, str]
) -> http.client.HTTPResponse:
    try:
        link.request(method, target, body=content, headers=dict(head))
    except (BrokenPipeError, ConnectionResetError):
        # Refused before all was sent: why may still be there to read.
        try:
            return link.getresponse()
        except http.client.HTTPException:
            pass
        raise
    return link.getresponse()


def _may_pass(error: ServiceError) -> bool:
    """Worth another try: overload and a proxy's errors, but no refusal that names its reason."""
    codes = {429: ("too-many-requests", "unknown"), 503: ("unavailable", "action-busy", "unknown"), 502: ("unknown",)}
    return error.code in codes.get(502 if error.status == 504 else error.status, ())


def _shown(address: Address) -> str:
    return address.origin + address.target.split("?")[0]
