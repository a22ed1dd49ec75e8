"""The names that only callers of a service need. A served file starts without them: sockets, TLS, thread pools."""

from __future__ import annotations

from typing import Any

_NAMES = (
    "Client",
    "JobFailedError",
    "Options",
    "ServiceError",
    "TransferError",
    "UnreachableError",
    "UploadClient",
    "each",
)


def lookup(name: str) -> Any:
    """`__getattr__` of the package."""
    if name not in _NAMES:
        raise AttributeError(f"module 'longhaul' has no attribute {name!r}")
    from . import client

    return getattr(client, name)
