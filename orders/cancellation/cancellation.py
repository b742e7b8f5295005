"""Cancellation: cancel unsubmitted purchase orders, request and process it for the others."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from orders import events
from orders.backorders import purchase_order_cancellation, refunds
from orders.cancellation import before_purchasing, supplier_answers
from orders.models import Order, PurchaseMessage, PurchaseOrder
from orders.purchasing import acknowledgements, locks, reassignment, retries, submission_lookup
from storefront.lib.clock import running_clock
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.http.errors import ExternalServiceError
from suppliers.connections.factory import open_connector
from suppliers.connectors.records import NotCancellableError, UnpaidOrderError
from suppliers.resilience.bulkheads import LockedElsewhereError

Status = PurchaseOrder.Status
Submission = PurchaseOrder.Submission

# The supplier has it, and may have refused an earlier request.
REQUESTABLE = acknowledgements.SUPPLIER_HAS | {Submission.CANCELLATION_REJECTED}


class TooLateError(Exception):
    """The order has ended, or all of it has shipped."""

    def __str__(self) -> str:
        return gettext("Nothing can be canceled: the order has ended, or all of it has shipped.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Purchase order numbers: canceled, refused, or open (workers process them)."""

    stopped: tuple[str, ...]
    refused: tuple[str, ...]
    open: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        return not self.refused and not self.open


@transaction.atomic(durable=True)
def cancel(*, order: Order, reason: str, actor: str, now: datetime) -> Cancellation:
    """Cancel and refund what no supplier has; store a cancellation request for the others.

    No supplier is called here: ``process_request`` does that, in a task started by the caller or
    the sweep. Idempotent: a stored request is not stored again. If a part is canceled or requested,
    the customer is notified of what came too late as well.

    Locks:  the order, then its purchase orders, payments, and the stock rows in id order
    Raises: TooLateError  nothing can be canceled any more
    """
    locked = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    result = cancel_locked(locked, reason=reason, actor=actor, now=now)
    for purchase_order in locked.purchase_orders.filter(number__in=result.refused).order_by("pk"):
        lines = purchase_order.lines.filter(is_active=True)
        units = dict(lines.values_list("order_line", "quantity"))
        events.cancellation_answered(purchase_order, is_stopped=False, units=units, at=now)
    order.refresh_from_db()
    return result


@requires_transaction
def cancel_locked(order: Order, *, reason: str, actor: str, now: datetime) -> Cancellation:
    """Cancel an order that the caller holds. Locks and errors: as ``cancel``."""
    stopped = cancel_or_request(order, reason=reason, actor=actor, now=now)
    remaining = order.purchase_orders.exclude(status=Status.CANCELED).order_by("pk")
    requested, refused = (
        tuple(
            remaining.filter(cancel_requested_at__isnull=is_unrequested).values_list(
                "number", flat=True
            )
        )
        for is_unrequested in (False, True)
    )
    if order.status != Order.Status.CANCELED and not stopped and not requested:
        raise TooLateError(order.number)
    return Cancellation(stopped=tuple(stopped), refused=refused, open=requested)


@requires_transaction
def request_cancellation(purchase_order: PurchaseOrder, *, reason: str, now: datetime) -> None:
    """Store a cancellation request, which a worker processes; the caller holds the order."""
    cancelable = PurchaseOrder.objects.filter(
        pk=purchase_order.pk, status__in=PurchaseOrder.NOT_STARTED | PurchaseOrder.CANCELABLE
    )
    cancelable.update(is_being_reassigned=False, cancel_reason=reason[:200])
    cancelable.filter(cancel_requested_at__isnull=True).update(cancel_requested_at=now)


@requires_transaction
def cancel_or_request(order: Order, *, reason: str, actor: str, now: datetime) -> list[str]:
    """Cancel what no supplier has; store a cancellation request for the rest.

    Returns the numbers of the canceled purchase orders.

    Locks:  the caller holds the order; then its purchase orders; to cancel, as
            ``purchase_order_cancellation.cancel``
    Raises: TooLateError  it has ended
    """
    if order.status in {Order.Status.CANCELED, Order.Status.EXPIRED, Order.Status.COMPLETED}:
        raise TooLateError(order.number)
    canceled = refunds.cancel_all(order, reason=reason, actor=actor, now=now)
    if order.status == Order.Status.CANCELED:
        events.order_canceled(order, reason=reason, is_charged=False, at=now)
        return canceled
    purchase_orders = list(
        order.purchase_orders.exclude(status=Status.CANCELED)
        .select_for_update(of=["self"])
        .order_by("pk")
    )
    if not purchase_orders:
        before_purchasing.cancel(order, reason=reason, actor=actor, now=now)
        return []
    unsubmitted = [
        purchase_order
        for purchase_order in purchase_orders
        if reassignment.is_unsubmitted(purchase_order)
    ]
    for purchase_order in unsubmitted:
        purchase_order.is_being_reassigned, purchase_order.cancel_reason = False, reason[:200]
        purchase_order.save(update_fields=["is_being_reassigned", "cancel_reason"])
    order.purchase_orders.filter(is_being_reassigned=True).update(is_being_reassigned=False)
    purchase_order_cancellation.cancel_all(unsubmitted, order, reason=reason, actor=actor, now=now)
    order.purchase_orders.filter(
        status__in=PurchaseOrder.CANCELABLE, cancel_requested_at__isnull=True
    ).update(cancel_requested_at=now, cancel_reason=reason[:200])
    return canceled + [purchase_order.number for purchase_order in unsubmitted]


