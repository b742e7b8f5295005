"""Supplier answers: ask a supplier to cancel a purchase order, record and apply its answer.

An API answers the call. A supplier that gets an e-mail answers on its page. If staff ask the
supplier, staff record the answer. Until then the request stays open: neither accepted nor
refused.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from orders import events, links
from orders.backorders import purchase_order_cancellation
from orders.models import PurchaseMessage, PurchaseOrder
from orders.purchasing import acknowledgements, locks, reassignment
from suppliers.connectors.capabilities import Connector, ManualRequests, OrderCancelling, require
from suppliers.connectors.records import (
    Acknowledgement,
    ManualCancellationError,
    ManualRequest,
    PurchaseOrderReport,
    RequestKind,
    UnsupportedCapabilityError,
)

Status = PurchaseOrder.Status
Submission = PurchaseOrder.Submission
RequestChannel = PurchaseOrder.RequestChannel

CANCELED_AT_OUR_REQUEST = "canceled at our request"
TOO_LATE = "The order can no longer be canceled."
NO_CANCELLATION_API = (
    "This supplier does not accept cancellations electronically. Contact the supplier."
)


class NoPendingRequestError(Exception):
    """No answer is expected: the purchase order is canceled or shipped, or no request was made."""

    def __str__(self) -> str:
        return gettext(
            "No answer is expected: it is canceled or shipped, or nothing was requested."
        )


def send_request(connector: Connector, purchase_order: PurchaseOrder) -> PurchaseOrderReport | None:
    """Request the cancellation by API, else by e-mail, else through staff.

    None: the answer comes later.

    Raises: ExternalServiceError, NotCancellableError  the supplier's API failed or refused
    """
    try:
        if isinstance(connector, OrderCancelling):
            return connector.cancel(number=purchase_order.number)
        _send_email(connector, purchase_order)
    except ManualCancellationError as error:
        _record_channel(purchase_order, RequestChannel.STAFF, str(error))
    except UnsupportedCapabilityError:
        _record_channel(purchase_order, RequestChannel.STAFF, NO_CANCELLATION_API)
    return None


def _send_email(connector: Connector, purchase_order: PurchaseOrder) -> None:
    """Send the request by e-mail; the key prevents a second e-mail about it.

    Raises: UnsupportedCapabilityError  the supplier has no e-mail address for requests
    """
    requests = purchase_order.messages.filter(
        direction=PurchaseMessage.Direction.OUT, kind="cancel"
    )
    manual_request = ManualRequest(
        kind=RequestKind.STOP,
        key=f"{purchase_order.number}:{requests.count()}",
        number=purchase_order.number,
        page_url=links.purchase_url(purchase_order),
    )
    require(connector, ManualRequests).send_request(manual_request)
    _record_channel(purchase_order, RequestChannel.EMAIL)


@transaction.atomic(durable=True)
def _record_channel(
    purchase_order: PurchaseOrder, channel: PurchaseOrder.RequestChannel, problem: str = ""
) -> None:
    """Record the channel of a request still open. Locks the order, then the purchase order."""
    locks.lock(purchase_order)
    if purchase_order.submission_status != Submission.CANCELLATION_REQUESTED:
        return
    purchase_order.cancellation_channel = channel
    purchase_order.problem = problem[:300] or purchase_order.problem
    purchase_order.save(update_fields=["cancellation_channel", "problem"])


def can_confirm(purchase_order: PurchaseOrder) -> bool:
    """Return whether an acceptance still counts: a request was made and nothing has shipped."""
    is_requested = (
        purchase_order.submission_status in acknowledgements.CANCELLATION_REQUESTED_STATES
    )
    return is_requested and purchase_order.status in PurchaseOrder.CANCELABLE


def is_answer_pending(purchase_order: PurchaseOrder) -> bool:
    """Return whether an answer of the supplier is expected."""
    is_open = purchase_order.submission_status == Submission.CANCELLATION_REQUESTED
    return is_open and purchase_order.status in PurchaseOrder.CANCELABLE


def record_acceptance(*, purchase_order: PurchaseOrder, actor: str, now: datetime) -> None:
    """Record that the supplier canceled the purchase order, also after a refusal. Idempotent.

    Raises: NoPendingRequestError  it has shipped, or no request was made
    """
    reason = f"{CANCELED_AT_OUR_REQUEST}, recorded by {actor}"
    if not confirm(purchase_order, reason=reason, actor=actor, now=now):
        raise NoPendingRequestError(purchase_order.number)


def apply_api_answer(
    purchase_order: PurchaseOrder, state: PurchaseOrderReport, *, now: datetime
) -> bool:
    """Apply the answer of the supplier's API; return whether the purchase order is canceled."""
    if state.answer == Acknowledgement.CANCELED:
        return confirm(purchase_order, reason=state.reason, now=now)
    return apply(purchase_order=purchase_order, is_stopped=False, reason=state.reason, now=now)


