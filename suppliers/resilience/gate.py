"""Supplier gate: admit calls by breaker, concurrency and rate limit; count, time and log them.

Latencies are stored as a histogram of a few rows per day.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection

from storefront.lib.http.observers import Call, CallObserver, Outcome
from suppliers.connectors.capabilities import Capability
from suppliers.connectors.context import Quota, QuotaCounter
from suppliers.resilience.circuit_breaker import SharedCircuitBreaker
from suppliers.resilience.concurrency import SharedSemaphore
from suppliers.resilience.rate_limit import MAX_WAIT_S, SharedRateLimit
from suppliers.scorecards import statistics

UNKNOWN_CAPABILITY = "other"  # calls that the connector gives no capability


class UsageMeter:
    """Counts the calls and quota points of one connector, over all its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._points: Counter[str] = Counter()

    def count_call(self, capability: str) -> None:
        with self._lock:
            self._calls[capability or UNKNOWN_CAPABILITY] += 1

    def count_points(self, quota: Quota, points: int) -> None:
        with self._lock:
            self._points[quota.name] += points

    def read(self) -> dict[str, dict[str, int]]:
        """Return the calls by capability and the points by quota, as a run stores them."""
        with self._lock:
            return {
                "calls": dict(sorted(self._calls.items())),
                "points": dict(sorted(self._points.items())),
            }


class MeteredQuotaCounter:
    """A quota counter whose points are also counted by a meter."""

    def __init__(self, counter: QuotaCounter, *, meter: UsageMeter) -> None:
        self._counter = counter
        self._meter = meter

    def spend(self, quota: Quota, *, points: int = 1, is_for_order: bool = False) -> None:
        self._counter.spend(quota, points=points, is_for_order=is_for_order)
        self._meter.count_points(quota, points)

    def set_remaining(
        self, quota: Quota, *, remaining: int, total: int | None, until: datetime | None
    ) -> None:
        self._counter.set_remaining(quota, remaining=remaining, total=total, until=until)

    def remaining(self, quota: Quota) -> int:
        return self._counter.remaining(quota)


log = logging.getLogger(__name__)

ORDER_CAPABILITIES = frozenset(
    {
        Capability.FREIGHT,
        Capability.ORDER_VALIDATION,
        Capability.ORDER_PLACING,
        Capability.ORDER_READING,
        Capability.CANCELLATION,
        Capability.TRACKING,
        Capability.BALANCE,
        Capability.CHARGING,
        Capability.CLAIMS,
    }
)
SIGN_IN = "sign in"  # no capability, but orders need it
LEASE_MARGIN_S = 5.0


class SupplierGate:
    """Admits every call to one supplier: breaker, concurrency slot, rate limit.

    Shape: ``capabilities`` maps the start of "GET path" or "path" to a capability; the longest
        match wins
    """

    def __init__(  # noqa: PLR0913 - the parts of the gate and the meter
        self,
        *,
        code: str,
        capabilities: Mapping[str, str],
        breaker: SharedCircuitBreaker,
        slots: SharedSemaphore,
        rate_limit: SharedRateLimit,
        meter: UsageMeter | None = None,
    ) -> None:
        self._code = code
        self._capabilities = sorted(capabilities.items(), key=lambda entry: -len(entry[0]))
        self._breaker = breaker
        self._slots = slots
        self._rate_limit = rate_limit
        self._meter = meter or UsageMeter()
        self._slot_by_request: dict[str, str] = {}

    def enter(self, call: Call) -> None:
        """Wait for a slot and the rate limit.

        Raises: CircuitBreakerOpenError  the supplier is down; nothing was sent
            TemporaryError  no slot in time; nothing was sent
        """
        is_for_order = self._capability_of(call) in {*ORDER_CAPABILITIES, SIGN_IN}
        self._breaker.enter(call, is_for_order=is_for_order)
        lease_s = call.lease_s + MAX_WAIT_S + LEASE_MARGIN_S
        slot = ""
        try:
            slot = self._slots.take(lease_s=lease_s, is_for_order=is_for_order)
            self._rate_limit()
        except BaseException:
            if slot:
                self._slots.release(slot)
            self._breaker.forget(call)
            raise
        self._slot_by_request[call.request_id] = slot
        self._meter.count_call(self._capability_of(call))

    def heartbeat(self, call: Call) -> None:
        if slot := self._slot_by_request.get(call.request_id, ""):
            self._slots.renew(slot, lease_s=call.lease_s + LEASE_MARGIN_S)
        self._breaker.heartbeat(call)

    def leave(self, call: Call, outcome: Outcome) -> None:
        if slot := self._slot_by_request.pop(call.request_id, ""):
            self._slots.release(slot)
        self._breaker.leave(call, outcome)
        log.info(
            "%s: %s, %s -> %s in %.0f ms, request %s, theirs %s",
            self._code,
            self._capability_of(call) or "?",
            call,
            outcome.summary,
            outcome.milliseconds,
            call.request_id,
            outcome.service_request_id or "-",
        )

    def _capability_of(self, call: Call) -> str:
        path = call.path.lstrip("/")
        names = (path, f"{call.method} {path}")
        return next(
            (
                capability
                for start, capability in self._capabilities
                if any(name.startswith(start) for name in names)
            ),
            "",
        )


FLUSH_EVERY_S = 60.0

# Buckets are written in a fixed order, which prevents deadlocks. By the database's clock.
ADD_TO_BUCKETS = """
INSERT INTO suppliers_latencybucket AS t (supplier_id, "on", le_ms, count)
SELECT %(supplier)s, (now() AT TIME ZONE 'UTC')::date, counted.le_ms, counted.count
FROM unnest(%(ceilings)s::int[], %(counts)s::int[]) AS counted(le_ms, count)
ORDER BY counted.le_ms
ON CONFLICT (supplier_id, "on", le_ms) DO UPDATE SET count = t.count + excluded.count
"""


class LatencyGate:
    """A gate that also records the latency of each call, written about once a minute.

    Calls run outside transactions, so the writes do too. A killed worker loses at most a minute.
    """

    def __init__(self, gate: CallObserver, *, supplier_id: int) -> None:
        self._gate = gate
        self._supplier_id = supplier_id
        self._counts: Counter[int] = Counter()
        self._written_at = time.monotonic()

    def enter(self, call: Call) -> None:
        self._gate.enter(call)

    def heartbeat(self, call: Call) -> None:
        self._gate.heartbeat(call)

    def leave(self, call: Call, outcome: Outcome) -> None:
        self._gate.leave(call, outcome)
        if outcome.is_cut_short:
            return
        is_answered = outcome.status is not None and outcome.status < 500  # noqa: PLR2004 - HTTP
        self._counts[statistics.bucket_of(outcome.milliseconds) if is_answered else 0] += 1
        if time.monotonic() - self._written_at >= FLUSH_EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Write the latencies; a database error does not fail the call."""
        self._written_at = time.monotonic()
        counted, self._counts = sorted(self._counts.items()), Counter()
        if not counted:
            return
        params: dict[str, Any] = {
            "supplier": self._supplier_id,
            "ceilings": [ceiling for ceiling, _ in counted],
            "counts": [count for _, count in counted],
        }
        try:
            with connection.cursor() as cursor:
                cursor.execute(ADD_TO_BUCKETS, params)
        except DatabaseError:
            log.exception("response times of supplier %s are lost", self._supplier_id)
