"""HTTP observers: watch the calls to one service, delay or refuse a call, log its outcome."""

import logging
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from storefront.lib.http.errors import ExternalServiceError

HEARTBEAT_INTERVAL_S = 10.0  # interval between progress calls during a long answer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request about to be sent.

    ``path`` holds no query and no key, so it may be logged. ``request_id`` is also sent to the
    service. The call takes at most ``total_s``; if ``heartbeat_s`` is set, the gate gets a progress
    call at least that often.
    """

    method: str
    path: str
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex[:16])
    total_s: float = 0.0
    heartbeat_s: float = 0.0

    @property
    def lease_s(self) -> float:
        """Seconds without progress after which the caller counts as killed."""
        return self.heartbeat_s or self.total_s

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a call ended; ``status`` is None without an answer.

    ``service_request_id`` is the request id of the service. ``is_cut_short``: the call had less
    time than usual, so a failure says nothing about the service.
    """

    status: int | None
    milliseconds: float
    error: ExternalServiceError | None = None
    service_request_id: str = ""
    is_cut_short: bool = False

    @property
    def summary(self) -> str:
        return str(self.status) if self.status else type(self.error).__name__


class CallObserver(Protocol):
    """Observes calls to one external service; may delay a call (rate limit) or refuse it."""

    def enter(self, call: Call) -> None:
        """Admit a call, perhaps after a wait. Raises TemporaryError: nothing was sent."""
        ...

    def heartbeat(self, call: Call) -> None:
        """Record that an admitted call is still in progress."""
        ...

    def leave(self, call: Call, outcome: Outcome) -> None:
        """Record the outcome of an admitted call."""
        ...


class LoggingObserver:
    """Admits every call; only logs its outcome."""

    def enter(self, call: Call) -> None:
        """Admit the call."""

    def heartbeat(self, call: Call) -> None:
        """Do nothing: there is no lease to renew."""

    def leave(self, call: Call, outcome: Outcome) -> None:
        log.info("%s %s in %.0f ms", call, outcome.summary, outcome.milliseconds)


def with_heartbeats(chunks: Iterable[bytes], call: Call, *, gate: CallObserver) -> Iterator[bytes]:
    """Yield the chunks of a long answer; report progress to the gate at once, then periodically."""
    due_at = time.monotonic()
    for chunk in chunks:
        if call.heartbeat_s and time.monotonic() >= due_at:
            gate.heartbeat(call)
            due_at = time.monotonic() + HEARTBEAT_INTERVAL_S
        yield chunk
