"""Order gap factories: give a channel a history of paid orders, then silence."""

from copy import copy
from datetime import timedelta

from orders.models import Cart, Order
from storefront.dashboard.models import DailyFigures
from tests.factories.suppliers import NOON

WEEKS = 8


def make_history(channel, *, per_day=5, weeks=WEEKS, until=NOON):
    """Sum ``per_day`` orders of 10.00 for each day before ``until``."""
    DailyFigures.objects.bulk_create(
        DailyFigures(
            **dict.fromkeys(("units", "canceled", "delivered", "returned", "refunds"), 0),
            **dict.fromkeys(("profit", "kept", "missed", "repeats", "estimated"), 0),
            day=until.date() - timedelta(days=number),
            channel=channel,
            currency=channel.currency,
            orders=per_day,
            revenue=10 * per_day,
        )
        for number in range(1, 7 * weeks + 1)
    )


def copy_order(order, *times):
    """Insert copies of an order that were placed at these times, without lines or payments."""
    carts = []
    for number, at in enumerate(times):
        cart = copy(order.cart)
        cart.pk, cart.token, cart.is_current = None, f"gap-{order.pk}-{number}-{at:%y%m%d}", False
        cart.created_at = cart.updated_at = at
        carts.append(cart)
    Cart.objects.bulk_create(carts)
    copies = []
    for number, (cart, at) in enumerate(zip(carts, times, strict=True)):
        one = copy(order)
        one.pk, one.cart, one.number = None, cart, f"G{order.pk}-{number}-{at:%y%m%d}"
        one.placed_at = at
        copies.append(one)
    Order.objects.bulk_create(copies)


def fall_silent(*, hours=24, usual=10, weeks=WEEKS):
    """Let the last paid order be some hours ago, and ``usual`` orders in those hours of each week."""
    order = Order.objects.filter(status=Order.Status.PROCESSING).select_related("cart").first()
    last = NOON - timedelta(hours=hours)
    Order.objects.update(placed_at=last)
    make_history(order.channel, weeks=weeks)
    copy_order(
        order,
        *(
            last + timedelta(minutes=number + 1) - timedelta(weeks=week)
            for week in range(1, weeks + 1)
            for number in range(usual)
        ),
    )
    return order
