"""HTTP deadlines: end a whole call at one time limit, whatever the server does.

A client's own limits apply to single steps: a server that sends one byte just before each limit
could hold a call forever. Here each network step, name resolution included, gets the time left.
"""

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore

from storefront.lib.http import ssrf

_ends_at: ContextVar[float | None] = ContextVar("ends_at", default=None)


@contextmanager
def deadline_at(moment_s: float) -> Iterator[None]:
    """End sends and reads of this thread at a monotonic moment; if nested, at the earliest one."""
    token = _ends_at.set(earliest(moment_s))
    try:
        yield
    finally:
        _ends_at.reset(token)


def earliest(moment_s: float) -> float:
    """Return this moment or the deadline of this thread, whichever is earlier."""
    ends_at = _ends_at.get()
    return moment_s if ends_at is None else min(moment_s, ends_at)


def has_passed() -> bool:
    """Return whether the deadline of this thread has passed."""
    ends_at = _ends_at.get()
    return ends_at is not None and time.monotonic() > ends_at


class DeadlineBackend(httpcore.NetworkBackend):
    """Network backend: each step ends with the deadline; connects to allowed addresses only."""

    def __init__(self) -> None:
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers. Raises as ``ssrf.resolve_allowed``."""
        remaining_s = _remaining(timeout, httpcore.ConnectTimeout)
        addresses = ssrf.resolve_allowed(host, port, timeout_s=remaining_s)
        for attempt, address in enumerate(addresses, start=1):
            remaining_s = _remaining(timeout, httpcore.ConnectTimeout)
            try:
                stream = self._plain.connect_tcp(
                    address, port, remaining_s, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if attempt == len(addresses):
                    raise
            else:
                return _Stream(stream)
        raise httpcore.ConnectError("the host has no address")


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._plain = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._plain.read(max_bytes, _remaining(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._plain.write(buffer, _remaining(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._plain.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        remaining_s = _remaining(timeout, httpcore.ConnectTimeout)
        return _Stream(self._plain.start_tls(ssl_context, server_hostname, remaining_s))

    def get_extra_info(self, info: str) -> Any:
        return self._plain.get_extra_info(info)


def _remaining(timeout: float | None, error: type[Exception]) -> float | None:
    ends_at = _ends_at.get()
    if ends_at is None:
        return timeout
    remaining_s = ends_at - time.monotonic()
    if remaining_s <= 0:
        raise error("the time for the whole call is over")
    return remaining_s if timeout is None else min(timeout, remaining_s)
