"""Read the lines of an order with what pages and messages say of them, in one question."""

from __future__ import annotations

from django.db.models import QuerySet

from orders.cart.lines import LONG
from orders.models import Order, OrderLine
from storefront.lib.db.prepared_queries import Prepared


def read(order: Order) -> list[OrderLine]:
    """Read all lines with variant, product and spec, in the order in which they were put in."""
    return _QUESTION(order_id=order.pk)


def _question(*, order_id: int) -> QuerySet[OrderLine]:
    lines = OrderLine.objects.filter(order=order_id)
    lines = lines.select_related("variant__product__spec").order_by("pk")
    return lines.defer(*(f"variant__{name}" for name in LONG))


_QUESTION = Prepared(_question)
