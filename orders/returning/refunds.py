"""Give the money of a return back: once, to the cent, and never more than is left of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext

from orders import ledger, shortening
from orders.models import (
    Order,
    OrderLine,
    Payment,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnLine,
    ReturnPolicy,
)
from orders.returning import telling
from orders.returning.answering import fall, give_up, hold
from orders.returning.declaring import CannotReturnError
from orders.returning.sharing import share
from storefront.lib.money import Money
from storefront.lib.transactions import needs_transaction

Status = ReturnAuthorization.Status
# He keeps it, or proved that he sent it, or it is lost where we asked him to send it.
WITHOUT_GOODS = frozenset(
    {
        Status.REQUESTED,
        Status.NEEDS_EVIDENCE,
        Status.APPROVED,
        Status.LABEL_ISSUED,
        Status.IN_TRANSIT,
        Status.LOST_IN_TRANSIT,
    }
)
KEEPABLE = WITHOUT_GOODS - {Status.IN_TRANSIT, Status.LOST_IN_TRANSIT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a return is worth now. ``left`` is what can still go back of the order's money."""

    goods: Money
    deduction: Money
    delivery: Money
    left: Money

    @property
    def total(self) -> Money:
        return self.goods - self.deduction + self.delivery

    @property
    def given(self) -> Money:
        return min(self.total, self.left)


def purpose(authorization: ReturnAuthorization) -> str:
    """Name its refund in the ledger: one return is one refund."""
    return f"return:{authorization.number}"


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
    if status == Status.EXCHANGED and not has_failed(authorization):
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
    fall(authorization, Status.REFUSED, actor=actor, now=now, answer=answer[:500])
    telling.answered(authorization, what="refused", at=now)


def has_failed(authorization: ReturnAuthorization) -> bool:
    """Test whether it was to be replaced, and cannot be."""
    made = authorization.replacement
    return (
        authorization.status == Status.EXCHANGED
        and made is not None
        and made.status == Order.Status.CANCELED
    )


def due(authorization: ReturnAuthorization) -> Due:
    """Count what would be paid now; the verbs count again, under the lock."""
    return _due(authorization, lines_of(authorization), _payments(authorization.order_id))


def share_of(line: ReturnLine, *, currency: str) -> Money:
    """Return what the shopper paid for the units that are accepted of a line."""
    if line.share_amount is not None:
        return Money(line.share_amount, currency)
    sold = line.order_line
    return share(
        Money(sold.charge_amount, currency),
        quantity=sold.quantity,
        before=sold.returned_quantity,
        units=line.accepted_quantity,
    )


def lines_of(authorization: ReturnAuthorization) -> list[ReturnLine]:
    """Read the lines; what does not have to come is accepted as it is."""
    lines = list(authorization.lines.select_related("order_line").order_by("order_line"))
    if authorization.status in WITHOUT_GOODS:
        for line in lines:
            line.accepted_quantity = line.quantity
    return lines


def _payments(order_id: int) -> list[Payment]:
    return list(Payment.objects.filter(order=order_id, authorized_amount__gt=0).order_by("pk"))


def _due(
    authorization: ReturnAuthorization, lines: Sequence[ReturnLine], payments: Sequence[Payment]
) -> Due:
    currency = authorization.currency
    shares = [share_of(line, currency=currency) for line in lines]
    kept = sum((line.deduction_amount for line in lines), Decimal(0))
    left = [ledger.refundable(one) for one in payments if one.currency == currency]
    return Due(
        goods=Money.total(shares, currency),
        deduction=Money(kept, currency),
        delivery=_delivery(authorization, lines),
        left=max(left, default=Money.zero(currency)),
    )


def _delivery(authorization: ReturnAuthorization, lines: Sequence[ReturnLine]) -> Money:
    """Return the charge for the way, once nothing of the order is left with who paid it."""
    order = authorization.order
    nothing = Money.zero(authorization.currency)
    if order.returns.filter(delivery_amount__gt=0).exists():
        return nothing
    paid = ReturnLine.objects.filter(
        authorization__order=order, authorization__status=Status.REFUNDED
    )
    back = dict(
        paid.values("order_line")
        .annotate(units=Sum("accepted_quantity"))
        .values_list("order_line", "units")
    )
    for line in lines:
        back[line.order_line_id] = back.get(line.order_line_id, 0) + line.accepted_quantity
    sold = list(order.lines.all())
    if any(line.quantity - line.canceled_quantity > back.get(line.pk, 0) for line in sold):
        return nothing
    live = order.purchase_orders.exclude(status=PurchaseOrder.Status.CANCELED)
    charged = Money.total((shortening.standing(one) for one in live), order.currency)
    goods = (line.charge_amount for line in sold if line.quantity > line.canceled_quantity)
    ways = charged - Money(sum(goods, Decimal(0)), order.currency)
    return max(ways, nothing)


def share_out(authorization: ReturnAuthorization, lines: Sequence[ReturnLine]) -> None:
    """Say of each line what its shopper had paid for what goes back, before it is counted."""
    for line in lines:
        line.share_amount = share_of(line, currency=authorization.currency).amount


@needs_transaction
def count_back(lines: Sequence[ReturnLine]) -> None:
    """Count what went back; what was not accepted may be given back anew.

    Locks:  the caller holds the order
    """
    for line in lines:
        line.save(update_fields=["share_amount", "accepted_quantity"])
        give_up(line.order_line_id, line.quantity - line.accepted_quantity)
        OrderLine.objects.filter(pk=line.order_line_id).update(
            returned_quantity=F("returned_quantity") + line.accepted_quantity
        )


@needs_transaction
def _pay(authorization: ReturnAuthorization, order: Order, *, actor: str, now: datetime) -> None:
    if ReturnAuthorization.objects.filter(replacement=order).exists():
        words = gettext("It came as a replacement, for nothing: replace it anew, or pay by hand.")
        raise CannotReturnError(words)
    payments = ledger.secured(order.pk)
    lines = lines_of(authorization)
    if not any(line.accepted_quantity for line in lines):
        raise CannotReturnError(gettext("Nothing of it was accepted: refuse it instead."))
    owed = _due(authorization, lines, payments)
    payment = max(payments, key=lambda one: ledger.refundable(one).amount, default=None)
    is_exchanged = authorization.status == Status.EXCHANGED  # counted already
    share_out(authorization, lines)
    authorization.move(
        Status.REFUNDED,
        at=now,
        actor=actor,
        destination=authorization.destination,
        due_amount=owed.total.amount,
        delivery_amount=owed.delivery.amount,
        refund_amount=owed.given.amount,
    )
    if not is_exchanged:
        count_back(lines)
    if payment is not None and owed.given:
        ledger.ask_refund(
            payment,
            amount=owed.given,
            purpose=purpose(authorization),
            at=now,
            reason=f"{actor}: {authorization.number}",
        )
