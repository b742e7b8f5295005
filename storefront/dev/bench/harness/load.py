"""Load generator: repeat requests to one server from this process, time each answer.

It uses one thread and one selector: a load generator must cost less than what it measures.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle

HOST = "127.0.0.1"
MAX_SECONDS = 60.0
PIECE = 262_144


class BadAnswerError(RuntimeError):
    """The server answered with a status other than 200, or closed the connection early."""


@dataclass(slots=True)
class Connection:
    """One keep-alive connection with one open request."""

    socket: socket.socket
    sent_at: float = 0.0
    got: bytearray = field(default_factory=bytearray)
    wanted: int = 0  # bytes of the whole response, known after its head


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The result: seconds of each response, over the measured time."""

    seconds: float
    latencies_s: Sequence[float]

    @property
    def per_second(self) -> float:
        return len(self.latencies_s) / self.seconds

    def percentile_ms(self, rate: float) -> float:
        ranked = sorted(self.latencies_s)
        return ranked[min(len(ranked) - 1, int(len(ranked) * rate))] * 1000


def hammer(*, port: int, paths: Sequence[str], connections: int, seconds: float) -> Timing:
    """Keep this many requests open for this many seconds, cycling through the paths.

    Raises: BadAnswerError: a response is not 200 with a length.
    """
    questions = cycle([_question(path) for path in paths])
    latencies: list[float] = []
    started = time.perf_counter()
    deadline = started + min(seconds, MAX_SECONDS)
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            connection = Connection(socket.create_connection((HOST, port), timeout=10))
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            _ask(connection, next(questions))
        while selector.get_map():
            for key, _ in selector.select(timeout=10) or _silent():
                connection = key.data
                if not _is_whole(connection):
                    continue
                now = time.perf_counter()
                latencies.append(now - connection.sent_at)
                if now < deadline:
                    _ask(connection, next(questions))
                else:
                    selector.unregister(connection.socket)
                    connection.socket.close()
    return Timing(seconds=time.perf_counter() - started, latencies_s=latencies)


def _question(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAccept-Encoding: identity\r\n\r\n".encode()


def _ask(connection: Connection, question: bytes) -> None:
    connection.got = bytearray()
    connection.wanted = 0
    connection.sent_at = time.perf_counter()
    connection.socket.sendall(question)


def _is_whole(connection: Connection) -> bool:
    piece = connection.socket.recv(PIECE)
    if not piece:
        raise BadAnswerError("the server closed the connection")
    connection.got += piece
    if not connection.wanted:
        head, end, _ = connection.got.partition(b"\r\n\r\n")
        if not end:
            return False
        connection.wanted = len(head) + 4 + _length(bytes(head))
    return len(connection.got) >= connection.wanted


def _length(head: bytes) -> int:
    lines = head.split(b"\r\n")
    if b" 200" not in lines[0]:
        raise BadAnswerError(lines[0].decode("latin-1"))
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise BadAnswerError("response without Content-Length")


def _silent() -> list[tuple[selectors.SelectorKey, int]]:
    raise BadAnswerError("no response for 10 s")
