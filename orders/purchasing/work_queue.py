"""Work queue: find purchase orders to submit, to look up, to cancel.

No supplier is called while its circuit is open for orders, or before ``retry_at``: the work waits
in its rows. Submissions of a dead worker, and cancellations of unsubmitted purchase orders,
need no call and do not wait.
"""

from datetime import datetime

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from orders.models import Order, PurchaseOrder
from orders.purchasing import retries
from orders.purchasing.retries import is_retry_due, is_supplier_available
from suppliers.models.policies import DispatchMode

Status = PurchaseOrder.Status
Submission = PurchaseOrder.Submission


def to_submit(*, now: datetime) -> QuerySet[PurchaseOrder]:
    """Return purchase orders to submit for the first time or again.

    A batched one waits for ``submit_at``, unless its supplier now takes orders at once.
    """
    return PurchaseOrder.objects.filter(
        is_supplier_available(),
        is_retry_due(now),
        Q(submit_at__isnull=True)
        | Q(submit_at__lte=now)
        | Q(supplier__dispatch_mode=DispatchMode.AT_ONCE),
        status__in=[Status.DRAFT, Status.READY],
        cancel_requested_at__isnull=True,
        submission_status__in=PurchaseOrder.UNSUBMITTED_STATES,
        order__status=Order.Status.PROCESSING,
    )


def to_look_up(*, now: datetime) -> QuerySet[PurchaseOrder]:
    """Return submissions whose answer was lost or whose worker died."""
    return PurchaseOrder.objects.filter(
        Q(
            is_supplier_available(),
            is_retry_due(now),
            submission_status=Submission.SUBMIT_UNKNOWN,
            submission_status_since__lte=now - retries.MAX_CALL_TIME,
        )
        | Q(
            submission_status=Submission.SUBMITTING,
            submission_status_since__lte=now - retries.SUBMISSION_TIMEOUT,
        )
    )


def to_cancel(*, now: datetime) -> QuerySet[PurchaseOrder]:
    """Return purchase orders to cancel: at the supplier or, if never submitted, here.

    A request by e-mail or staff is sent once; its answer comes later.
    """
    cancellations = PurchaseOrder.objects.filter(
        Q(is_supplier_available(), is_retry_due(now))
        | Q(submission_status__in=PurchaseOrder.UNSUBMITTED_STATES),
        cancel_requested_at__isnull=False,
    )
    is_requested = Q(
        submission_status=Submission.CANCELLATION_REQUESTED, status__in=PurchaseOrder.CANCELABLE
    )
    return cancellations.exclude(status=Status.CANCELED).exclude(
        is_requested & ~Q(cancellation_channel="")
    )


def round_robin(due: QuerySet[PurchaseOrder], *, limit: int) -> list[int]:
    """Return ids round-robin: the first of each supplier, then the second of each."""
    rank = Window(RowNumber(), partition_by=F("supplier"), order_by="pk")
    ranked = due.annotate(rank=rank).order_by("rank", "pk")
    return list(ranked.values_list("pk", flat=True)[:limit])
