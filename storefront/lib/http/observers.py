"""HTTP observers: watch the calls to one service, delay or refuse one, log its outcome."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from storefront.lib.http.errors import OutsideError

BEAT_S = 10.0  # how often a gate hears of a long answer that comes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request that is about to be made.

    ``path`` may be told to anybody: no query stands in it, and no key. ``request_id`` is what
    we call the request, also to them; it takes at most ``total_s``. Of one that may take long,
    the gate hears at least every ``silent_s``.
    """

    method: str
    path: str
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex[:16])
    total_s: float = 0.0
    silent_s: float = 0.0

    @property
    def lease_s(self) -> float:
        """After so long without a word, whoever makes it was killed."""
        return self.silent_s or self.total_s

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a call ended. ``status`` is None without an answer; ``their_id`` is its name there.

    With ``is_cut_short`` we had less time than a call usually gets: it says nothing of them.
    """

    status: int | None
    milliseconds: float
    error: OutsideError | None = None
    their_id: str = ""
    is_cut_short: bool = False

    @property
    def words(self) -> str:
        return str(self.status) if self.status else type(self.error).__name__


class Gate(Protocol):
    """Whoever watches over the calls to one company: he may make one wait, or refuse it."""

    def enter(self, call: Call) -> None:
        """Let a call through.

        Raises: TemporaryError  not now; nothing was sent
        """
        ...

    def goes_on(self, call: Call) -> None:
        """Hear that a long call that was let through still goes on."""
        ...

    def leave(self, call: Call, outcome: Outcome) -> None:
        """Hear how a call that was let through ended."""
        ...


class OpenGate:
    """Nobody watches; each call is only written into the log."""

    def enter(self, call: Call) -> None:
        """Let everything through."""

    def goes_on(self, call: Call) -> None:
        """Keep nothing, so nothing runs out."""

    def leave(self, call: Call, outcome: Outcome) -> None:
        log.info("%s %s in %.0f ms", call, outcome.words, outcome.milliseconds)


def heard(chunks: Iterable[bytes], call: Call, *, gate: Gate) -> Iterator[bytes]:
    """Let the gate hear at once, and then now and then, that a long answer comes."""
    hears_at = time.monotonic()
    for chunk in chunks:
        if call.silent_s and time.monotonic() >= hears_at:
            gate.goes_on(call)
            hears_at = time.monotonic() + BEAT_S
        yield chunk
