"""Cancellation before purchasing: return stock, promotions and money of the order."""

from datetime import datetime

from django.db.models import F

from orders import events, ledger
from orders.inventory import allocations, reservations
from orders.models import Order, Payment, Reservation
from orders.promotions import redemptions
from storefront.lib.db.transactions import requires_transaction


@requires_transaction
def cancel_superseded(order: Order, *, now: datetime) -> None:
    """Cancel an unpaid order that a newer order of the same customer supersedes, without an e-mail.

    Its reservations stay: ``open_order_limits.release_superseded`` releases them for the newer
    order.

    Locks:  the caller holds the order; then promotions with a limit, and its payments
    """
    reason = "replaced by a newer order of the same customer"
    redemptions.revert(order=order, now=now)
    order.move(Order.Status.CANCELED, at=now, actor="customer", reason=reason)
    unpaid = order.payments.filter(
        status__in=[Payment.Status.CREATED, Payment.Status.REQUIRES_ACTION]
    )
    for payment in unpaid.select_for_update(of=["self"]).order_by("pk"):
        payment.move(Payment.Status.VOIDED, at=now, actor="customer", reason=reason)


@requires_transaction
def cancel(
    order: Order, *, reason: str, actor: str, now: datetime, notify_customer: bool = True
) -> None:
    """Cancel an order without purchase orders: unpaid, or just paid.

    Locks:  the caller holds the order; then promotions with a limit, stock rows, payments
    """
    was_paid = order.status != Order.Status.PENDING_PAYMENT
    redemptions.revert(order=order, now=now)
    order.move(Order.Status.CANCELED, at=now, actor=actor, reason=reason)
    if was_paid:
        allocations.release(lines=order.lines.all(), cause=f"order:{order.number}", now=now)
        order.lines.update(canceled_quantity=F("quantity"))
    else:
        reservations.release(order=order, status=Reservation.Status.RELEASED, now=now)
    for payment in order.payments.select_for_update(of=["self"]).order_by("pk"):
        if payment.status == Payment.Status.AUTHORIZED and payment.open_amount:
            ledger.request_void(payment, amount=payment.open_amount, purpose="canceled", at=now)
        elif payment.is_captured_at_sale and (amount := ledger.voidable(payment)):
            ledger.request_void(payment, amount=amount, purpose="canceled", at=now)
        elif payment.status in {Payment.Status.CREATED, Payment.Status.REQUIRES_ACTION}:
            payment.move(Payment.Status.VOIDED, at=now, actor=actor, reason=reason)
    if notify_customer:
        events.order_canceled(order, reason=reason, is_charged=False, was_paid=was_paid, at=now)
