"""Work queue: find purchase orders to submit, to look up, to cancel.

A supplier whose circuit is open even for orders is not called, nor before ``try_after``. Its work
waits in the rows. Submissions of a dead worker, and cancellations of unsubmitted purchase orders,
need no call and do not wait.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from orders.models import Order, PurchaseOrder
from orders.purchasing import retries, submission_lookup
from orders.purchasing.retries import may_be_asked, supplier_answers
from suppliers.models.supplier import Sending

Status = PurchaseOrder.Status
Request = PurchaseOrder.Request


def to_be_sent(*, now: datetime) -> QuerySet[PurchaseOrder]:
    """Return purchase orders to submit for the first time or again.

    A batched one waits for ``goes_at``, unless its supplier now takes orders at once.
    """
    return PurchaseOrder.objects.filter(
        supplier_answers(),
        may_be_asked(now),
        Q(goes_at__isnull=True) | Q(goes_at__lte=now) | Q(supplier__sending=Sending.AT_ONCE),
        status__in=[Status.DRAFT, Status.READY],
        cancel_wanted_at__isnull=True,
        request_status__in=PurchaseOrder.NEVER_SENT,
        order__status=Order.Status.PROCESSING,
    )


def to_be_resolved(*, now: datetime) -> QuerySet[PurchaseOrder]:
    """Return submissions whose answer was lost or whose worker died."""
    return PurchaseOrder.objects.filter(
        Q(
            supplier_answers(),
            may_be_asked(now),
            request_status=Request.SUBMIT_UNKNOWN,
            request_status_since__lte=now - retries.CALLS_END_WITHIN,
        )
        | Q(
            request_status=Request.SUBMITTING,
            request_status_since__lte=now - submission_lookup.SENDING_TAKES,
        )
    )


def to_be_stopped(*, now: datetime) -> QuerySet[PurchaseOrder]:
    """Return cancellation requests to send, and those of purchase orders never submitted.

    A request by e-mail or staff is sent once: the supplier answers when it chooses.
    """
    wanted = PurchaseOrder.objects.filter(
        Q(supplier_answers(), may_be_asked(now)) | Q(request_status__in=PurchaseOrder.NEVER_SENT),
        cancel_wanted_at__isnull=False,
    )
    is_told = Q(request_status=Request.CANCELLATION_REQUESTED, status__in=PurchaseOrder.STOPPABLE)
    return wanted.exclude(status=Status.CANCELED).exclude(is_told & ~Q(stop_told_by=""))


def in_turn(due: QuerySet[PurchaseOrder], *, most: int) -> list[int]:
    """Return ids round-robin: the first of each supplier, then the second of each."""
    place = Window(RowNumber(), partition_by=F("supplier"), order_by="pk")
    ranked = due.annotate(place=place).order_by("place", "pk")
    return list(ranked.values_list("pk", flat=True)[:most])
