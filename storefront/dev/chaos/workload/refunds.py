"""Refund workload: refund some customers in part while the gateway's answers get lost."""

from decimal import Decimal

from django.db.models import F, QuerySet
from django.utils import timezone

from orders.models import Order, Payment, PurchaseOrder
from orders.payments import refunds as payment_refunds
from storefront.dev.chaos.instance.control import control
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.observations import outside
from storefront.lib.money import Money

REFUND_AMOUNT = Decimal(1)


def refund_orders(place: Instance, *, count: int, is_last: bool) -> dict[str, int]:
    """Refund one euro of each of ``count`` orders; return cents by order.

    Only orders that suppliers accepted. Nothing is done until there are ``count`` of them; if
    ``is_last``, fewer are enough.
    """
    if not count:
        return {}
    taken = [
        one.order for one in outside.gateway_payments(place.var) if one.captured > one.refunded
    ]
    orders = list(refundable().filter(number__in=taken)[:count])
    if not orders or (len(orders) < count and not is_last):
        return {}
    fault = {"kind": "drop_after", "path": "POST /v1/refunds$", "count": count}
    control(place.gateway_url, "faults", fault)
    return {order.number: refund(order).minor for order in orders}


def refundable() -> QuerySet[Order]:
    """Return paid orders that suppliers accepted, oldest first."""
    open_ones = PurchaseOrder.objects.exclude(submission_status=PurchaseOrder.Submission.ACCEPTED)
    known_payments = Payment.objects.filter(
        captured_amount__gt=F("refunded_amount")
    )  # the shop knows of the capture
    accepted = Order.objects.exclude(purchase_orders__in=open_ones).exclude(purchase_orders=None)
    return accepted.filter(payments__in=known_payments).order_by("pk")


def refund(order: Order) -> Money:
    """Refund one euro of an order; return the amount."""
    amount = Money(REFUND_AMOUNT, order.currency)
    payment_refunds.refund(
        order=order,
        amount=amount,
        reason="a scratch",
        actor="chaos",
        now=timezone.now(),
        key=f"chaos:{order.number}",
    )
    return amount
