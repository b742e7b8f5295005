"""Refunds of returns: refund once, to the cent, never more than the payment has left."""

from __future__ import annotations

from collections.abc import Sequence
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
    ReturnAuthorization,
    ReturnLine,
    ReturnPolicy,
)
from orders.returns import events, refund_amounts, supplier_returns
from orders.returns.authorizations import NOT_SHIPPED, close_without_receipt, free_units, lock
from orders.returns.eligibility import CannotReturnError
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money

Status = ReturnAuthorization.Status
COUNTED_FIELDS = ["paid_amount", "accepted_quantity", "deduction_amount", "difference_amount"]


def refund_purpose(authorization: ReturnAuthorization) -> str:
    """Return the ledger purpose of its refund; replacements refund under it too."""
    return f"return:{authorization.number}"


def difference_purpose(authorization: ReturnAuthorization) -> str:
    """Return the ledger purpose of an exchange's price difference."""
    return f"exchange:{authorization.number}"


@transaction.atomic(durable=True)
def refund(*, authorization: ReturnAuthorization, actor: str, now: datetime) -> None:
    """Refund the accepted units; without required receipt all units.

    Locks:  the order, then its payments
    Raises: CannotReturnError       none accepted, or items neither kept nor sent
            InvalidTransitionError  it ended, or is not inspected
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
    _refund(authorization, order, actor=actor, now=now)


@transaction.atomic(durable=True)
def refund_without_return(*, authorization: ReturnAuthorization, actor: str, now: datetime) -> None:
    """Refund everything without a return of the items.

    Locks:  the order, then its payments
    Raises: CannotReturnError  it is on its way, or ended
    """
    order = lock(authorization)
    if authorization.status not in NOT_SHIPPED:
        raise CannotReturnError(
            gettext("The items are already in transit, or the return is closed.")
        )
    authorization.destination = ReturnPolicy.Destination.NOWHERE
    _refund(authorization, order, actor=actor, now=now)


@transaction.atomic(durable=True)
def reject_received(
    *, authorization: ReturnAuthorization, answer: str, actor: str, now: datetime
) -> None:
    """Reject the received items with a reason for the customer; nothing is refunded.

    Locks:  the order
    """
    lock(authorization)
    if supplier_returns.is_open(authorization):
        words = gettext(
            "A return to the supplier already exists for this item. Cancel that one first."
        )
        raise CannotReturnError(words)
    close_without_receipt(authorization, Status.REFUSED, actor=actor, now=now, answer=answer[:500])
    events.record_answer(authorization, what="refused", at=now)


@requires_transaction
def require_no_chargeback(order: Order) -> None:
    """Raise if the bank charged the payment back: it must not be refunded as well.

    Locks:  the caller holds the order; then the orders it replaces, newest first
    Raises: CannotReturnError
    """
    taken = [Payment.Dispute.CHARGED_BACK, Payment.Dispute.LOST]
    while made_for := refund_amounts.replaced_return(order):
        order = lock(made_for)
    if order.payments.filter(dispute_status__in=taken).exists():
        words = gettext(
            "The customer's bank already took the money back (chargeback). A "
            "refund would pay it twice."
        )
        raise CannotReturnError(words)


def set_paid_amounts(authorization: ReturnAuthorization, lines: Sequence[ReturnLine]) -> None:
    """Set what the customer paid for the accepted units, before they are counted as returned."""
    for line in lines:
        line.paid_amount = refund_amounts.paid_for(line, currency=authorization.currency).amount


@requires_transaction
def count_returned(lines: Sequence[ReturnLine]) -> None:
    """Count accepted units as returned; the others become returnable again.

    Locks:  the caller holds the order
    """
    for line in lines:
        line.save(update_fields=COUNTED_FIELDS)
        free_units(line.order_line_id, line.quantity - line.accepted_quantity)
        OrderLine.objects.filter(pk=line.order_line_id).update(
            returned_quantity=F("returned_quantity") + line.accepted_quantity
        )


@requires_transaction
def _refund(
    authorization: ReturnAuthorization,
    order: Order,
    *,
    actor: str,
    now: datetime,
    of: ReturnAuthorization | None = None,
) -> None:
    """Refund the accepted units, and what the order replaces.

    Shape:  ``of`` is the return that caused this refund, if another
    Locks:  as ``require_no_chargeback``, then the payments of its order (the caller holds the
            order); then as ``_refund_replaced_return``
    """
    require_no_chargeback(order)
    payments = ledger.lock_authorized_payments(order.pk)
    lines = refund_amounts.read_lines(authorization)
    if not any(line.accepted_quantity for line in lines):
        raise CannotReturnError(gettext("No items were accepted. Reject the return instead."))
    for line in lines:  # rounding of another return of the line may have reduced its amount
        most = refund_amounts.paid_for(line, currency=authorization.currency).amount
        most -= line.replaced_amount + line.difference_amount
        line.deduction_amount = min(line.deduction_amount, most)
    owes = refund_amounts.calculate(authorization, lines, payments)
    payment, _left = refund_amounts.find_refundable(payments, authorization.currency)
    is_exchanged = authorization.status == Status.EXCHANGED  # units are counted already
    set_paid_amounts(authorization, lines)
    authorization.move(
        Status.REFUNDED,
        at=now,
        actor=actor,
        destination=authorization.destination,
        due_amount=owes.total.amount,
        delivery_amount=owes.delivery.amount,
        refund_amount=owes.given.amount,
    )
    if is_exchanged:
        for line in lines:
            line.save(update_fields=["replaced_amount"])
    else:
        count_returned(lines)
    if payment is not None and owes.given:
        ledger.request_refund(
            payment,
            amount=owes.given,
            purpose=refund_purpose(authorization),
            at=now,
            reason=f"{actor}: {authorization.number}",
        )
    _refund_replaced_return(order, of=of or authorization, actor=actor, now=now)


@requires_transaction
def _refund_replaced_return(
    order: Order, *, of: ReturnAuthorization, actor: str, now: datetime
) -> None:
    """Refund the return that a failed replacement came for: the replacement itself was free.

    If that order was a replacement too, the chain continues to the paid order.

    Locks:  the order of the first return, then its payments; so on to the oldest order
    Raises: CannotReturnError  other units of the replacement may still fail
    """
    first = refund_amounts.replaced_return(order)
    if first is None:
        return
    origin = lock(first)
    if first.status == Status.REFUNDED:
        _refund_next_part(first, origin, of=of, actor=actor, now=now)
    elif refund_amounts.has_failed_replacement(first):
        _refund(first, origin, of=of, actor=actor, now=now)
    else:
        words = gettext(
            "Other replacements in order %(number)s may still fail. Wait until they ship "
            "or are canceled. If the customer cannot wait, ask them whether you may "
            "cancel the unshipped items of that order. They are then refunded together "
            "with this return."
        )
        raise CannotReturnError(words % {"number": order.number})


@requires_transaction
def _refund_next_part(
    first: ReturnAuthorization,
    order: Order,
    *,
    of: ReturnAuthorization,
    actor: str,
    now: datetime,
) -> None:
    """Refund the next part of a return refunded in part, as its replacement fails in parts.

    Locks:  the payments of its order (the caller holds the order); then as
            ``_refund_replaced_return``
    """
    require_no_chargeback(order)
    payments = ledger.lock_authorized_payments(order.pk)
    lines = refund_amounts.read_lines(first)
    before = sum((line.replaced_amount for line in lines), Decimal(0))
    refund_amounts.set_replaced_amounts(first, lines)
    way = refund_amounts.shipping_refund(first, lines)
    more = before - sum((line.replaced_amount for line in lines), Decimal(0))
    owed = Money(more, first.currency) + way
    payment, left = refund_amounts.find_refundable(payments, first.currency)
    given = min(owed, left)
    for line in lines:
        line.save(update_fields=["replaced_amount"])
    first.due_amount = (first.due_amount or Decimal(0)) + owed.amount
    first.delivery_amount += way.amount
    first.refund_amount = first.refund.amount + given.amount
    first.save(update_fields=["due_amount", "delivery_amount", "refund_amount"])
    if payment is not None and given:
        ledger.request_refund(
            payment,
            amount=given,
            # Unique per cause: returns between may add several refunds, the first cause adds one.
            purpose=refund_purpose(of),
            at=now,
            reason=f"{actor}: {of.number}, for which {first.number} was replaced",
        )
    _refund_replaced_return(order, of=of, actor=actor, now=now)
