"""Speak HTTP: read a call, find who answers it, and misbehave when asked to."""

from __future__ import annotations

import json
import logging
import re
import socket
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from orders.gateways.sandbox import api, control, pages
from orders.gateways.sandbox.desk import Answer, Call, Desk, Work, as_json, as_refusal
from orders.gateways.sandbox.faults import BEFORE, Fault, Kind
from orders.gateways.sandbox.moves import RefusedError

log = logging.getLogger(__name__)

MAX_BODY = 65_536
IDLE_S = 30
PAYMENT = r"/([\w-]{1,64})"
ROUTES: tuple[tuple[str, re.Pattern[str], Work], ...] = tuple(
    (method, re.compile(path), work)
    for method, path, work in (
        ("GET", "/", pages.front),
        ("GET", "/style.css", pages.style),
        ("GET", f"/pay{PAYMENT}", pages.show),
        ("POST", f"/pay{PAYMENT}", pages.submit),
        ("POST", "/v1/payments", api.create),
        ("GET", f"/v1/payments{PAYMENT}", api.read),
        ("GET", f"/v1/payments{PAYMENT}/events", api.events),
        ("POST", f"/v1/payments{PAYMENT}/(capture|release|refund)", api.move),
        ("GET", "/control/payments", control.payments),
        ("GET", "/control/events", control.events),
        ("GET", "/control/deliveries", control.deliveries),
        ("GET", "/control/faults", control.list_faults),
        ("POST", "/control/faults", control.add_fault),
        ("DELETE", "/control/faults", control.clear_faults),
        ("GET", "/control/webhooks", control.show_mode),
        ("POST", "/control/webhooks", control.set_mode),
        ("POST", "/control/expire", control.expire),
        ("POST", "/control/replay", control.replay),
        ("POST", "/control/reset", control.reset),
    )
)
BROKEN = {
    Kind.ERROR: as_json(
        {"error": {"code": "internal", "message": "Try again."}},
        HTTPStatus.INTERNAL_SERVER_ERROR,
    ),
    Kind.BUSY: Answer(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        body=json.dumps({"error": {"code": "too_many", "message": "Slow down."}}),
        headers={"Retry-After": "1"},
    ),
    Kind.GARBAGE: Answer(body="<html><h1>Welcome", content_type="text/html"),
}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, Handler)
        self.desk: Desk | None = None

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
    server_version = "TestGateway"
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
        desk = self.server.desk
        assert desk is not None  # noqa: S101 - set before the first call
        body = self._body()
        if body is None:
            return
        path = self.path.partition("?")[0]
        is_control = path.startswith("/control/")
        fault = None if is_control else desk.faults.take(f"{self.command} {path}")
        if fault is not None and fault.kind in BEFORE:
            self._break(fault)
            return
        answer = self._answer(desk, path, body)
        if fault is not None and fault.kind is not Kind.SLOW:
            self._break(fault)
            return
        if fault is not None:
            time.sleep(fault.seconds)
        self._send(answer)

    def _body(self) -> bytes | None:
        length = self.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY or self.headers.get("transfer-encoding"):
            self.close_connection = True
            refusal = RefusedError(
                "too_large",
                f"Send at most {MAX_BODY} bytes, with their length.",
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            )
            self._send(as_refusal(refusal))
            return None
        return self.rfile.read(int(length))

    def _answer(self, desk: Desk, path: str, body: bytes) -> Answer:
        work, words, status = _route(self.command, path)
        if work is None:
            if path.startswith("/pay/") and self.command == "GET":
                return pages.unknown(desk)
            return as_json({"error": {"code": "no_such_call", "message": status.phrase}}, status)
        call = Call(
            method=self.command,
            path=path,
            words=words,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            now=time.time(),
        )
        try:
            if path.startswith("/v1/"):
                api.need_key(desk, call)
            return work(desk, call)
        except RefusedError as error:
            return as_refusal(error)

    def _break(self, fault: Fault) -> None:
        if answer := BROKEN.get(fault.kind):
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


def _route(method: str, path: str) -> tuple[Work | None, tuple[str, ...], HTTPStatus]:
    status = HTTPStatus.NOT_FOUND
    for known_method, pattern, work in ROUTES:
        if found := pattern.fullmatch(path):
            if known_method == method:
                return work, found.groups(), HTTPStatus.OK
            status = HTTPStatus.METHOD_NOT_ALLOWED
    return None, (), status
