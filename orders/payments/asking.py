"""Ask a gateway once more for what it refused, when the cause of the refusal is gone."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from orders.models import Order, Payment, PaymentEvent, PurchaseOrder
from orders.payments import ledger
from storefront.lib.money import Money

Kind = PaymentEvent.Kind


class NotRefusedError(Exception):
    """Nobody refused it, or it was asked again already: the request itself is repeated."""


class NothingLeftError(Exception):
    """What it asked for is not there any more, or is not wanted any more."""


@transaction.atomic(durable=True)
def ask_again(*, request: PaymentEvent, actor: str, now: datetime) -> PaymentEvent:
    """Write down a new attempt, with a key of its own, after a definite refusal.

    Under the old key the gateway would repeat its stored refusal. A request whose answer is
    unknown keeps its key, or the money could move twice.

    Locks:  the order, then the payment
    Raises: NotRefusedError, NothingLeftError  nothing is written
    """
    Order.objects.select_for_update(of=["self"]).get(payments=request.payment_id)
    payment = Payment.objects.select_for_update(of=["self"]).get(pk=request.payment_id)
    attempts = list(ledger.attempts(payment, ledger.first_key(request)))
    last = attempts[-1] if attempts else None
    if last != request or not ledger.is_refused(request):
        raise NotRefusedError(f"{request.external_id} was not refused, or was asked again since.")
    left = _left(payment, request)
    if left < Money(request.amount, payment.currency):
        raise NothingLeftError(f"Only {left} is left for {request.external_id}.")
    return PaymentEvent.objects.create(
        payment=payment,
        gateway=payment.gateway,
        external_id=ledger.key_of(ledger.first_key(request), attempt=len(attempts) + 1),
        kind=request.kind,
        amount=request.amount,
        reason=f"{actor} asked again"[:200],
        occurred_at=now,
        received_at=now,
    )


def _left(payment: Payment, request: PaymentEvent) -> Money:
    if request.kind == Kind.REFUND_REQUESTED:
        return ledger.refundable(payment)
    if request.kind == Kind.CAPTURE_REQUESTED and not _is_delivered(payment, request):
        return Money.zero(payment.currency)
    return ledger.releasable(payment)


def _is_delivered(payment: Payment, request: PaymentEvent) -> bool:
    """Test whether the purchase order that a capture pays for still stands."""
    standing = payment.order.purchase_orders.exclude(status=PurchaseOrder.Status.CANCELED)
    keys = {ledger.capture_key(number) for number in standing.values_list("number", flat=True)}
    return ledger.first_key(request) in keys
