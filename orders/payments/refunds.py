"""Refunds: request a full or partial refund, never more than was captured."""

from datetime import datetime

from django.db import transaction

from orders import ledger
from orders.models import Order
from storefront.lib.money import Money


class RefundTooLargeError(Exception):
    """The amount exceeds what is left to refund."""

    def __init__(self, refundable: Money) -> None:
        super().__init__(f"only {refundable} is left to refund")
        self.refundable = refundable


class NothingToRefundError(Exception):
    """Nothing was captured for this order, or all of it was refunded."""


@transaction.atomic(durable=True)
def refund(  # noqa: PLR0913 - amount, reason, actor, time, idempotency key
    *, order: Order, amount: Money, reason: str, actor: str, now: datetime, key: str
) -> None:
    """Request a refund. A worker executes it and the customer is notified when it is done.

    Idempotent by ``key``: a form that is sent twice makes one refund.

    Locks:  the order, then its payment
    Raises: RefundTooLargeError, NothingToRefundError  nothing is written
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
    refundable = ledger.refundable_amount(payment)
    if not refundable:
        raise NothingToRefundError(order.number)
    if amount.amount <= 0 or refundable < amount:
        raise RefundTooLargeError(refundable)
    ledger.request_refund(payment, amount=amount, purpose=key, at=now, reason=f"{actor}: {reason}")
