"""Say when a supplier may be asked about an order again: never before he wants to be."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext

from orders.models import PurchaseOrder, SupplierClaim
from storefront.lib.http.errors import NotNowError, OutsideError, TemporaryError
from suppliers.resilience import circuit_breaker

# Somebody has paid and waits: after a quarter of a day, one call too many costs less than a pause
# that a broken header, a wrong clock or a budget of the whole day would make longer still.
LONGEST_PAUSE = timedelta(hours=6)
MOST_DOUBLINGS = 10  # by then the longest wait of each kind is reached
JITTER_SHARE = 10  # a wait grows by a tenth of itself at most
# A call that we gave up may still be under way: to look too early would prove nothing.
CALLS_END_WITHIN = timedelta(seconds=30)


def still_calling() -> str:
    """Say why nobody is asked about a call yet."""
    return gettext(
        "A call about it may still be under way: when it must have ended, it is looked up by"
        " itself."
    )


def spread(wait: timedelta) -> timedelta:
    """Lengthen a wait a little: what failed together does not come again together."""
    return wait + wait / JITTER_SHARE * random.random()  # noqa: S311 - no secret


def asked_for(error: OutsideError | str, *, now: datetime) -> datetime | None:
    """Return the moment before which no call is wanted; None where nobody says.

    ``now`` is when the answer came: what he says in seconds counts from there.
    """
    wait = None
    if isinstance(error, NotNowError):
        wait = None if error.until is None else error.until - now
    elif isinstance(error, TemporaryError) and error.retry_after_s is not None:
        wait = timedelta(seconds=error.retry_after_s)
    if wait is None or wait <= timedelta(0):
        return None
    return now + spread(min(wait, LONGEST_PAUSE))


def after_failing(
    row: PurchaseOrder | SupplierClaim,
    problem: OutsideError | str,
    *,
    first: timedelta,
    longest: timedelta,
    now: datetime,
) -> dict[str, Any]:
    """Return what to note of a try that surely had no effect: how many failed, and the next one.

    It comes later after each failure, and never before he wants to be asked. What was held back,
    as his line rests, is no failure: else what waited out an outage, and was never asked, would
    wait longest when he is back.
    """
    is_held_back = isinstance(problem, NotNowError)
    doublings = 0 if is_held_back else min(row.failures, MOST_DOUBLINGS)
    usual = now + spread(min(first * 2**doublings, longest))
    return {
        "failures": row.failures + (not is_held_back),
        "try_after": max(usual, asked_for(problem, now=now) or usual),
    }


def rest(purchase_order: PurchaseOrder, error: OutsideError, *, now: datetime) -> None:
    """Let a look-up or a wish to cancel wait as he asks, unless the order has moved on since."""
    until = asked_for(error, now=now)
    if until is None:
        return
    as_seen = PurchaseOrder.objects.filter(
        pk=purchase_order.pk,
        request_status=purchase_order.request_status,
        attempts=purchase_order.attempts,
    )
    if as_seen.update(try_after=until):
        purchase_order.try_after = until


def is_resting(purchase_order: PurchaseOrder, *, now: datetime) -> bool:
    """Test whether its supplier wants not to be asked about it yet."""
    return purchase_order.try_after is not None and purchase_order.try_after > now


def supplier_answers(supplier: str = "supplier") -> Q:
    return ~Q(**{f"{supplier}__in": circuit_breaker.not_even_orders()})


def may_be_asked(now: datetime) -> Q:
    return Q(try_after__isnull=True) | Q(try_after__lte=now)
