"""Send money back that was captured: whole or in part, never more than was taken."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from orders import ledger
from orders.models import Order
from storefront.lib.money import Money


class TooMuchError(Exception):
    """More than is left of what was captured."""

    def __init__(self, left: Money) -> None:
        super().__init__(f"only {left} is left to refund")
        self.left = left


class NothingToRefundError(Exception):
    """Nothing was captured for this order, or all of it went back."""


@transaction.atomic(durable=True)
def refund(  # noqa: PLR0913 - how much, why, who, when, and which click it was
    *, order: Order, amount: Money, reason: str, actor: str, now: datetime, key: str
) -> None:
    """Ask the gateway to pay back; a worker does it, and the shopper is told when it is done.

    The same ``key`` pays back once: a form that is sent twice is one refund.

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
    if payment.events.filter(external_id=ledger.refund_key(payment, key)).exists():
        return
    left = ledger.refundable(payment)
    if not left:
        raise NothingToRefundError(order.number)
    if amount.amount <= 0 or left < amount:
        raise TooMuchError(left)
    ledger.ask_refund(
        payment,
        amount=amount,
        purpose=key,
        at=now,
        reason=f"{actor}: {reason}",
    )
