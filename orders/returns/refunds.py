"""Refunds of returns: refund once, to the cent, never more than the refundable amount."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext

from orders import ledger
from orders.models import (
    Order,
    OrderLine,
    Payment,
    PurchaseLine,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnLine,
    ReturnPolicy,
)
from orders.returns import events, refund_amounts, requests, supplier_returns
from orders.returns.authorizations import NOT_SHIPPED, close_and_free_units, free_units, lock
from orders.returns.eligibility import CannotReturnError
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money

Status = ReturnAuthorization.Status
COUNTED_FIELDS = ["paid_amount", "accepted_quantity", "deduction_amount", "difference_amount"]


def refund_purpose(authorization: ReturnAuthorization) -> str:
    """Return the ledger purpose of a return's refund, also if its replacement is refunded."""
    return f"return:{authorization.number}"


def difference_purpose(authorization: ReturnAuthorization) -> str:
    """Return the ledger purpose of an exchange's price difference."""
    return f"exchange:{authorization.number}"


@transaction.atomic(durable=True)
def refund(*, authorization: ReturnAuthorization, actor: str, now: datetime) -> None:
    """Refund the accepted units, or all units if no receipt is required.

    Locks:  the order, then its payments
    Raises: CannotReturnError       none accepted, or items neither kept nor sent
            InvalidTransitionError  the return is closed or not inspected
    """
    order = lock(authorization)
    status = Status(authorization.status)
    is_sent = status in {Status.IN_TRANSIT, Status.LOST_IN_TRANSIT}
    if status == Status.EXCHANGED and not refund_amounts.has_failed_replacement(authorization):
        raise CannotReturnError(
            gettext("This return was exchanged, so it cannot be refunded as well.")
        )
    if status in NOT_SHIPPED and not authorization.is_kept:
        raise CannotReturnError(
            gettext(
                "The customer has not shipped the items yet. To "
                "refund now, use “Refund without return”."
            )
        )
    if is_sent and not authorization.tracking_number and status == Status.IN_TRANSIT:
        raise CannotReturnError(
            gettext(
                "There is no tracking number that confirms the "
                "shipment. Add one or wait for the parcel."
            )
        )
    refund_locked(authorization, order, actor=actor, now=now)


@transaction.atomic(durable=True)
def refund_without_return(*, authorization: ReturnAuthorization, actor: str, now: datetime) -> None:
    """Refund everything without a return of the items.

    Locks:  the order, then its payments
    Raises: CannotReturnError  the items are on their way, or the return is closed
    """
    order = lock(authorization)
    if authorization.status not in NOT_SHIPPED:
        raise CannotReturnError(
            gettext("The items are already in transit, or the return is closed.")
        )
    authorization.destination = ReturnPolicy.Destination.NOWHERE
    refund_locked(authorization, order, actor=actor, now=now)


@transaction.atomic(durable=True)
def refund_units(  # noqa: PLR0913 - the parts of one record
    *,
    order: Order,
    units: Mapping[int, int],
    kind: ReturnAuthorization.Kind,
    key: str,
    reason: str,
    actor: str,
    now: datetime,
) -> list[ReturnAuthorization]:
    """Refund shipped units that the customer keeps, as returns without receipt.

    Returns one per purchase order. Idempotent by ``key``: a repeated request refunds nothing more.

    Shape:  ``units`` by order line
    Locks:  as ``refund_locked``, with the order
    Raises: CannotReturnError  some have not shipped, or are in another return
    """
    locked = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if existing := list(locked.returns.filter(request_key=key).order_by("pk")):
        return existing
    rows = PurchaseLine.objects.filter(order_line__in=units, is_active=True)
    by_purchase_order: dict[PurchaseOrder, dict[int, int]] = defaultdict(dict)
    for row in rows.select_related("purchase_order__supplier", "order_line").order_by("pk"):
        line = row.order_line
        if units[line.pk] <= line.shipped_quantity - line.returning_quantity:
            by_purchase_order[row.purchase_order][line.pk] = units[line.pk]
    if sum(map(len, by_purchase_order.values())) < len(units):
        message = gettext(
            "Some of these items have not shipped, or are in another return. Cancel what has not"
            " shipped."
        )
        raise CannotReturnError(message)
    refunded = []
    for purchase_order, its_units in by_purchase_order.items():
        purchase_order.order = locked
        authorization = requests.open_without_receipt(
            purchase_order, its_units, kind=kind, key=key, actor=actor, now=now, reason=reason
        )
        authorization.order = locked
        refund_locked(authorization, locked, actor=actor, now=now)
        refunded.append(authorization)
    return refunded


@transaction.atomic(durable=True)
def reject_received(
    *, authorization: ReturnAuthorization, answer: str, actor: str, now: datetime
) -> None:
    """Reject received items with a reason; refunds nothing. Locks the order."""
    lock(authorization)
    if supplier_returns.is_open(authorization):
        message = gettext(
            "A return to the supplier already exists for this item. Cancel that one first."
        )
        raise CannotReturnError(message)
    close_and_free_units(authorization, Status.REFUSED, actor=actor, now=now, answer=answer[:500])
    events.record_answer(authorization, what="refused", at=now)


@requires_transaction
def require_no_chargeback(order: Order) -> None:
    """Require that the bank has not charged the payment back: a refund would pay it twice.

    Locks:  the caller holds the order; then the orders it replaces, newest first
    Raises: CannotReturnError
    """
    charged_back = [Payment.Dispute.CHARGED_BACK, Payment.Dispute.LOST]
    while replaced := refund_amounts.replaced_return(order):
        order = lock(replaced)
    if order.payments.filter(dispute_status__in=charged_back).exists():
        message = gettext(
            "The customer's bank already took the money back (chargeback). A "
            "refund would pay it twice."
        )
        raise CannotReturnError(message)


