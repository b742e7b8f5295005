"""Gateway gate: limit the calls of one process to a gateway, stop them while it does not answer.

A gateway that hangs occupies one thread of each web process. The other threads answer at once,
and keep serving pages.
"""

import logging
import threading
import time
from datetime import timedelta

from storefront.lib.http.errors import TemporaryError
from storefront.lib.http.observers import Call, Outcome
from suppliers.resilience.circuit_breaker import SharedCircuitBreaker

log = logging.getLogger(__name__)

NS_PER_S = 10**9  # per second

# Longest wait for another call to end: a healthy gateway answers by then.
MAX_WAIT_S = 1
MAX_PAUSE = timedelta(minutes=1)  # customers wait to pay: probe often


class GatewayGate:
    """Let one call of this process through at a time, past the breaker of the gateway."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._slot = threading.Lock()
        self._taken_ns = 0
        self._breaker = SharedCircuitBreaker(gateway=code, longest_pause=MAX_PAUSE)

    def enter(self, call: Call) -> None:
        """Take the slot of this process.

        Raises: CircuitBreakerOpenError  the gateway does not answer; nothing was sent
                TemporaryError           another call has waited too long; nothing was sent
        """
        past_s = (time.monotonic_ns() - self._taken_ns) / NS_PER_S
        if not self._slot.acquire(timeout=max(0, MAX_WAIT_S - past_s)):
            raise TemporaryError(f"{self._code}: another call is still in progress")
        self._taken_ns = time.monotonic_ns()
        try:
            self._breaker.enter(call, is_for_order=True)
        except BaseException:
            self._slot.release()
            raise

    def heartbeat(self, call: Call) -> None:
        self._breaker.heartbeat(call)

    def leave(self, call: Call, outcome: Outcome) -> None:
        try:
            self._breaker.leave(call, outcome)
        finally:
            self._slot.release()
        log.info("%s: %s %s in %.0f ms", self._code, call, outcome.summary, outcome.milliseconds)
