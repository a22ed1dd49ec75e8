"""What can go wrong between this program and a service. Each says what was refused, why, and what to do."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from typing import Any, Dict, Mapping, Optional


class ClientError(Exception):
    """Every error of the client is one of these."""


class ServiceError(ClientError):
    """The service said no. Branch on `code`; `problem` is the whole document, empty when a proxy answered."""

    def __init__(self, request: str, status: int, problem: Mapping[str, Any], retry_after: Optional[float] = None):
        self.request = request
        self.status = status
        self.problem = problem
        self.code = str(problem.get("code") or "unknown")
        self.detail = _sentence(problem, status)
        self.retry_after = retry_after
        super().__init__(f"{self.detail} ({request} answered {status} {problem.get('code') or ''}".rstrip() + ")")


class UnreachableError(ClientError):
    """No answer at all, after every try. `__cause__` is what the network said last."""

    def __init__(self, url: str, tries: int, cause: BaseException):
        count = "" if tries == 1 else f" after {tries} tries"
        super().__init__(
            f"Cannot reach {url}: {network_reason(cause)}{count}; check the address and that the service is running"
        )
        self.url = url
        self.__cause__ = cause


class TransferError(ClientError):
    """Bytes did not arrive as they left, and nothing wrong was kept. `kind`: checksum, size, source-changed, local."""

    def __init__(self, kind: str, message: str):
        super().__init__(message)
        self.kind = kind
        self.detail = message


class JobFailedError(ClientError):
    """The job ended without a result. `code` and `detail` say why; `status` is failed or cancelled."""

    def __init__(self, job_id: str, status: str, code: str, detail: str):
        super().__init__(f"{job_id} {status}: {detail} ({code})")
        self.job_id = job_id
        self.status = status
        self.code = code
        self.detail = detail


class Stopped(ClientError):
    """Work of this client was given up because nobody waits for it any more."""


def to_service_error(request: str, status: int, headers: http.client.HTTPMessage, body: bytes) -> ServiceError:
    """Never fails itself, whatever the body is."""
    return ServiceError(request, status, _problem(body), _retry_after(headers.get("retry-after")))


def _problem(body: bytes) -> Dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}  # a proxy's page: its words are no help to anyone
    return document if isinstance(document, dict) else {}


def _sentence(problem: Mapping[str, Any], status: int) -> str:
    errors = problem.get("errors")
    title = problem.get("title")
    if isinstance(errors, list) and errors:
        reasons = [f"{_field_of(one)}: {one.get('detail')}" for one in errors if isinstance(one, dict)]
        return f"{title or 'Refused'}: {'; '.join(reasons)}"
    detail = problem.get("detail")
    if isinstance(detail, str) and detail:
        return detail
    return str(title or f"The answer was HTTP {status} without a word of longhaul's")


def _field_of(error: Mapping[str, Any]) -> str:
    """`/input/width` → `width`: the name a person gave, not the place in the body."""
    if error.get("parameter"):
        return str(error["parameter"])
    names = str(error.get("pointer") or "").strip("/").split("/")
    while names and names[0] in ("body", "input"):
        names.pop(0)
    return ".".join(names) or "input"


def _retry_after(header: Optional[str]) -> Optional[float]:
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        return None  # a date: rare, and the pause doubles anyway


def network_reason(error: BaseException) -> str:
    """In words: what the platform says is often a number."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, http.client.RemoteDisconnected):
        return "the connection was closed before the answer"
    if isinstance(error, (ConnectionResetError, BrokenPipeError)):
        return "the connection was reset"
    if isinstance(error, (socket.timeout, TimeoutError)):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "no such host"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    return str(error) or type(error).__name__
