"""Return authorizations: approve, reject, ask for evidence, record shipping, cancel, expire."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext

from orders.models import (
    Order,
    OrderLine,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnLabel,
    ReturnPolicy,
)
from orders.returns import eligibility, events, photos, requests
from orders.returns.eligibility import CannotReturnError
from storefront.lib.db.transactions import requires_transaction

Status = ReturnAuthorization.Status
NOT_SHIPPED = frozenset(
    {Status.REQUESTED, Status.NEEDS_EVIDENCE, Status.APPROVED, Status.LABEL_ISSUED}
)
AWAITING_SHIPMENT = frozenset({Status.APPROVED, Status.LABEL_ISSUED})
AWAITING_DECISION = frozenset({Status.REQUESTED, Status.NEEDS_EVIDENCE})


@requires_transaction
def lock(authorization: ReturnAuthorization) -> Order:
    """Lock the order of a return and reread the return."""
    order = Order.objects.select_for_update(of=["self"]).get(pk=authorization.order_id)
    authorization.refresh_from_db()
    authorization.order = order
    return order


@transaction.atomic(durable=True)
def approve(*, authorization: ReturnAuthorization, answer: str, actor: str, now: datetime) -> None:
    """Approve the return and e-mail the customer where to send it, or that nothing is sent back.

    Locks:  the order
    """
    lock(authorization)
    requests.approve(authorization, actor=actor, now=now, answer=answer[:500])
    events.record_answer(authorization, what="approved", at=now)


@transaction.atomic(durable=True)
def reject(*, authorization: ReturnAuthorization, answer: str, actor: str, now: datetime) -> None:
    """Reject the return with a reason for the customer. Locks the order."""
    lock(authorization)
    close_and_free_units(authorization, Status.REJECTED, actor=actor, now=now, answer=answer[:500])
    events.record_answer(authorization, what="rejected", at=now)


@transaction.atomic(durable=True)
def request_evidence(
    *, authorization: ReturnAuthorization, question: str, actor: str, now: datetime
) -> None:
    """Request evidence from the customer, such as a photo. Locks the order."""
    lock(authorization)
    authorization.move(Status.NEEDS_EVIDENCE, at=now, actor=actor, answer=question[:500])
    events.record_answer(authorization, what="asked", at=now, again=f":{now:%Y%m%dT%H%M%S}")


def awaits_evidence(authorization: ReturnAuthorization) -> bool:
    return authorization.status == Status.NEEDS_EVIDENCE


def is_repeated_answer(
    authorization: ReturnAuthorization, *, customer_message: str, pictures: int
) -> bool:
    """Return whether this answer is the latest one and no staff member has acted on it.

    Shape:  ``pictures`` is the number of photos sent with it
    """
    if authorization.status != Status.REQUESTED or not authorization.answer:
        return False  # nothing was asked, or staff have acted on the answer
    return photos.is_last_answer(
        authorization, customer_message=customer_message, pictures=pictures
    )


def add_answer(
    *,
    authorization: ReturnAuthorization,
    customer_message: str,
    now: datetime,
    actor: str = "customer",
    encoded_photos: Sequence[bytes] = (),
) -> None:
    """Store the customer's answer and photos; the return awaits review again.

    Shape:  ``encoded_photos`` as returned by ``photos.reencode``
    Locks:  the order
    Raises: CannotAnswerError, InvalidTransitionError
    """
    with photos.store(encoded_photos) as names:
        _store_answer(authorization, customer_message, names, actor, now)


@transaction.atomic(durable=True)
def _store_answer(
    authorization: ReturnAuthorization,
    customer_message: str,
    names: Sequence[str],
    actor: str,
    now: datetime,
) -> None:
    lock(authorization)
    photos.add_answer(
        authorization, Status.REQUESTED, customer_message, names, actor=actor, now=now
    )


@transaction.atomic(durable=True)
def issue_label(  # noqa: PLR0913 - the columns of a label
    *,
    authorization: ReturnAuthorization,
    address: str,
    label: str,
    carrier: str,
    tracking_number: str,
    actor: str,
    now: datetime,
) -> None:
    """Send the return address and label (link or code) to the customer.

    Locks:  the order
    Raises: CannotReturnError  a label of the provider is being bought
    """
    lock(authorization)
    if authorization.labels.filter(status=ReturnLabel.Status.REQUESTED).exists():
        raise CannotReturnError(gettext("A label is being bought for this return. Wait for it."))
    authorization.move(
        Status.LABEL_ISSUED,
        at=now,
        actor=actor,
        address=address[:300],
        label=label[:500],
        carrier=carrier[:60],
        tracking_number=tracking_number[:60],
        ship_by=requests.ship_by(authorization, address=address, now=now),
    )
    events.record_answer(authorization, what="labeled", at=now)


@requires_transaction
def attach_label(authorization: ReturnAuthorization, label: ReturnLabel, *, now: datetime) -> None:
    """Send a bought label to the customer; its number becomes that of the return parcel.

    Locks:  the caller holds the order
    """
    authorization.move(
        Status.LABEL_ISSUED,
        at=now,
        actor=label.requested_by,
        label_payer=label.payer,
        label="",
        carrier=label.carrier,
        tracking_number=label.tracking_number,
        ship_by=requests.ship_by(authorization, address=authorization.address, now=now),
    )
    events.record_answer(authorization, what="labeled", at=now, again=f":{label.reference}")


@requires_transaction
def detach_label(
    authorization: ReturnAuthorization, label: ReturnLabel, *, actor: str, now: datetime
) -> None:
    """Withdraw a label that is to be voided, and warn the customer not to use it.

    The deadline starts again: the customer waits for another label.

    Locks:  the caller holds the order
    """
    authorization.move(
        Status.APPROVED,
        at=now,
        actor=actor,
        reason=f"label {label.reference} is voided",
        carrier="",
        tracking_number="",
        ship_by=requests.ship_by(authorization, address=authorization.address, now=now),
    )
    events.record_answer(authorization, what="label_voided", at=now, again=f":{label.reference}")


@transaction.atomic(durable=True)
def mark_shipped(
    *,
    authorization: ReturnAuthorization,
    carrier: str,
    tracking_number: str,
    actor: str,
    now: datetime,
) -> None:
    """Record carrier and tracking number; a later call replaces them. Locks the order."""
    lock(authorization)
    fields = {"carrier": carrier[:60], "tracking_number": tracking_number[:60]}
    if authorization.status == Status.IN_TRANSIT:
        ReturnAuthorization.objects.filter(pk=authorization.pk).update(**fields)
        authorization.refresh_from_db()
        return
    if authorization.is_kept:
        raise CannotReturnError(gettext("You do not need to send anything back. Keep it."))
    authorization.move(Status.IN_TRANSIT, at=now, actor=actor, **fields)


@transaction.atomic(durable=True)
def mark_lost(
    *, authorization: ReturnAuthorization, actor: str, reason: str, now: datetime
) -> None:
    """Record that the carrier lost the parcel. Locks the order."""
    lock(authorization)
    authorization.move(Status.LOST_IN_TRANSIT, at=now, actor=actor, reason=reason)


@transaction.atomic(durable=True)
def cancel(*, authorization: ReturnAuthorization, actor: str, now: datetime) -> None:
    """Cancel the return on the customer's request. Idempotent. Locks the order."""
    lock(authorization)
    if authorization.status != Status.CANCELED:
        close_and_free_units(authorization, Status.CANCELED, actor=actor, now=now)
        events.record_answer(authorization, what="canceled", at=now)


