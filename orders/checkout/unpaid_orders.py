"""Unpaid orders: find those of one customer, remind the customer by e-mail before they expire."""

from datetime import datetime, timedelta

from django.db import transaction

from orders import events
from orders.models import Cart, Order

REMIND_AFTER = timedelta(minutes=5)  # time to pay without a reminder
REMINDER_WINDOW = timedelta(minutes=15)  # a longer window would remind of old orders

Status = Order.Status


def payable_orders(*, token: str, owner_id: int | None, now: datetime) -> list[Order]:
    """Return the orders of one browser or account that can still be paid, oldest first.

    Shape:  ``token`` of the browser's last cart; empty if it has none
    """
    last = Cart.objects.filter(token=token).first() if token else None
    theirs = Order.objects.of_customer(owner_id=owner_id, browser_key=last.browser if last else "")
    waiting = theirs.filter(status=Status.PENDING_PAYMENT, payment_due_at__gt=now)
    return list(waiting.prefetch_related("lines").order_by("pk"))


def expired_order(*, token: str) -> Order | None:
    """Return the order that the last cart of a browser became, if it expired unpaid."""
    expired = Order.objects.filter(cart__token=token, status=Status.EXPIRED)
    return expired.first() if token else None


def send_reminders(*, now: datetime) -> None:
    """Send each customer one reminder of an unpaid order, with its deadline.

    The e-mails with a payment link and about a failed payment say the same, so no reminder follows
    them.

    Locks:  one order at a time
    """
    placed = (now - REMIND_AFTER - REMINDER_WINDOW, now - REMIND_AFTER)
    waiting = Order.objects.filter(
        status=Status.PENDING_PAYMENT, placed_at__range=placed, payment_due_at__gt=now
    )
    for order_id in waiting.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic(durable=True):
            order = Order.objects.select_for_update(of=["self"]).get(pk=order_id)
            if order.status == Status.PENDING_PAYMENT and not events.has_payment_request(order):
                events.order_unpaid(order, at=now)
