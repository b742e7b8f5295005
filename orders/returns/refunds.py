"""Give the money of a return back: once, to the cent, and never more than is left of it."""

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
from orders.returns.authorizations import fall, give_up, hold
from orders.returns.eligibility import CannotReturnError
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.money import Money

Status = ReturnAuthorization.Status
COUNTED = ["share_amount", "accepted_quantity", "deduction_amount", "difference_amount"]
KEEPABLE = refund_amounts.WITHOUT_GOODS - {Status.IN_TRANSIT, Status.LOST_IN_TRANSIT}


def purpose(authorization: ReturnAuthorization) -> str:
    """Name its refund in the ledger, or what another is paid of that it came as replacement for."""
    return f"return:{authorization.number}"


def purpose_of_difference(authorization: ReturnAuthorization) -> str:
    """Name what goes back with another that costs less: it is not the refund of a return."""
    return f"exchange:{authorization.number}"


@transaction.atomic(durable=True)
def refund(*, authorization: ReturnAuthorization, actor: str, now: datetime) -> None:
    """Pay for what was accepted; of what did not have to come, for all of it.

    Locks:  the order, then its payments
    Raises: CannotReturnError  nothing was accepted, or the goods are neither kept nor on their way
            IllegalMoveError   it ended already, or nobody looked at what came
    """
    order = hold(authorization)
    status = Status(authorization.status)
    is_sent = status in {Status.IN_TRANSIT, Status.LOST_IN_TRANSIT}
    if status == Status.EXCHANGED and not refund_amounts.has_failed(authorization):
        raise CannotReturnError(gettext("It is replaced: nothing is paid for it as well."))
    if status in KEEPABLE and not authorization.is_kept:
        raise CannotReturnError(gettext("It has not been sent yet. If it shall stay, say so."))
    if is_sent and not authorization.tracking_number and status == Status.IN_TRANSIT:
        raise CannotReturnError(gettext("No number proves that it was sent: wait for it."))
    _pay(authorization, order, actor=actor, now=now)


@transaction.atomic(durable=True)
def keep_it(*, authorization: ReturnAuthorization, actor: str, now: datetime) -> None:
    """Pay for it all, and let the shopper keep it.

    Locks:  the order, then its payments
    Raises: CannotReturnError  it is on its way, or ended
    """
    order = hold(authorization)
    if authorization.status not in KEEPABLE:
        raise CannotReturnError(gettext("It is on its way already, or ended."))
    authorization.destination = ReturnPolicy.Destination.NOWHERE
    _pay(authorization, order, actor=actor, now=now)


@transaction.atomic(durable=True)
def refuse(*, authorization: ReturnAuthorization, answer: str, actor: str, now: datetime) -> None:
    """Give nothing for what came; the shopper reads why.

    Locks:  the order
    """
    hold(authorization)
    if supplier_returns.stands(authorization):
        words = gettext("It goes back to the supplier already.")
        raise CannotReturnError(words)
    fall(authorization, Status.REFUSED, actor=actor, now=now, answer=answer[:500])
    events.answered(authorization, what="refused", at=now)


@needs_transaction
def insist_not_taken(order: Order) -> None:
    """Give nothing for what the shopper's bank has given back already, or may.

    Locks:  the caller holds the order; then those that it came for, the newest first
    Raises: CannotReturnError
    """
    taken = [Payment.Dispute.CHARGED_BACK, Payment.Dispute.LOST]
    while made_for := refund_amounts.came_for(order):
        order = hold(made_for)
    if order.payments.filter(dispute_status__in=taken).exists():
        words = gettext("His bank has taken the money back: nothing is given for it as well.")
        raise CannotReturnError(words)


def share_out(authorization: ReturnAuthorization, lines: Sequence[ReturnLine]) -> None:
    """Say of each line what its shopper had paid for what goes back, before it is counted."""
    for line in lines:
        line.share_amount = refund_amounts.share_of(line, currency=authorization.currency).amount


@needs_transaction
def count_back(lines: Sequence[ReturnLine]) -> None:
    """Count what went back; what was not accepted may be given back anew.

    Locks:  the caller holds the order
    """
    for line in lines:
        line.save(update_fields=COUNTED)
        give_up(line.order_line_id, line.quantity - line.accepted_quantity)
        OrderLine.objects.filter(pk=line.order_line_id).update(
            returned_quantity=F("returned_quantity") + line.accepted_quantity
        )