def confirm(purchase_order: PurchaseOrder, *, reason: str, actor: str = "", now: datetime) -> bool:
    """Apply the supplier's cancellation, also after a refusal; return whether it took effect.

    Locks:  as ``apply``, and as ``acknowledgements.apply``
    """
    if apply(purchase_order=purchase_order, is_stopped=True, reason=reason, actor=actor, now=now):
        return True
    if not can_confirm(purchase_order):
        return False
    state = PurchaseOrderReport(
        number=purchase_order.number,
        supplier_reference="",
        answer=Acknowledgement.CANCELED,
        reason=reason,
    )
    acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)
    return purchase_order.status == Status.CANCELED


def record_refusal(*, purchase_order: PurchaseOrder, actor: str, now: datetime) -> None:
    """Record that the supplier ships the purchase order anyway. Idempotent.

    Raises: NoPendingRequestError  it is canceled, or no request was made
    """
    reason = f"{TOO_LATE} Recorded by {actor}."
    if apply(purchase_order=purchase_order, is_stopped=False, reason=reason, actor=actor, now=now):
        raise NoPendingRequestError(purchase_order.number)
    if purchase_order.submission_status != Submission.CANCELLATION_REJECTED:
        raise NoPendingRequestError(purchase_order.number)


@transaction.atomic(durable=True)
def apply(  # noqa: PLR0913 - the parts of one record
    *,
    purchase_order: PurchaseOrder,
    is_stopped: bool,
    reason: str,
    now: datetime,
    actor: str = "",
    is_kept_unpaid: bool = False,
) -> bool:
    """Apply the supplier's answer to our request; return whether the purchase order is canceled.

    ``is_kept_unpaid``: the supplier keeps the order, but ships nothing unless we pay, which we
    never do. The customer is refunded, and staff see the order (``canceled_but_shipped``) until
    the supplier drops it. An acceptance after a shipment cancels nothing: staff see a problem.

    Locks:  the order, then the purchase order, payments, and the stock rows in id order
    """
    order = locks.lock(purchase_order)
    if purchase_order.submission_status != Submission.CANCELLATION_REQUESTED:
        return purchase_order.status == Status.CANCELED  # it was already answered
    is_stopped = is_stopped and purchase_order.status in PurchaseOrder.CANCELABLE
    is_accepted = is_stopped and not is_kept_unpaid
    status = Submission.CANCELLATION_ACCEPTED if is_accepted else Submission.CANCELLATION_REJECTED
    purchase_order.move(
        status,
        at=now,
        status_field="submission_status",
        actor=actor,
        reason=reason,
        problem=reason[:300],
        cancel_requested_at=None,
        cancellation_channel="",
    )
    purchase_order.messages.create(
        direction=PurchaseMessage.Direction.IN, kind=status.value, body={"words": reason}, at=now
    )
    if is_stopped:
        purchase_order_cancellation.cancel_all(
            [purchase_order], order, reason=purchase_order.cancel_reason, now=now
        )
    else:
        if not purchase_order.is_being_reassigned:
            events.cancellation_answered(purchase_order, is_stopped=False, at=now)
        reassignment.abandon(purchase_order)
    return is_stopped
