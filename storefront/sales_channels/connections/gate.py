"""Store gate: count the calls to one store, stop them while it does not answer."""

import logging

from storefront.lib.http.observers import Call, Outcome
from storefront.sales_channels.models import Connection
from suppliers.resilience.circuit_breaker import SharedCircuitBreaker

log = logging.getLogger(__name__)


class StoreGate:
    """Let calls past the breaker of a connection; all processes share the breaker.

    ``calls`` counts what was sent.
    """

    def __init__(self, connection: Connection, *, is_for_order: bool) -> None:
        self._name = f"{connection.platform} {connection.pk}"
        self._is_for_order = is_for_order
        self._breaker = SharedCircuitBreaker(gateway=connection.breaker_key)
        self.calls = 0

    def enter(self, call: Call) -> None:
        """Admit a call. Raises CircuitBreakerOpenError: nothing was sent."""
        self._breaker.enter(call, is_for_order=self._is_for_order)
        self.calls += 1

    def heartbeat(self, call: Call) -> None:
        self._breaker.heartbeat(call)

    def leave(self, call: Call, outcome: Outcome) -> None:
        self._breaker.leave(call, outcome)
        log.info("%s: %s %s in %.0f ms", self._name, call, outcome.summary, outcome.milliseconds)
