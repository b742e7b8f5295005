"""Send money back that was captured: whole or in part, never more than was taken."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from orders import ledger
from orders.models import Order, Payment, PaymentEvent
from storefront.lib.money import Money


class TooMuchError(Exception):
    """More than is left of what was captured."""

    def __init__(self, left: Money) -> None:
        super().__init__(f"only {left} is left to refund")
        self.left = left


class NothingToRefundError(Exception):
    """Nothing was captured for this order, or all of it went back."""


def refundable(payment: Payment) -> Money:
    """Return what is captured, and neither refunded nor asked to be."""
    captured = Money(payment.captured_amount, payment.currency)
    return captured - ledger.asked(payment, PaymentEvent.Kind.REFUND_REQUESTED)


@transaction.atomic(durable=True)
def refund(*, order: Order, amount: Money, reason: str, actor: str, now: datetime) -> None:
    """Ask the gateway to pay back; a worker does it, and the shopper is told when it is done.

    Locks:  the order, then its payment
    Raises: TooMuchError, NothingToRefundError  nothing is written
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    payment = (
        order.payments.filter(captured_amount__gt=0)
        .select_for_update(of=["self"])
        .order_by("pk")
        .first()
    )
    if payment is None:
        raise NothingToRefundError(order.number)
    left = refundable(payment)
    if not left:
        raise NothingToRefundError(order.number)
    if amount.amount <= 0 or left < amount:
        raise TooMuchError(left)
    count = payment.events.filter(kind=PaymentEvent.Kind.REFUND_REQUESTED).count()
    ledger.ask_refund(
        payment,
        amount=amount,
        purpose=f"{count + 1}",
        at=now,
        reason=f"{actor}: {reason}",
    )
