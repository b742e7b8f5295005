"""Stripe sandbox HTTP server: read a call, route it, write the answer, inject faults."""

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


class App(Protocol):
    """Answers calls, and errors."""

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
        self.app: App | None = None

    def handle_error(self, _request: object, client_address: object) -> None:
        """Log an error of ours; a closed connection is information only."""
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
        """Log method and path, never the body: it may hold a card number."""
        log.info("%s %s", self.address_string(), format % args)

    def _serve(self) -> None:
        assert isinstance(self.server, Server)  # noqa: S101 - only Server creates handlers
        app = self.server.app
        assert app is not None  # noqa: S101 - set before the first call
        body = self._body(app)
        if body is None:
            return
        path, _, query = self.path.partition("?")
        is_control = path.startswith("/control/")
        fault = None if is_control else app.faults.take(f"{self.command} {path}")
        if fault is not None and fault.kind in BEFORE:
            self._break(app, fault)
            return
        call = Call(
            method=self.command,
            path=path,
            arguments=(),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            now=time.time(),
            query=query,
            fault=fault,
        )
        answer = app.answer(call)
        if fault is not None and fault.kind not in INSIDE:
            self._break(app, fault)
            return
        if fault is not None and fault.kind is Kind.SLOW:
            time.sleep(fault.seconds)
        self._send(answer)

    def _body(self, app: App) -> bytes | None:
        length = self.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY or self.headers.get("transfer-encoding"):
            self.close_connection = True
            self._send(app.refused(too_large()))
            return None
        return self.rfile.read(int(length))

    def _break(self, app: App, fault: Fault) -> None:
        if answer := app.broken.get(fault.kind):
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
class Route[H]:
    """One path and its handler."""

    method: str
    pattern: re.Pattern[str]
    handler: H


def routed[H](*routes: tuple[str, str, H]) -> tuple[Route[H], ...]:
    return tuple(
        Route(method=method, pattern=re.compile(path), handler=handler)
        for method, path, handler in routes
    )


def find[H](routes: Iterable[Route[H]], call: Call) -> tuple[H | None, tuple[str, ...], HTTPStatus]:
    """Return handler, path arguments and OK, or None with 404 or 405."""
    status = HTTPStatus.NOT_FOUND
    for route in routes:
        if found := route.pattern.fullmatch(call.path):
            if route.method == call.method:
                return route.handler, found.groups(), HTTPStatus.OK
            status = HTTPStatus.METHOD_NOT_ALLOWED
    return None, (), status