def set_paid_amounts(authorization: ReturnAuthorization, lines: Sequence[ReturnLine]) -> None:
    """Set what the customer paid for the accepted units, before they are counted as returned."""
    for line in lines:
        line.paid_amount = refund_amounts.paid_for(line, currency=authorization.currency).amount


@requires_transaction
def count_returned(lines: Sequence[ReturnLine]) -> None:
    """Count accepted units as returned, make the others returnable; the caller holds the order."""
    for line in lines:
        line.save(update_fields=COUNTED_FIELDS)
        free_units(line.order_line_id, line.quantity - line.accepted_quantity)
        OrderLine.objects.filter(pk=line.order_line_id).update(
            returned_quantity=F("returned_quantity") + line.accepted_quantity
        )


@requires_transaction
def refund_locked(
    authorization: ReturnAuthorization,
    order: Order,
    *,
    actor: str,
    now: datetime,
    cause: ReturnAuthorization | None = None,
) -> None:
    """Refund the accepted units and, if the order is a replacement, the return it replaces.

    Shape:  ``cause``: the return that caused this refund, if not this one
    Locks:  as ``require_no_chargeback``, then the payments of its order (the caller holds the
            order); then as ``_refund_replaced_return``
    """
    require_no_chargeback(order)
    payments = ledger.lock_authorized_payments(order.pk)
    lines = refund_amounts.read_lines(authorization)
    if not any(line.accepted_quantity for line in lines):
        raise CannotReturnError(gettext("No items were accepted. Reject the return instead."))
    for line in lines:  # rounding of another return of the line may have reduced its amount
        max_deduction = refund_amounts.paid_for(line, currency=authorization.currency).amount
        max_deduction -= line.replaced_amount + line.difference_amount
        line.deduction_amount = min(line.deduction_amount, max_deduction)
    due = refund_amounts.calculate(authorization, lines, payments)
    payment, _refundable = refund_amounts.find_refundable(payments, authorization.currency)
    is_exchanged = authorization.status == Status.EXCHANGED  # units are counted already
    set_paid_amounts(authorization, lines)
    authorization.move(
        Status.REFUNDED,
        at=now,
        actor=actor,
        destination=authorization.destination,
        due_amount=due.total.amount,
        delivery_amount=due.delivery.amount,
        label_amount=due.label.amount,
        refund_amount=due.given.amount,
    )
    if is_exchanged:
        for line in lines:
            line.save(update_fields=["replaced_amount"])
    else:
        count_returned(lines)
    if payment is not None and due.given:
        ledger.request_refund(
            payment,
            amount=due.given,
            purpose=refund_purpose(authorization),
            at=now,
            reason=f"{actor}: {authorization.number}",
        )
    _refund_replaced_return(order, cause=cause or authorization, actor=actor, now=now)


@requires_transaction
def _refund_replaced_return(
    order: Order, *, cause: ReturnAuthorization, actor: str, now: datetime
) -> None:
    """Refund the return for which this replacement order was sent: the replacement was free.

    If the returned order was a replacement too, the chain continues to the paid order.

    Locks:  the order of the first return, then its payments; so on to the oldest order
    Raises: CannotReturnError  other units of the replacement may still fail
    """
    replaced = refund_amounts.replaced_return(order)
    if replaced is None:
        return
    origin = lock(replaced)
    if replaced.status == Status.REFUNDED:
        _refund_next_part(replaced, origin, cause=cause, actor=actor, now=now)
    elif refund_amounts.has_failed_replacement(replaced):
        refund_locked(replaced, origin, cause=cause, actor=actor, now=now)
    else:
        message = gettext(
            "Other replacements in order %(number)s may still fail. Wait until they ship or are "
            "canceled. If the customer cannot wait, ask them whether you may cancel the unshipped "
            "items of that order. They are then refunded together with this return."
        )
        raise CannotReturnError(message % {"number": order.number})


@requires_transaction
def _refund_next_part(
    replaced: ReturnAuthorization,
    order: Order,
    *,
    cause: ReturnAuthorization,
    actor: str,
    now: datetime,
) -> None:
    """Refund another part of a partly refunded return, because more of its replacement failed.

    Locks:  the payments of its order (the caller holds the order); then as
            ``_refund_replaced_return``
    """
    require_no_chargeback(order)
    payments = ledger.lock_authorized_payments(order.pk)
    lines = refund_amounts.read_lines(replaced)
    replaced_before = sum((line.replaced_amount for line in lines), Decimal(0))
    refund_amounts.set_replaced_amounts(replaced, lines)
    shipping_charge = refund_amounts.shipping_refund(replaced, lines)
    item_charges = replaced_before - sum((line.replaced_amount for line in lines), Decimal(0))
    due = Money(item_charges, replaced.currency) + shipping_charge
    payment, refundable = refund_amounts.find_refundable(payments, replaced.currency)
    refunded = min(due, refundable)
    for line in lines:
        line.save(update_fields=["replaced_amount"])
    replaced.due_amount = (replaced.due_amount or Decimal(0)) + due.amount
    replaced.delivery_amount += shipping_charge.amount
    replaced.refund_amount = replaced.refund.amount + refunded.amount
    replaced.save(update_fields=["due_amount", "delivery_amount", "refund_amount"])
    if payment is not None and refunded:
        ledger.request_refund(
            payment,
            amount=refunded,
            # Unique per cause: several returns of a replacement may each add one refund.
            purpose=refund_purpose(cause),
            at=now,
            reason=f"{actor}: {cause.number}, for which {replaced.number} was replaced",
        )
    _refund_replaced_return(order, cause=cause, actor=actor, now=now)