@transaction.atomic(durable=True)
def expire(*, authorization: ReturnAuthorization, now: datetime) -> bool:
    """Close an overdue return, which frees its units; return whether it was overdue.

    Locks:  the order
    """
    lock(authorization)
    if not find_overdue(now=now).filter(pk=authorization.pk).exists():
        return False
    is_unanswered = authorization.status == Status.NEEDS_EVIDENCE
    reason = "no reply" if is_unanswered else "it was never sent"
    close_and_free_units(authorization, Status.EXPIRED, actor="", now=now, reason=reason)
    events.record_answer(authorization, what="unanswered" if is_unanswered else "expired", at=now)
    return True


def find_overdue(*, now: datetime) -> QuerySet[ReturnAuthorization]:
    """Find returns whose items were not sent in time, or whose customer did not answer in time."""
    overdue_before = (now - eligibility.SHIP_TOLERANCE).date()
    has_arrived = Q(purchase_order__status=PurchaseOrder.Status.CLOSED) & Q(
        purchase_order__status_since__date__lt=overdue_before - eligibility.SHIP_WITHIN
    )
    has_destination = ~Q(address="") & ~Q(destination=ReturnPolicy.Destination.NOWHERE)
    # A return approved before its items arrived has no deadline: its time starts when they arrive.
    without_deadline = (
        Q(ship_by=None)
        & has_destination
        & (has_arrived | Q(status_since__lt=now - eligibility.UNSHIPPED_EXPIRY))
    )
    unshipped = ReturnAuthorization.objects.filter(
        Q(ship_by__lt=overdue_before) | without_deadline, status__in=AWAITING_SHIPMENT
    )
    unanswered = ReturnAuthorization.objects.filter(
        status=Status.NEEDS_EVIDENCE, status_since__lt=now - timedelta(days=30)
    )
    return unshipped | unanswered


@requires_transaction
def close_and_free_units(
    authorization: ReturnAuthorization,
    to: ReturnAuthorization.Status,
    *,
    actor: str,
    now: datetime,
    reason: str = "",
    **fields: str,
) -> None:
    """Close a return of which nothing is accepted; its units become returnable again.

    Locks:  the caller holds the order
    """
    authorization.move(to, at=now, actor=actor, reason=reason, **fields)
    for line in authorization.lines.order_by("order_line"):
        free_units(line.order_line_id, line.quantity)


@requires_transaction
def free_units(line_id: int, units: int) -> None:
    """Make units of a line returnable again."""
    OrderLine.objects.filter(pk=line_id).update(returning_quantity=F("returning_quantity") - units)
