"""Refunds: request a full or partial refund, never more than was captured."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import get_language, gettext

from orders import ledger
from orders.models import Order, Payment
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money, format_money


class RefundTooLargeError(Exception):
    """The amount exceeds what is left to refund."""

    def __init__(self, refundable: Money) -> None:
        super().__init__(refundable)
        self.refundable = refundable

    def __str__(self) -> str:
        left, language = self.refundable, get_language() or "en"
        return gettext("Enter at most %(amount)s: no more is left to refund.") % {
            "amount": format_money(left.amount, left.currency, language)
        }


class NothingToRefundError(Exception):
    """Nothing was captured for this order, or all of it was refunded."""

    def __str__(self) -> str:
        return gettext("Nothing is left to refund: no payment was captured, or all was refunded.")


@transaction.atomic(durable=True)
def refund(  # noqa: PLR0913 - amount, reason, actor, time, idempotency key
    *, order: Order, amount: Money, reason: str, actor: str, now: datetime, key: str
) -> None:
    """Request a refund. A worker executes it and the customer is notified when it is done.

    Idempotent by ``key``: a form that is sent twice makes one refund.

    Locks:  the order, then its payment
    Raises: RefundTooLargeError, NothingToRefundError  nothing is written
    """
    locked = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    refund_locked(locked, amount=amount, reason=f"{actor}: {reason}", now=now, key=key)


@requires_transaction
def refund_locked(order: Order, *, amount: Money, reason: str, now: datetime, key: str) -> None:
    """Request a refund of a locked order, as ``refund``. Locks its payment. Raises as ``refund``."""
    payment = _paid(order).select_for_update(of=["self"]).first()
    if payment is None:
        raise NothingToRefundError(order.number)
    if payment.events.filter(external_id=ledger.refund_key(payment, key)).exists():
        return
    refundable = ledger.refundable_amount(payment)
    if not refundable:
        raise NothingToRefundError(order.number)
    if amount.amount <= 0 or refundable < amount:
        raise RefundTooLargeError(refundable)
    ledger.request_refund(payment, amount=amount, purpose=key, at=now, reason=reason)


def refundable(order: Order) -> Money:
    """Return what can still be refunded of an order."""
    payment = _paid(order).first()
    return ledger.refundable_amount(payment) if payment else Money.zero(order.currency)


def _paid(order: Order) -> QuerySet[Payment]:
    return order.payments.filter(captured_amount__gt=0).order_by("pk")
