"""Disputes: apply disputes and fraud warnings, hold the order and what is not submitted."""

from datetime import datetime

from orders.gateways.base import PaymentUpdate, UpdateKind
from orders.models import Order, Payment, PaymentEvent
from orders.purchasing.holds import holds
from orders.purchasing.holds.facts import bank_message
from orders.purchasing.holds.rules import HoldReason
from storefront.lib.db.transactions import requires_transaction

Kind = PaymentEvent.Kind
Dispute = Payment.Dispute

HOLDING_UPDATES = frozenset({UpdateKind.DISPUTED, UpdateKind.FRAUD_WARNING})
# Any other hold reason replaces this one.
UNDER_REVIEW_REASON = "The gateway reviews this payment for fraud."


@requires_transaction
def lock_purchase_orders(order: Order) -> None:
    """Lock the purchase orders of an order, in id order."""
    list(order.purchase_orders.select_for_update(of=["self"]).order_by("pk").values_list("pk"))


@requires_transaction
def apply(order: Order, payment: Payment, update: PaymentUpdate, *, now: datetime) -> None:
    """Apply an update about a dispute, or a fraud warning.

    The dispute status is derived from all recorded events, so the order of updates is irrelevant.

    Locks:  the caller holds the order, its purchase orders (``lock_purchase_orders``) and the
            payment
    """
    _update_status(payment, now)
    if update.kind in HOLDING_UPDATES:
        _hold_for_update(order, payment, update, now)


def _update_status(payment: Payment, now: datetime) -> None:
    kinds = payment.events.filter(kind__in=[Kind.DISPUTED, Kind.DISPUTE_WON, Kind.DISPUTE_LOST])
    recorded = list(kinds.values_list("kind", flat=True))
    if Kind.DISPUTED not in recorded:
        return
    if recorded.count(Kind.DISPUTED) > len(recorded) - recorded.count(Kind.DISPUTED):
        to = Dispute.CHARGED_BACK
    else:
        to = Dispute.LOST if Kind.DISPUTE_LOST in recorded else Dispute.WON
    if payment.dispute_status == Dispute.NONE:  # a dispute starts as a chargeback
        _move(payment, Dispute.CHARGED_BACK, now)
    if payment.dispute_status != to:
        _move(payment, to, now)


def _move(payment: Payment, to: Payment.Dispute, now: datetime) -> None:
    payment.move(to, at=now, status_field="dispute_status", actor=payment.gateway)


def _hold_for_update(order: Order, payment: Payment, update: PaymentUpdate, now: datetime) -> None:
    """Hold the order and its unsubmitted purchase orders; staff release or cancel them."""
    sentence = bank_message(update.kind.value, update.reason)
    reason = HoldReason(update.kind.value, sentence, subject=payment.key, amount=update.amount)
    hold_order(order, payment, reason, now=now)


@requires_transaction
def hold_order(order: Order, payment: Payment, reason: HoldReason, *, now: datetime) -> None:
    """Add a hold reason to an order and to its unsubmitted purchase orders.

    Locks:  the caller holds the order and its purchase orders
    """
    if order.status == Order.Status.ON_HOLD and order.hold_reason == UNDER_REVIEW_REASON:
        order.hold_reason = reason.sentence[:200]  # survives an approved review
        order.save(update_fields=["hold_reason"])
    holds.add_reason(order, reason, actor=payment.gateway, now=now)
