"""Reviews: hold an order while the gateway reviews its payment, then release or cancel it."""

from datetime import datetime

from orders.cancellation import cancellation
from orders.gateways.base import PaymentUpdate, UpdateKind
from orders.models import Order, Payment, PaymentEvent, PurchaseOrder
from orders.payments import disputes
from orders.purchasing.holds import holds
from orders.purchasing.holds.rules import HoldReason
from storefront.lib.db.transactions import requires_transaction

Kind = PaymentEvent.Kind
Status = Order.Status

REVIEWS = frozenset(
    {UpdateKind.UNDER_REVIEW, UpdateKind.REVIEW_APPROVED, UpdateKind.REVIEW_REJECTED}
)
REVIEW_ENDS = frozenset({Kind.REVIEW_APPROVED, Kind.REVIEW_REJECTED})
# A review of any other attempt says nothing about the order.
PAYMENT_STATES = frozenset(
    {
        Payment.Status.AUTHORIZED,
        Payment.Status.CAPTURED,
        Payment.Status.REFUNDED,
        Payment.Status.VOIDED,  # possibly by the gateway
    }
)
HOLD_CODE = UpdateKind.UNDER_REVIEW.value  # of the hold


@requires_transaction
def apply(order: Order, payment: Payment, update: PaymentUpdate, *, now: datetime) -> None:
    """Apply an update about a review.

    The result is derived from all recorded events, so the order of updates is irrelevant.

    Locks:  the caller holds the order, its purchase orders (``disputes.lock_purchase_orders``) and
            the payment
    """
    if (
        order.status not in Order.ACTIVE
        or payment.status not in PAYMENT_STATES
        or _is_void_requested(payment)
    ):
        return
    recorded = list(
        payment.events.filter(kind__in=[Kind.UNDER_REVIEW, *REVIEW_ENDS]).values_list(
            "kind", flat=True
        )
    )
    if Kind.REVIEW_REJECTED in recorded:
        _cancel_order(order, payment, update, now)
    elif recorded.count(Kind.UNDER_REVIEW) > recorded.count(Kind.REVIEW_APPROVED):
        reason = HoldReason(
            HOLD_CODE, disputes.UNDER_REVIEW_REASON, subject=payment.key, amount=update.amount
        )
        disputes.hold_order(order, payment, reason, now=now)
    elif Kind.UNDER_REVIEW in recorded:
        _release_holds(order, payment, now)


def _is_void_requested(payment: Payment) -> bool:
    """Return whether a void was requested because the order was paid otherwise, or had ended."""
    keys = [f"release:{payment.key}:{purpose}" for purpose in ("late", *Status.values)]
    return bool(payment.events.filter(external_id__in=keys).exists())


def _cancel_order(order: Order, payment: Payment, update: PaymentUpdate, now: datetime) -> None:
    """Cancel or request cancellation of the purchase orders, and void or refund the money.

    What the gateway refunded by itself arrives as its own update and is not refunded twice.
    """
    reason = f"payment rejected in the gateway's review: {update.reason or 'no reason given'}"
    cancellation.cancel_or_request(order, reason=reason, actor=payment.gateway, now=now)


def _release_holds(order: Order, payment: Payment, now: datetime) -> None:
    """Remove the review's hold reason; release what has no other reason."""
    release_reason = "payment approved in the gateway's review"
    held = order.purchase_orders.filter(
        status=PurchaseOrder.Status.ON_HOLD, hold_reasons__contains=[{"code": HOLD_CODE}]
    )
    for purchase_order in held.order_by("pk"):
        holds.remove_reasons(
            purchase_order,
            lambda reason: (reason["code"], reason["subject"]) == (HOLD_CODE, payment.key),
            reason=release_reason,
            now=now,
            actor=payment.gateway,
        )
    if order.status == Status.ON_HOLD and order.hold_reason == disputes.UNDER_REVIEW_REASON:
        holds.resume_order(order, reason=release_reason, actor=payment.gateway, now=now)
