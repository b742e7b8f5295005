"""Reviews: hold an order while the gateway reviews its payment, then release or cancel it."""

from __future__ import annotations

from datetime import datetime

from orders.cancellation import cancellation
from orders.gateways.base import PaymentNews, PaymentUpdate
from orders.models import Order, Payment, PaymentEvent, PurchaseOrder
from orders.payments import disputes
from orders.purchasing.holds import holds
from orders.purchasing.holds.rules import Reason
from storefront.lib.db.transactions import needs_transaction

Kind = PaymentEvent.Kind
Status = Order.Status

REVIEWS = frozenset(
    {PaymentNews.UNDER_REVIEW, PaymentNews.REVIEW_APPROVED, PaymentNews.REVIEW_REFUSED}
)
ENDS = frozenset({Kind.REVIEW_APPROVED, Kind.REVIEW_REFUSED})
GOING_ON = frozenset({Status.PLACED, Status.ON_HOLD, Status.PROCESSING})
# A review of any other attempt says nothing about the order.
PAYS = frozenset(
    {
        Payment.Status.AUTHORIZED,
        Payment.Status.CAPTURED,
        Payment.Status.REFUNDED,
        Payment.Status.VOIDED,  # possibly by the gateway
    }
)
CODE = PaymentNews.UNDER_REVIEW.value  # of the hold


@needs_transaction
def follow(order: Order, payment: Payment, update: PaymentUpdate, *, now: datetime) -> None:
    """Apply an update about a review.

    The result is derived from all recorded events, so the order of updates is irrelevant.

    Locks:  the caller holds the order, its purchase orders (``disputes.lock``) and the payment
    """
    if order.status not in GOING_ON or payment.status not in PAYS or _is_let_go(payment):
        return
    told = list(
        payment.events.filter(kind__in=[Kind.UNDER_REVIEW, *ENDS]).values_list("kind", flat=True)
    )
    if Kind.REVIEW_REFUSED in told:
        _refuse(order, payment, update, now)
    elif told.count(Kind.UNDER_REVIEW) > told.count(Kind.REVIEW_APPROVED):
        reason = Reason(CODE, disputes.UNDER_REVIEW, subject=payment.key, amount=update.amount)
        disputes.hold(order, payment, reason, now=now)
    elif Kind.UNDER_REVIEW in told:
        _let_go(order, payment, now)


def _is_let_go(payment: Payment) -> bool:
    """Return whether a void was requested because the order was paid otherwise, or had ended."""
    keys = [f"release:{payment.key}:{purpose}" for purpose in ("late", *Status.values)]
    return bool(payment.events.filter(external_id__in=keys).exists())


def _refuse(order: Order, payment: Payment, update: PaymentUpdate, now: datetime) -> None:
    """Cancel or request cancellation of the purchase orders, and void or refund the money.

    What the gateway refunded by itself arrives as its own update and is not refunded twice.
    """
    reason = f"payment rejected in the gateway's review: {update.reason or 'no reason given'}"
    cancellation.stop(order, reason=reason, actor=payment.gateway, now=now)


def _let_go(order: Order, payment: Payment, now: datetime) -> None:
    """Remove the review's hold reason; release what has no other reason."""
    words = "payment approved in the gateway's review"
    held = order.purchase_orders.filter(
        status=PurchaseOrder.Status.ON_HOLD, hold_reasons__contains=[{"code": CODE}]
    )
    for purchase_order in held.order_by("pk"):
        holds.take_off(
            purchase_order,
            lambda reason: (reason["code"], reason["subject"]) == (CODE, payment.key),
            reason=words,
            now=now,
            actor=payment.gateway,
        )
    if order.status == Status.ON_HOLD and order.hold_reason == disputes.UNDER_REVIEW:
        holds.release(order, reason=words, actor=payment.gateway, now=now)