@needs_transaction
def _pay(
    authorization: ReturnAuthorization,
    order: Order,
    *,
    actor: str,
    now: datetime,
    of: ReturnAuthorization | None = None,
) -> None:
    """Pay for what was accepted, and for what that came for.

    Shape:  ``of`` is what brought it, where it is another return
    Locks:  as ``insist_not_taken``, then the payments of its order, which the caller holds; then as
            ``_pay_what_it_came_for``
    """
    insist_not_taken(order)
    payments = ledger.secured(order.pk)
    lines = refund_amounts.lines_of(authorization)
    if not any(line.accepted_quantity for line in lines):
        raise CannotReturnError(gettext("Nothing of it was accepted: refuse it instead."))
    for line in lines:  # another return of the same line may have rounded its share down
        most = refund_amounts.share_of(line, currency=authorization.currency).amount
        most -= line.replaced_amount + line.difference_amount
        line.deduction_amount = min(line.deduction_amount, most)
    owes = refund_amounts.owed(authorization, lines, payments)
    payment = max(payments, key=lambda one: ledger.refundable(one).amount, default=None)
    is_exchanged = authorization.status == Status.EXCHANGED  # counted already
    share_out(authorization, lines)
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
        count_back(lines)
    if payment is not None and owes.given:
        ledger.ask_refund(
            payment,
            amount=owes.given,
            purpose=purpose(authorization),
            at=now,
            reason=f"{actor}: {authorization.number}",
        )
    _pay_what_it_came_for(order, of=of or authorization, actor=actor, now=now)


@needs_transaction
def _pay_what_it_came_for(
    order: Order, *, of: ReturnAuthorization, actor: str, now: datetime
) -> None:
    """Pay what a replacement came for, where units of it are had no more: it cost nothing itself.

    If that was a replacement too, what it came for is paid in turn, up to the order that was paid.

    Locks:  the order of the first return, then its payments; so on to the oldest order
    Raises: CannotReturnError  others of the replacement may still fail
    """
    first = refund_amounts.came_for(order)
    if first is None:
        return
    origin = hold(first)
    if first.status == Status.REFUNDED:
        _pay_more(first, origin, of=of, actor=actor, now=now)
    elif refund_amounts.has_failed(first):
        _pay(first, origin, of=of, actor=actor, now=now)
    else:
        words = gettext(
            "Others that were sent anew with it may still fail: wait until they have left or are"
            " canceled. If the shopper cannot wait so long, ask him whether you may cancel what has"
            " not left of order %(number)s: that is paid together with this."
        )
        raise CannotReturnError(words % {"number": order.number})


@needs_transaction
def _pay_more(
    first: ReturnAuthorization,
    order: Order,
    *,
    of: ReturnAuthorization,
    actor: str,
    now: datetime,
) -> None:
    """Pay the next share of a return that was paid in part: its replacement comes bit by bit.

    Locks:  the payments of its order, which the caller holds; then as ``_pay_what_it_came_for``
    """
    insist_not_taken(order)
    payments = ledger.secured(order.pk)
    lines = refund_amounts.lines_of(first)
    before = sum((line.replaced_amount for line in lines), Decimal(0))
    refund_amounts.keep_what_was_replaced(first, lines)
    way = refund_amounts.delivery(first, lines)
    more = before - sum((line.replaced_amount for line in lines), Decimal(0))
    owed = Money(more, first.currency) + way
    payment = max(payments, key=lambda one: ledger.refundable(one).amount, default=None)
    left = ledger.refundable(payment) if payment is not None else Money.zero(first.currency)
    given = min(owed, left)
    for line in lines:
        line.save(update_fields=["replaced_amount"])
    first.due_amount = (first.due_amount or Decimal(0)) + owed.amount
    first.delivery_amount += way.amount
    first.refund_amount = first.refund.amount + given.amount
    first.save(update_fields=["due_amount", "delivery_amount", "refund_amount"])
    if payment is not None and given:
        ledger.ask_refund(
            payment,
            amount=given,
            # What stands between brings several shares, maybe; what began it brings one.
            purpose=purpose(of),
            at=now,
            reason=f"{actor}: {of.number}, for which {first.number} was replaced",
        )
    _pay_what_it_came_for(order, of=of, actor=actor, now=now)
