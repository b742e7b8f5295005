"""Circuit breaker: block calls to a supplier or gateway that fails, probe whether it is back.

All processes share one breaker per connection or gateway, in the database. Only timeouts,
broken connections and server errors count as failures; a rejection by the supplier does not.
"""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from storefront.lib.db.prepared_queries import PreparedQuery
from storefront.lib.http.backoff import backoff
from storefront.lib.http.errors import CallDeferredError, TemporaryError
from storefront.lib.http.observers import Call, Outcome
from suppliers.models import CircuitBreaker

log = logging.getLogger(__name__)

OPENS_AFTER = 5
FIRST_PAUSE = timedelta(seconds=10)  # half of it for orders: a short outage should not delay them
MAX_PAUSE = timedelta(minutes=5)
PROBE_MARGIN_S = 5.0
CLOSED_CACHE_S = 1.0  # how long a worker trusts a closed breaker that it read
FIRST_SERVER_ERROR = 500


class CircuitBreakerOpenError(CallDeferredError):
    """The breaker is open: no call of this kind is made before ``until``. Nothing was sent."""

    until: datetime

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message, code="breaker_open", until=until)


class SharedCircuitBreaker:
    """The shared breaker of one connection or gateway, for the calls of this worker."""

    def __init__(
        self,
        connection_id: int | None = None,
        *,
        gateway: str = "",
        longest_pause: timedelta = MAX_PAUSE,
    ) -> None:
        self._key = _breaker_key(connection_id, gateway)
        self._longest_pause = longest_pause
        self._rows = CircuitBreaker.objects.filter(**self._key)
        self._is_clean = False
        self._read_at = -CLOSED_CACHE_S
        self._probes: set[str] = set()

    def enter(self, call: Call, *, is_for_order: bool) -> None:
        """Admit a call if the breaker is closed, or as its probe.

        Raises: CircuitBreakerOpenError
        """
        if time.monotonic() - self._read_at < CLOSED_CACHE_S:
            return
        row = self._read()
        until = None
        if row is not None:
            until = row.orders_blocked_until if is_for_order else row.open_until
        if row is None or row.opened_at is None or until is None:
            self._is_clean = row is None or not row.failures
            self._read_at = time.monotonic()
            return
        if not self._try_half_open(call, is_for_order=is_for_order):
            message = f"no answer since {row.opened_at:%H:%M:%S}: {row.last_failure}"
            raise CircuitBreakerOpenError(message, until=until)
        self._probes.add(call.request_id)

    def _read(self) -> CircuitBreaker | None:
        return (_BY_GATEWAY if "gateway" in self._key else _BY_CONNECTION).first(**self._key)

    def heartbeat(self, call: Call) -> None:
        if call.request_id in self._probes:
            try:
                # If another call has closed the breaker, there is no probe to extend.
                is_open = self._rows.filter(opened_at__isnull=False)
                is_open.update(half_open_until=Now() + _probe_time(call))
            except DatabaseError:
                log.exception("cannot save that %s responds again", call)

    def leave(self, call: Call, outcome: Outcome) -> None:
        """Record the outcome of a call. A database error does not fail the call."""
        is_probe = call.request_id in self._probes
        try:
            if is_failure(outcome):
                self._probes.discard(call.request_id)
                self._read_at = -CLOSED_CACHE_S
                self._count_failure(f"{call}: {outcome.summary}", is_probe=is_probe)
            elif is_inconclusive(outcome):
                self.forget(call)
            elif is_probe or not self._is_clean:
                self._probes.discard(call.request_id)
                self._is_clean = True
                close(**self._key)
        except DatabaseError:
            log.exception("cannot count the outcome of a call to %s", call)

    def forget(self, call: Call) -> None:
        """Discard a call without result, and its probe."""
        if call.request_id in self._probes:
            self._probes.discard(call.request_id)
            self._rows.update(half_open_until=None)

    def _try_half_open(self, call: Call, *, is_for_order: bool) -> bool:
        """Become the probe, unless it is too early or another call is the probe."""
        due_field = "orders_blocked_until" if is_for_order else "open_until"
        free_probe = self._rows.filter(
            Q(half_open_until__isnull=True) | Q(half_open_until__lte=Now()),
            opened_at__isnull=False,
            **{f"{due_field}__lte": Now()},
        )
        return bool(free_probe.update(half_open_until=Now() + _probe_time(call)))

    @transaction.atomic(durable=True)
    def _count_failure(self, message: str, *, is_probe: bool) -> None:
        """Count a failure.

        ``OPENS_AFTER`` failures open the breaker; a failed probe doubles the pause, up to the
        longest pause. Calls that were under way when it opened do not extend the pause.

        Locks: the breaker
        """
        CircuitBreaker.objects.get_or_create(**self._key)
        row = self._rows.select_for_update(of=["self"]).get()
        now = self._rows.annotate(now=Now()).values_list("now", flat=True).get()
        row.failures += 1
        row.last_failure = message[:200]
        opens = row.opened_at is None and row.failures >= OPENS_AFTER
        if opens or is_probe:
            pause = backoff(
                FIRST_PAUSE, failures=row.consecutive_opens, longest=self._longest_pause
            )
            row.consecutive_opens += 1
            row.opened_at = row.opened_at or now
            row.open_until = now + pause
            row.orders_blocked_until = now + pause / 2
            row.half_open_until = None
            log.warning("%s is paused for %s: %s", row, pause, message)
        row.save()


def _by_gateway(*, gateway: str) -> QuerySet[CircuitBreaker]:
    return CircuitBreaker.objects.filter(gateway=gateway)


def _by_connection(*, connection_id: int) -> QuerySet[CircuitBreaker]:
    return CircuitBreaker.objects.filter(connection_id=connection_id)


_BY_GATEWAY, _BY_CONNECTION = PreparedQuery(_by_gateway), PreparedQuery(_by_connection)


def _probe_time(call: Call) -> timedelta:
    return timedelta(seconds=call.lease_s + PROBE_MARGIN_S)


def _breaker_key(connection_id: int | None, gateway: str) -> dict[str, Any]:
    return {"gateway": gateway} if gateway else {"connection_id": connection_id}


def close(*, connection_id: int | None = None, gateway: str = "") -> bool:
    """Close the breaker of a connection or gateway; return whether it had failures."""
    row = CircuitBreaker.objects.filter(**_breaker_key(connection_id, gateway)).exclude(failures=0)
    return bool(
        row.update(
            failures=0,
            consecutive_opens=0,
            opened_at=None,
            open_until=None,
            orders_blocked_until=None,
            half_open_until=None,
        )
    )


def is_failure(outcome: Outcome) -> bool:
    """Return whether the call got no answer, or a server error."""
    if outcome.status is None:
        return isinstance(outcome.error, TemporaryError) and not outcome.is_cut_short
    return outcome.status >= FIRST_SERVER_ERROR


def is_inconclusive(outcome: Outcome) -> bool:
    """Return whether the call says nothing about the other side: never sent, or cut short by us."""
    was_never_sent = outcome.error is None or not outcome.error.is_outcome_unknown
    return outcome.status is None and (was_never_sent or outcome.is_cut_short)


def blocked_for_orders() -> QuerySet[CircuitBreaker, int]:
    """Return the ids of suppliers whose breaker blocks even orders."""
    # Gateway rows have no connection, and NOT IN a list with a NULL matches nothing.
    open_breakers = CircuitBreaker.objects.open_for_orders().filter(connection__isnull=False)
    return open_breakers.values_list(F("connection__supplier_id"), flat=True)
