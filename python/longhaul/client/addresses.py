"""Where a request goes: the address of a service, and of what it gave absolute URLs to."""

from __future__ import annotations

import http.client
import ssl
import threading
from typing import Dict, List, NamedTuple, Optional
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

Parameters = Dict[str, object]


class Address(NamedTuple):
    scheme: str
    host: str
    port: int
    target: str
    """Path and query, as the request line has it."""

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = {"http": 80, "https": 443}[self.scheme]
        return f"{self.scheme}://{host}" + ("" if self.port == default else f":{self.port}")


def address_of(url: str, query: Optional[Parameters] = None) -> Address:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is not the address of a service; give one like http://127.0.0.1:8000")
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    asked = [parts.query] if parts.query else []
    given = {name: value for name, value in (query or {}).items() if value is not None}
    asked += [urlencode(given)] if given else []
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Address(parts.scheme, parts.hostname, port, "?".join([target, "&".join(asked)]) if asked else target)


def base_of(url: str) -> str:
    """Without a scheme it is http; a path in it, behind a proxy, is kept."""
    text = url if "://" in url else f"http://{url}"
    address_of(text)
    return text.rstrip("/")


class Links:
    """Connections that are kept open between requests. Threads take them, use them alone and give them back.

    They go through the proxy that `http_proxy`, `https_proxy` and `no_proxy` name, as the platform's own tools do.
    """

    def __init__(self) -> None:
        self._idle: Dict[str, List[http.client.HTTPConnection]] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._proxies = getproxies()

    def target(self, address: Address) -> str:
        """A plain proxy is told the whole address in the request line."""
        through = address.scheme == "http" and self._proxy_of(address) is not None
        return address.origin + address.target if through else address.target

    def take(self, address: Address) -> Optional[http.client.HTTPConnection]:
        with self._lock:
            idle = self._idle.get(address.origin)
            return idle.pop() if idle else None

    def open(self, address: Address, timeout: Optional[float]) -> http.client.HTTPConnection:
        proxy = self._proxy_of(address)
        via = proxy or address
        if address.scheme == "http":
            return http.client.HTTPConnection(via.host, via.port, timeout=timeout, blocksize=_BLOCK_BYTES)
        context = ssl.create_default_context()
        link = http.client.HTTPSConnection(via.host, via.port, timeout=timeout, context=context, blocksize=_BLOCK_BYTES)
        if proxy is not None:
            link.set_tunnel(address.host, address.port)
        return link

    def give(self, address: Address, link: http.client.HTTPConnection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.setdefault(address.origin, []).append(link)
                return
        link.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            links = [link for idle in self._idle.values() for link in idle]
            self._idle.clear()
        for link in links:
            link.close()

    def _proxy_of(self, address: Address) -> Optional[Address]:
        proxy = self._proxies.get(address.scheme)
        if not proxy or proxy_bypass(f"{address.host}:{address.port}"):
            return None
        return address_of(proxy if "://" in proxy else f"http://{proxy}")


_BLOCK_BYTES = 256 * 1024
