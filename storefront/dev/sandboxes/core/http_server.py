"""Sandbox HTTP server: read a request, pass it to the sandbox, write the reply; start and stop."""

import json
import logging
import socket
import sys
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Protocol

import msgspec

from storefront.dev.sandboxes.core.stopping import on_stop

log = logging.getLogger(__name__)

# Replies

_JSON = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; ``is_dropped`` closes the connection without one.

    Units:  ``trickle_s`` is the pause between two pieces of the body
    """

    body: bytes = b""
    status: int = 200
    type: str = "application/json;charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)
    is_dropped: bool = False
    trickle_s: float = 0.0


def as_json(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply(body=_JSON.encode(value), status=status, headers=headers or {})


def as_html(text: str, *, status: int = 200) -> Reply:
    return Reply(body=text.encode(), status=status, type="text/html; charset=utf-8")


NOT_FOUND = Reply(status=404, body=b"not found", type="text/plain")
CONTROL = "/control/"
DRAINED_BYTES = 2_000_000
TRICKLE_CHUNKS = 40

type Query = dict[str, list[str]]


class BadControlError(Exception):
    """The control action does not exist, or its parameters are invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, completely read."""

    method: str
    path: str
    query_text: str
    query: Query
    body: bytes
    headers: Message
    peer: str


class Listener(ThreadingHTTPServer):
    """The HTTP server of a sandbox.

    ``answer`` serves the emulated API, ``control`` the control API. Without ``control``,
    ``answer`` serves both.
    """

    daemon_threads = True
    request_queue_size = 128
    max_body_bytes = 1_000_000

    def __init__(
        self,
        address: tuple[str, int],
        *,
        answer: Callable[[Request], Reply],
        control: Callable[[str, str, dict[str, Any]], Any] | None = None,
    ) -> None:
        self.answer, self.control = answer, control
        super().__init__(address, Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore closed connections."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Handles one connection."""

    protocol_version = "HTTP/1.1"
    server: Listener
    server_version = "sandbox"
    timeout = 60
    wbufsize = 64 * 1024  # sends head and body together, without waiting for an ACK
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base class
        """Log method and path, never the body: it may hold a card number."""
        log.info("%s %s", self.address_string(), format % args)

    def _serve(self) -> None:
        self._write(self._reply())

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - as in the base class

    def _reply(self) -> Reply:
        length = self.headers.get("Content-Length") or "0"
        is_chunked = "Transfer-Encoding" in self.headers
        if is_chunked or not length.isdecimal() or int(length) > self.server.max_body_bytes:
            if length.isdecimal():  # the client sees the answer only when its body was read
                self.rfile.read(min(int(length), DRAINED_BYTES))
            closes = {"Connection": "close"}  # send_header() closes it then
            return Reply(status=413, body=b"too large", type="text/plain", headers=closes)
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionResetError("the client closed the connection within its request")
        parts = urllib.parse.urlsplit(self.path)
        asked = Request(
            method=self.command,
            path=parts.path,
            query_text=parts.query,
            query=urllib.parse.parse_qs(parts.query, keep_blank_values=True),
            body=body,
            headers=self.headers,
            peer=self.client_address[0],
        )
        if asked.path == "/healthz":
            return Reply(body=b"ok", type="text/plain")
        control = self.server.control
        if control is None or not asked.path.startswith(CONTROL):
            return self.server.answer(asked)
        return self._control(asked, control)

    def _control(self, asked: Request, control: Callable[[str, str, dict[str, Any]], Any]) -> Reply:
        query, body = asked.query, asked.body
        is_form = "form-urlencoded" in (asked.headers["Content-Type"] or "")
        try:
            if is_form:
                query |= urllib.parse.parse_qs(body.decode())
                body = b""
            arguments = (
                json.loads(body) if body else {key: values[0] for key, values in query.items()}
            )
            done = control(asked.method, asked.path.removeprefix(CONTROL), arguments)
        except (BadControlError, ValueError) as error:
            return as_json({"error": str(error)}, status=400)
        return Reply(status=303, headers={"Location": "/"}) if is_form else as_json(done)

    def _write(self, reply: Reply) -> None:
        if reply.is_dropped:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(reply.status, HTTPStatus(reply.status).phrase)
        self.send_header("Content-Type", reply.type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if not reply.trickle_s:
            self.wfile.write(reply.body)
            return
        step = max(len(reply.body) // TRICKLE_CHUNKS, 1)
        for start in range(0, len(reply.body), step):
            self.wfile.write(reply.body[start : start + step])
            self.wfile.flush()
            time.sleep(reply.trickle_s)


class HasBaseUrl(Protocol):
    """The state of a sandbox that knows its own address."""

    base_url: str


def serve(
    server: Listener, state: HasBaseUrl | None = None, *, stopping: Callable[[], None]
) -> None:
    """Serve until the process is stopped; print a line when ready, because callers wait for it."""
    host, port = server.server_address[:2]
    here = f"http://{host!s}:{port}"
    if state is not None:
        state.base_url = state.base_url or here

    def stop() -> None:
        stopping()
        Thread(target=server.shutdown).start()

    on_stop(stop)
    sys.stdout.write(f"ready {here}\n")  # one write: other sandboxes of the process print as well
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.1)
    server.server_close()


def repeat_in_thread(
    work: Callable[[], None], *, every_s: float, stopping: Event, wake: Event | None = None
) -> Thread:
    """Repeat work in a thread, such as moving due orders; ``wake`` starts it without a wait."""

    def run() -> None:
        while not stopping.is_set():
            (wake or stopping).wait(every_s)
            if wake:
                wake.clear()
            if not stopping.is_set():
                work()

    thread = Thread(target=run, daemon=True)
    thread.start()
    return thread
