"""Find the purchase orders that wait for us to ask their supplier something.

Who does not even answer orders now is not asked: what waits for him waits in its row. Nor is he
asked before the moment that he named (``try_after``).
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from orders import cancelling, purchasing, resolving
from orders.models import Order, PurchaseOrder
from suppliers import breaking

Status = PurchaseOrder.Status
Request = PurchaseOrder.Request


def to_be_sent(*, now: datetime) -> QuerySet[PurchaseOrder]:
    """Find what was never sent, and what is to be sent again."""
    return _answered(now).filter(
        _may_be_asked(now),
        status__in=[Status.DRAFT, Status.READY],
        request_status__in=purchasing.SENDABLE,
        order__status=Order.Status.PROCESSING,
    )


def to_be_resolved(*, now: datetime) -> QuerySet[PurchaseOrder]:
    """Find calls whose answer was lost, or whose worker died."""
    return _answered(now).filter(
        (Q(request_status=Request.SUBMIT_UNKNOWN) & _may_be_asked(now))
        | Q(
            request_status=Request.SUBMITTING,
            request_status_since__lte=now - resolving.SENDING_TAKES,
        )
    )


def to_be_stopped(*, now: datetime) -> QuerySet[PurchaseOrder]:
    """Find wishes to cancel that wait for an answer, and those that need none any more."""
    wanted = _answered(now).filter(
        _may_be_asked(now) | Q(request_status__in=cancelling.NEVER_SENT),
        cancel_wanted_at__lte=now - resolving.SENDING_TAKES / 3,
    )
    return wanted.exclude(status=Status.CANCELED)


def _answered(now: datetime) -> QuerySet[PurchaseOrder]:
    return PurchaseOrder.objects.exclude(supplier__in=breaking.not_even_orders(now=now))


def _may_be_asked(now: datetime) -> Q:
    return Q(try_after__isnull=True) | Q(try_after__lte=now)
