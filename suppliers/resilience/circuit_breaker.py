"""Circuit breaker: stop calls to a line that does not answer, probe whether it is back.

All processes share one breaker per connection or gateway, in the database. Only a dead line opens
it: no answer in time, a broken connection, or a server error. A rejection in words never does.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from storefront.lib.http.errors import NotNowError, TemporaryError
from storefront.lib.http.observers import Call, Outcome
from suppliers.models import Breaker

log = logging.getLogger(__name__)

OPENS_AFTER = 5
FIRST_PAUSE = timedelta(seconds=10)  # half of it for orders: who hiccups is asked soon again
LONGEST_PAUSE = timedelta(minutes=5)
MOST_DOUBLINGS = 5
PROBE_MARGIN_S = 5.0
BELIEVED_S = 1.0  # how long a worker believes a closed breaker that it has read
FIRST_SERVER_ERROR = 500


class BreakerOpenError(NotNowError):
    """The line is broken, and no call of this kind is tried before ``until``: nothing was sent."""

    until: datetime

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message, code="breaker_open", until=until)


class SharedBreaker:
    """The breaker of one line, as the calls of this worker meet it; the clock is the database's.

    The line is a supplier's connection or a payment gateway.
    """

    def __init__(
        self,
        connection_id: int | None = None,
        *,
        gateway: str = "",
        longest_pause: timedelta = LONGEST_PAUSE,
    ) -> None:
        self._line = _line(connection_id, gateway)
        self._longest_pause = longest_pause
        self._rows = Breaker.objects.filter(**self._line)
        self._is_clean = False
        self._read_at = -BELIEVED_S
        self._probes: set[str] = set()

    def enter(self, call: Call, *, is_for_order: bool) -> None:
        """Let a call through, or the one that looks whether he is back.

        Raises: BreakerOpenError  the line is broken
        """
        if time.monotonic() - self._read_at < BELIEVED_S:
            return
        row = self._rows.first()
        until = None
        if row is not None:
            until = row.orders_wait_until if is_for_order else row.open_until
        if row is None or row.opened_at is None or until is None:
            self._is_clean = row is None or not row.failures
            self._read_at = time.monotonic()
            return
        if not self._may_look(call, is_for_order=is_for_order):
            message = f"no answer since {row.opened_at:%H:%M:%S}: {row.last_failure}"
            raise BreakerOpenError(message, until=until)
        self._probes.add(call.request_id)

    def goes_on(self, call: Call) -> None:
        """Keep the turn of a long call that looks whether he is back."""
        if call.request_id in self._probes:
            try:
                # Somebody else may have found him back meanwhile: then there is no turn to keep.
                is_open = self._rows.filter(opened_at__isnull=False)
                is_open.update(probe_until=Now() + _takes(call))
            except DatabaseError:
                log.exception("that %s goes on is not kept", call)

    def leave(self, call: Call, outcome: Outcome) -> None:
        """Count how a call ended. That it cannot be counted is no reason for it to fail."""
        is_probe = call.request_id in self._probes
        try:
            if is_dead(outcome):
                self._probes.discard(call.request_id)
                self._read_at = -BELIEVED_S
                self._failed(f"{call}: {outcome.words}", is_probe=is_probe)
            elif shows_nothing(outcome):
                self.forget(call)
            elif is_probe or not self._is_clean:
                self._probes.discard(call.request_id)
                self._is_clean = True
                close(**self._line)
        except DatabaseError:
            log.exception("how %s ended is not counted", call)

    def forget(self, call: Call) -> None:
        """Take a call for not made: it shows neither that he is back nor that he is not."""
        if call.request_id in self._probes:
            self._probes.discard(call.request_id)
            self._rows.update(probe_until=None)

    def _may_look(self, call: Call, *, is_for_order: bool) -> bool:
        """Take the turn to look, unless it is too early or somebody else has it."""
        begins_at = "orders_wait_until" if is_for_order else "open_until"
        turn = self._rows.filter(
            Q(probe_until__isnull=True) | Q(probe_until__lte=Now()),
            opened_at__isnull=False,
            **{f"{begins_at}__lte": Now()},
        )
        return bool(turn.update(probe_until=Now() + _takes(call)))

    @transaction.atomic(durable=True)
    def _failed(self, words: str, *, is_probe: bool) -> None:
        """Count a failure: enough of them open it, and whoever looks in vain lets it rest longer.

        Calls that were under way when it opened change nothing.

        Locks:  the breaker
        """
        Breaker.objects.get_or_create(**self._line)
        row = self._rows.select_for_update(of=["self"]).get()
        now = self._rows.annotate(now=Now()).values_list("now", flat=True).get()
        row.failures += 1
        row.last_failure = words[:200]
        opens = row.opened_at is None and row.failures >= OPENS_AFTER
        if opens or is_probe:
            pause = min(FIRST_PAUSE * 2 ** min(row.pauses, MOST_DOUBLINGS), self._longest_pause)
            row.pauses += 1
            row.opened_at = row.opened_at or now
            row.open_until = now + pause
            row.orders_wait_until = now + pause / 2
            row.probe_until = None
            log.warning("%s rests for %s: %s", row, pause, words)
        row.save()


def _takes(call: Call) -> timedelta:
    return timedelta(seconds=call.lease_s + PROBE_MARGIN_S)


def _line(connection_id: int | None, gateway: str) -> dict[str, Any]:
    return {"gateway": gateway} if gateway else {"connection_id": connection_id}


def close(*, connection_id: int | None = None, gateway: str = "") -> bool:
    """Close the breaker of a supplier's connection or of a gateway; tell whether it was not."""
    row = Breaker.objects.filter(**_line(connection_id, gateway)).exclude(failures=0)
    return bool(
        row.update(
            failures=0,
            pauses=0,
            opened_at=None,
            open_until=None,
            orders_wait_until=None,
            probe_until=None,
        )
    )


def is_dead(outcome: Outcome) -> bool:
    """Test whether a call ended as on a dead line."""
    if outcome.status is None:
        return isinstance(outcome.error, TemporaryError) and not outcome.is_cut_short
    return outcome.status >= FIRST_SERVER_ERROR


def shows_nothing(outcome: Outcome) -> bool:
    """Test whether a call ended on our side: it never reached him, or we broke, or hung up."""
    never_left = outcome.error is None or not outcome.error.may_have_happened
    return outcome.status is None and (never_left or outcome.is_cut_short)


def not_even_orders() -> QuerySet[Breaker, int]:
    """Return the suppliers whom no order may be sent to now; it waits where it is.

    Their line rests, or another call looks just now whether they are back.
    """
    # A gateway's row has no connection, and NOT IN a list with a NULL finds nothing.
    shut = Breaker.objects.open_for_orders().filter(connection__isnull=False)
    return shut.values_list(F("connection__supplier_id"), flat=True)