def process_request(*, purchase_order: PurchaseOrder, now: datetime) -> bool | None:
    """Process a stored cancellation request: cancel, ask the supplier, or wait.

    True: canceled. False: the supplier ships. None: unknown; retried, respecting ``Retry-After``.
    A supplier without an API gets one request, by e-mail or from staff, and answers later
    (``supplier_answers``). The session lock prevents concurrent requests: a supplier rejects the
    second of two, because it is already canceling.
    """
    try:
        with submission_lookup.work_lock(purchase_order.pk):
            return _process_request(purchase_order, now)
    except LockedElsewhereError:
        return None


def _process_request(purchase_order: PurchaseOrder, now: datetime) -> bool | None:
    clock = running_clock(now)
    is_stopped = _mark_requested(purchase_order, now=now)
    if (
        is_stopped is not None
        or purchase_order.submission_status != Submission.CANCELLATION_REQUESTED
    ):
        return is_stopped
    if retries.is_deferred(purchase_order, now=now):
        return None
    try:
        with open_connector(purchase_order.supplier) as connector:
            state = supplier_answers.send_request(connector, purchase_order)
    except NotCancellableError as error:
        is_unpaid = isinstance(error, UnpaidOrderError)
        return supplier_answers.apply(
            purchase_order=purchase_order,
            is_stopped=is_unpaid,
            reason=str(error),
            now=now,
            is_kept_unpaid=is_unpaid,
        )
    except ExternalServiceError as error:
        # Not a refusal: the supplier did not understand, or did not answer.
        retries.defer(purchase_order, error, now=clock())
        return None
    return (
        None if state is None else supplier_answers.apply_api_answer(purchase_order, state, now=now)
    )


@transaction.atomic(durable=True)
def _mark_requested(purchase_order: PurchaseOrder, *, now: datetime) -> bool | None:
    """Store the request before the call to the supplier; cancel what was never submitted.

    Locks:  the order, then the purchase order; to cancel it, as
            ``purchase_order_cancellation.cancel``
    """
    order = locks.lock(purchase_order)
    if purchase_order.status == Status.CANCELED:
        return True
    if purchase_order.cancel_requested_at is None:  # refused in the meantime: not requested again
        return False
    if reassignment.is_unsubmitted(purchase_order):
        purchase_order_cancellation.cancel_all(
            [purchase_order], order, reason=purchase_order.cancel_reason, now=now
        )
        return True
    if purchase_order.status not in PurchaseOrder.CANCELABLE:  # a parcel came first
        _end_request(purchase_order, now)
        return False
    is_deferred = retries.is_deferred(purchase_order, now=now)
    if purchase_order.submission_status in REQUESTABLE and not is_deferred:
        purchase_order.move(
            Submission.CANCELLATION_REQUESTED,
            at=now,
            status_field="submission_status",
            reason=purchase_order.cancel_reason,
            cancellation_channel="",
        )
        purchase_order.messages.create(
            direction=PurchaseMessage.Direction.OUT,
            kind="cancel",
            body={"reason": purchase_order.cancel_reason},
            at=now,
        )
    return None


def _end_request(purchase_order: PurchaseOrder, now: datetime) -> None:
    """End a request that came too late; otherwise it would be retried for ever."""
    purchase_order.cancel_requested_at = None
    purchase_order.save(update_fields=["cancel_requested_at"])
    if not purchase_order.is_being_reassigned:
        events.cancellation_answered(purchase_order, is_stopped=False, at=now)
    reassignment.abandon(purchase_order)
    if purchase_order.submission_status == Submission.CANCELLATION_REQUESTED:
        reason = "Shipped before the supplier answered."
        status = Submission.CANCELLATION_REJECTED
        purchase_order.move(status, at=now, status_field="submission_status", reason=reason)
