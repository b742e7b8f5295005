"""Scripted load: run many request scripts at once over real connections, time every step.

One thread runs all scripts. A script is a generator: it yields a request, receives the answer, and
returns its result.
"""

import selectors
import socket
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import cycle

from storefront.dev.bench.harness.load import HOST, PIECE, BadAnswerError, Timing

SILENT_S = 30.0  # longest wait for a response: a new web worker loads all cards first
HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request to a local port; ``step`` names it in the results."""

    step: str
    port: int
    path: str
    form: bytes | None = None  # form data; a POST if present
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        return "GET" if self.form is None else "POST"

    @property
    def payload(self) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {HOST}:{self.port}"]
        lines += ["Accept-Encoding: identity", "Sec-Fetch-Site: same-origin"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        if self.form is not None:
            lines.append("Content-Type: application/x-www-form-urlencoded")
            lines.append(f"Content-Length: {len(self.form)}")
        return "\r\n".join([*lines, "", ""]).encode() + (self.form or b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The response to a request."""

    status: int
    body: bytes
    location: str = ""
    cookies: Mapping[str, str] = field(default_factory=dict)


type Script[R] = Generator[Ask, Answer, R]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked[R]:
    """One finished script: its total seconds, and those of each step."""

    result: R
    seconds: float
    steps: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walks[R]:
    """All finished scripts, and the ``seconds`` of the whole measurement."""

    seconds: float
    walked: Sequence[Walked[R]]

    @property
    def whole(self) -> Timing:
        return Timing(seconds=self.seconds, latencies_s=[each.seconds for each in self.walked])

    def step(self, name: str) -> Timing:
        taken = [each.steps[name] for each in self.walked]
        return Timing(seconds=self.seconds, latencies_s=taken)


@dataclass(slots=True)
class _Walker[R]:
    """One of many customers: keeps its connections, and runs one script after the other."""

    script: Script[R]
    selector: selectors.BaseSelector
    sockets: dict[int, socket.socket] = field(default_factory=dict)
    ask: Ask | None = None
    got: bytearray = field(default_factory=bytearray)
    wanted: int = 0  # bytes of the whole response, known after its head
    began_at: float = 0.0
    asked_at: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)

    def connect(self, port: int) -> socket.socket:
        if port not in self.sockets:
            wire = socket.create_connection((HOST, port), timeout=SILENT_S)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sockets[port] = wire
            self.selector.register(wire, selectors.EVENT_READ, self)
        return self.sockets[port]

    def send(self, ask: Ask) -> None:
        wire = self.connect(ask.port)
        self.ask, self.got, self.wanted = ask, bytearray(), 0
        self.asked_at = time.perf_counter()
        wire.sendall(ask.payload)

    def receive(self, wire: socket.socket) -> Answer | None:
        """Read what is available; return the response once it is complete."""
        piece = wire.recv(PIECE)
        if self.ask is None or not piece:
            raise BadAnswerError(f"{self.ask}: the server closed the connection")
        self.got += piece
        if not self.wanted:
            head, end, _ = self.got.partition(HEAD_END)
            if not end:
                return None
            self.wanted = len(head) + len(HEAD_END) + _length(bytes(head))
        if len(self.got) < self.wanted:
            return None
        step = self.ask.step
        self.steps[step] = self.steps.get(step, 0) + time.perf_counter() - self.asked_at
        return _answer(bytes(self.got))

    def close(self) -> None:
        for wire in self.sockets.values():
            self.selector.unregister(wire)
            wire.close()
        self.sockets.clear()


def walk[R](scripts: Iterable[Script[R]], *, at_once: int, seconds: float) -> Walks[R]:
    """Keep ``at_once`` scripts running; after ``seconds`` start no more, and wait for their ends.

    Raises: BadAnswerError: a response is broken or takes over 30 s, or a script raises it.
    """
    waiting = iter(scripts)
    walked: list[Walked[R]] = []
    with selectors.DefaultSelector() as selector:
        walkers = [_Walker(script, selector) for _, script in zip(range(at_once), waiting)]  # noqa: B905
        firsts = [next(walker.script) for walker in walkers]
        for walker, first in zip(walkers, firsts, strict=True):
            walker.connect(first.port)  # so that all start at the same moment
        started = time.perf_counter()
        deadline = started + seconds
        for walker, first in zip(walkers, firsts, strict=True):
            walker.began_at = time.perf_counter()
            walker.send(first)
        try:
            while selector.get_map():
                for key, _ in selector.select(timeout=SILENT_S) or _silent(walkers):
                    walker = key.data
                    if (answer := walker.receive(key.fileobj)) is None:
                        continue
                    _go_on(walker, answer, waiting, walked, deadline)
        finally:
            for walker in walkers:
                walker.close()
    return Walks(seconds=time.perf_counter() - started, walked=walked)


def _go_on[R](
    walker: _Walker[R],
    answer: Answer,
    waiting: Iterator[Script[R]],
    walked: list[Walked[R]],
    deadline: float,
) -> None:
    try:
        walker.send(walker.script.send(answer))
    except StopIteration as end:
        now = time.perf_counter()
        seconds = now - walker.began_at
        walked.append(Walked(result=end.value, seconds=seconds, steps=walker.steps))
        after = next(waiting, None) if now < deadline else None
        if after is None:
            walker.close()
            return
        walker.script, walker.began_at, walker.steps = after, time.perf_counter(), {}
        walker.send(next(after))


def hammer(*, port: int, paths: Sequence[str], connections: int, seconds: float) -> Timing:
    """Keep one request open on each connection for some seconds, cycling through the paths.

    Raises: BadAnswerError: a response is not 200 with a length.
    """

    def script(path: str) -> Script[None]:
        ask = Ask(step=path, port=port, path=path)
        insist(ask, (yield ask))

    scripts = (script(path) for path in cycle(paths))
    return walk(scripts, at_once=connections, seconds=seconds).whole


def ask_once(ask: Ask) -> Answer:
    """Send one request over its own connection."""

    def script() -> Script[Answer]:
        return (yield ask)

    return walk([script()], at_once=1, seconds=0).walked[0].result


def _answer(whole: bytes) -> Answer:
    head, _, body = whole.partition(HEAD_END)
    first, *lines = head.decode("latin-1").split("\r\n")
    location, cookies = "", {}
    for line in lines:
        name, _, value = line.partition(": ")
        match name.lower():
            case "location":
                location = value
            case "set-cookie":
                key, _, kept = value.partition(";")[0].partition("=")
                cookies[key] = kept
    return Answer(status=int(first.split()[1]), body=body, location=location, cookies=cookies)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise BadAnswerError("response without Content-Length")


def _silent[R](walkers: Sequence[_Walker[R]]) -> list[tuple[selectors.SelectorKey, int]]:
    waited_for = sorted({str(walker.ask.step) for walker in walkers if walker.ask})
    raise BadAnswerError(f"no response for {SILENT_S:.0f} s: {', '.join(waited_for)}")


def insist(ask: Ask, answer: Answer, *, status: int = HTTPStatus.OK) -> Answer:
    """Return the response if it has the expected status.

    Raises: BadAnswerError
    """
    if answer.status != status:
        said = answer.body[:300].decode("utf-8", "replace")
        raise BadAnswerError(f"{ask.method} {ask.path}: {answer.status} {answer.location} {said}")
    return answer
