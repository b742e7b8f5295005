"""Retries: decide when a supplier may be called about an order again."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext

from orders.models import PurchaseOrder, SupplierClaim
from storefront.lib.http.errors import NotNowError, OutsideError, TemporaryError
from suppliers.resilience import circuit_breaker

# Limit of ``Retry-After``: a customer waits, and a wrong header or clock must not delay an order
# longer than one superfluous call costs.
LONGEST_PAUSE = timedelta(hours=6)
MOST_DOUBLINGS = 10  # every maximum wait is reached by then
JITTER_SHARE = 10  # jitter: at most a tenth of the wait
# A call that timed out here may still be under way: an earlier lookup would prove nothing.
CALLS_END_WITHIN = timedelta(seconds=30)


def still_calling() -> str:
    """Return the message for staff that a call may still be under way."""
    return gettext(
        "A request about this purchase order may still be running. Its status is checked "
        "automatically once the request has ended."
    )


def spread(wait: timedelta) -> timedelta:
    """Add jitter, so that rows that failed together are not retried together."""
    return wait + wait / JITTER_SHARE * random.random()  # noqa: S311 - no secret


def asked_for(error: OutsideError | str, *, now: datetime) -> datetime | None:
    """Return the time of ``Retry-After``, with jitter, capped at ``LONGEST_PAUSE``, or None.

    ``now`` is when the answer came: seconds count from it.
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
    """Return the fields of a try that had no effect: ``failures`` and ``try_after``.

    Exponential backoff that respects ``Retry-After``. A call blocked by our own circuit breaker is
    no failure: otherwise rows that were never sent would wait longest after an outage.
    """
    is_held_back = isinstance(problem, NotNowError)
    doublings = 0 if is_held_back else min(row.failures, MOST_DOUBLINGS)
    usual = now + spread(min(first * 2**doublings, longest))
    return {
        "failures": row.failures + (not is_held_back),
        "try_after": max(usual, asked_for(problem, now=now) or usual),
    }


def rest(purchase_order: PurchaseOrder, error: OutsideError, *, now: datetime) -> None:
    """Delay a lookup or cancellation by ``Retry-After``, unless the purchase order has changed."""
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
    """Return True if ``try_after`` is in the future."""
    return purchase_order.try_after is not None and purchase_order.try_after > now


def supplier_answers(supplier: str = "supplier") -> Q:
    return ~Q(**{f"{supplier}__in": circuit_breaker.not_even_orders()})


def may_be_asked(now: datetime) -> Q:
    return Q(try_after__isnull=True) | Q(try_after__lte=now)
