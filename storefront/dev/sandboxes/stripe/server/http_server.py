"""Gateway HTTP server: read a call, route it, write the answer, inject faults."""

from __future__ import annotations

import logging
import re
import socket
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

from storefront.dev.sandboxes.stripe.server.faults import BEFORE, INSIDE, Fault, Faults, Kind
from storefront.dev.sandboxes.stripe.server.messages import Answer, Call, RefusedError

log = logging.getLogger(__name__)

MAX_BODY = 65_536
IDLE_S = 30


class Site(Protocol):
    """Who answers calls, and how it says that it does not."""

    @property
    def faults(self) -> Faults: ...

    @property
    def broken(self) -> Mapping[Kind, Answer]: ...

    def answer(self, call: Call) -> Answer: ...

    def refused(self, error: RefusedError) -> Answer: ...


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, Handler)
        self.site: Site | None = None

    def handle_error(self, _request: object, client_address: object) -> None:
        """Write why a connection broke; a caller who hangs up is no news."""
        error = sys.exception()
        is_ours = not isinstance(error, OSError)
        log.log(
            logging.ERROR if is_ours else logging.INFO,
            "%s: %r",
            client_address,
            error,
            exc_info=is_ours,
        )


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "StripeSandbox"
    sys_version = ""
    timeout = IDLE_S
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Write what was called; never what was sent, for it may hold a card."""
        log.info("%s %s", self.address_string(), format % args)

    def _serve(self) -> None:
        assert isinstance(self.server, Server)  # noqa: S101 - nobody else makes handlers
        site = self.server.site
        assert site is not None  # noqa: S101 - set before the first call
        body = self._body(site)
        if body is None:
            return
        path, _, query = self.path.partition("?")
        is_control = path.startswith("/control/")
        fault = None if is_control else site.faults.take(f"{self.command} {path}")
        if fault is not None and fault.kind in BEFORE:
            self._break(site, fault)
            return
        call = Call(
            method=self.command,
            path=path,
            words=(),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            now=time.time(),
            query=query,
            fault=fault,
        )
        answer = site.answer(call)
        if fault is not None and fault.kind not in INSIDE:
            self._break(site, fault)
            return
        if fault is not None and fault.kind is Kind.SLOW:
            time.sleep(fault.seconds)
        self._send(answer)

    def _body(self, site: Site) -> bytes | None:
        length = self.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY or self.headers.get("transfer-encoding"):
            self.close_connection = True
            self._send(site.refused(too_large()))
            return None
        return self.rfile.read(int(length))

    def _break(self, site: Site, fault: Fault) -> None:
        if answer := site.broken.get(fault.kind):
            self._send(answer)
            return
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, answer: Answer) -> None:
        content = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def too_large() -> RefusedError:
    return RefusedError(
        "too_large",
        f"Send at most {MAX_BODY} bytes, with their length.",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Route[W]:
    """One address, and who works there."""

    method: str
    pattern: re.Pattern[str]
    work: W


def routed[W](*routes: tuple[str, str, W]) -> tuple[Route[W], ...]:
    return tuple(
        Route(method=method, pattern=re.compile(path), work=work) for method, path, work in routes
    )


def find[W](routes: Iterable[Route[W]], call: Call) -> tuple[W | None, tuple[str, ...], HTTPStatus]:
    """Return who works there, the words of the address, and what to say if nobody does."""
    status = HTTPStatus.NOT_FOUND
    for route in routes:
        if found := route.pattern.fullmatch(call.path):
            if route.method == call.method:
                return route.work, found.groups(), HTTPStatus.OK
            status = HTTPStatus.METHOD_NOT_ALLOWED
    return None, (), status
