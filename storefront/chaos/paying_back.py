"""Pay a little back to some shoppers, as staff do, while the gateway's answers get lost."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone

from orders import refunding
from orders.models import Order
from storefront.chaos import witnessing
from storefront.chaos.controlling import control
from storefront.chaos.staging import Instance
from storefront.lib.money import Money

GIVEN = Decimal(1)


def pay_back(place: Instance, *, count: int) -> dict[str, int]:
    """Refund one euro each; return what is to go back, in cents by order."""
    if not count:
        return {}
    control(place.gateway_url, "faults", {"kind": "drop_after", "path": "/refund$", "count": count})
    captured = [one.order for one in witnessing.charges(place.var) if one.captured > one.refunded]
    refunds = {}
    for number in captured[:count]:
        order = Order.objects.get(number=number)
        amount = Money(GIVEN, order.currency)
        refunding.refund(
            order=order,
            amount=amount,
            reason="a scratch",
            actor="chaos",
            now=timezone.now(),
            key=f"chaos:{number}",
        )
        refunds[number] = amount.minor
    return refunds
