"""Parcel outcomes: void a label, mark a parcel lost, returned or delivered, refund it, close it.

A lost or returned parcel is refunded, replaced (``shipping.rerouting.parcel_replacements``) or
closed, once. Then its purchase order can end.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from orders.models import Order, PurchaseOrder, ReturnAuthorization
from orders.pricing.proration import prorate
from orders.returns import refunds, requests
from shipping.models import Parcel, ParcelLine, ProblemReportLine
from shipping.shipments import contents, corrections, events, fulfillment
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money

Resolution = Parcel.Resolution
Status = Parcel.Status


class CannotResolveError(Exception):
    """The message says why; nothing is changed."""


@transaction.atomic(durable=True)
def void_label(*, parcel: Parcel, reason: str, actor: str, now: datetime) -> None:
    """Void a label that has not shipped; its units can go into another parcel. Idempotent.

    Locks:  as ``corrections.lock``
    """
    corrections.lock(parcel)
    if parcel.status != Status.VOIDED:
        parcel.move(Status.VOIDED, at=now, actor=actor, reason=reason)


@transaction.atomic(durable=True)
def restore_label(*, parcel: Parcel, reason: str, actor: str, now: datetime) -> None:
    """Restore a voided label with its units that are in no other parcel. Locks as above."""
    fulfillment.restore_label(
        parcel=parcel,
        purchase_order=corrections.lock(parcel),
        now=now,
        actor=actor,
        reason=reason,
    )


@transaction.atomic(durable=True)
def mark_lost(*, parcel: Parcel, reason: str, actor: str, now: datetime) -> None:
    """Mark a parcel lost, and tell the customer once.

    Locks:  as ``corrections.lock``
    Raises: CannotResolveError  it was refunded, replaced or closed
    """
    mark_undeliverable(parcel, Status.LOST, reason=reason, actor=actor, now=now)


@transaction.atomic(durable=True)
def mark_returned(*, parcel: Parcel, reason: str, actor: str, now: datetime) -> None:
    """Mark a parcel returned to the sender, and tell the customer once.

    Locks:  as ``corrections.lock``
    Raises: CannotResolveError  it was refunded, replaced or closed
    """
    mark_undeliverable(parcel, Status.RETURNED, reason=reason, actor=actor, now=now)


@requires_transaction
def mark_undeliverable(
    parcel: Parcel, to: Parcel.Status, *, reason: str, actor: str, now: datetime
) -> None:
    """Mark a parcel lost or returned in the caller's transaction. Locks, Raises: as above."""
    purchase_order = corrections.lock(parcel)
    if parcel.status == to:
        return
    if parcel.resolution != Resolution.OPEN:
        raise CannotResolveError(_resolved_message(parcel))
    fulfillment.mark_undelivered(
        parcel=parcel, to=to, purchase_order=purchase_order, now=now, actor=actor, reason=reason
    )
    events.record_failed(parcel, is_lost=to == Status.LOST, purchase_order=purchase_order, at=now)


@transaction.atomic(durable=True)
def mark_delivered(*, parcel: Parcel, reason: str, actor: str, now: datetime) -> None:
    """Mark a parcel delivered on the word of staff. Idempotent. Locks as ``corrections.lock``."""
    fulfillment.mark_delivered(
        parcel=parcel,
        purchase_order=corrections.lock(parcel),
        now=now,
        actor=actor,
        reason=reason,
    )


@transaction.atomic(durable=True)
def close(*, parcel: Parcel, reason: str, actor: str, now: datetime) -> None:
    """Close a lost or returned parcel, or one that arrived after it was refunded or replaced.

    Locks:  as ``corrections.lock``
    Raises: CannotResolveError  there is nothing to close
    """
    purchase_order = corrections.lock(parcel)
    if not can_close(parcel):
        raise CannotResolveError(_resolved_message(parcel))
    parcel.move(Resolution.CLOSED, status_field="resolution", at=now, actor=actor, reason=reason)
    fulfillment.close_purchase_order(purchase_order, now=now)


def can_close(parcel: Parcel) -> bool:
    settled = {Resolution.REFUNDED, Resolution.REPLACED}
    return parcel.is_undeliverable or (
        parcel.status == Status.DELIVERED and parcel.resolution in settled
    )


@transaction.atomic(durable=True)
def refund(*, parcel: Parcel, reason: str, actor: str, now: datetime) -> ReturnAuthorization:
    """Refund the units of a lost or returned parcel, as a return without receipt.

    Returns the same refund to a second click.

    Locks:  the order, the orders it replaces (newest first), the purchase order, payments
    Raises: CannotReturnError, CannotResolveError  nothing is written
    """
    return refund_locked(parcel=parcel, reason=reason, actor=actor, now=now)


@requires_transaction
def refund_locked(*, parcel: Parcel, reason: str, actor: str, now: datetime) -> ReturnAuthorization:
    """Refund a parcel in the caller's transaction. Locks, Raises: as ``refund``."""
    with settle(parcel, Resolution.REFUNDED, reason=reason, actor=actor, now=now) as authorization:
        if authorization.status == ReturnAuthorization.Status.APPROVED:
            refunds.refund_locked(authorization, authorization.order, actor=actor, now=now)
    return authorization


@contextmanager
@requires_transaction
def settle(
    parcel: Parcel, to: Parcel.Resolution, *, reason: str, actor: str, now: datetime
) -> Iterator[ReturnAuthorization]:
    """Open the return of a parcel's units for the caller to settle, then resolve the parcel.

    If it was resolved so before, the existing return is given, and nothing changes.

    Locks:  the order, the orders it replaces (newest first), the purchase order
    Raises: CannotReturnError, CannotResolveError
    """
    purchase_order = lock_for_settlement(parcel)
    order = purchase_order.order
    if parcel.resolution == to and parcel.settlement is not None:
        yield parcel.settlement
        return
    if not parcel.is_undeliverable:
        raise CannotResolveError(_resolved_message(parcel))
    authorization = requests.open_without_receipt(
        purchase_order,
        contents.get_contents(parcel),
        kind=ReturnAuthorization.Kind.NOT_RECEIVED,
        key=f"parcel:{parcel.pk}",
        actor=actor,
        now=now,
    )
    authorization.order = order
    yield authorization
    parcel.move(
        to,
        status_field="resolution",
        at=now,
        actor=actor,
        reason=reason,
        settlement=authorization,
    )
    fulfillment.close_purchase_order(purchase_order, now=now)


def refund_amount(parcel: Parcel) -> Money:
    """Return what the customer paid for the units of a parcel, for the confirmation page."""
    return paid_amount(parcel.lines.select_related("order_line__order"))


def paid_amount(rows: Iterable[ParcelLine | ProblemReportLine]) -> Money:
    """Return what the customer paid for units of lines, which are not returned yet."""
    lines = list(rows)
    currency = lines[0].order_line.order.currency if lines else ""
    shares = (
        prorate(
            Money(line.order_line.customer_charge_amount, currency),
            quantity=line.order_line.quantity,
            before=line.order_line.returned_quantity,
            units=line.quantity,
        )
        for line in lines
    )
    return Money.total(shares, currency)


@requires_transaction
def lock_for_settlement(parcel: Parcel) -> PurchaseOrder:
    """Lock the order, the orders it replaces, and the purchase order; read the parcel again.

    Raises: CannotReturnError  the order is charged back; it stays locked
    """
    purchase_orders = PurchaseOrder.objects.select_related("order", "supplier")
    purchase_order = purchase_orders.get(shipment=parcel.shipment_id)
    order = Order.objects.select_for_update(of=["self"]).get(pk=purchase_order.order_id)
    refunds.require_no_chargeback(order)
    purchase_order = purchase_orders.select_for_update(of=["self"]).get(pk=purchase_order.pk)
    purchase_order.order = order
    parcel.refresh_from_db()
    return purchase_order


def _resolved_message(parcel: Parcel) -> str:
    message = gettext(
        "This parcel is “%(status)s”, and its resolution is “%(resolution)s”. Nothing was changed."
    )
    return message % {
        "status": parcel.get_status_display(),
        "resolution": parcel.get_resolution_display(),
    }
