"""Order lines: read the lines of an order with their products."""

from django.db.models import QuerySet

from orders.cart.lines import LONG_FIELDS
from orders.models import Order, OrderLine
from storefront.lib.db.prepared_queries import PreparedQuery


def read_order_lines(order: Order) -> list[OrderLine]:
    """Return all lines with variant, product and spec, in the order they were added."""
    return _LINES(order_id=order.pk)


def _lines(*, order_id: int) -> QuerySet[OrderLine]:
    lines = OrderLine.objects.filter(order=order_id).select_related("variant__product__spec")
    return lines.defer(*(f"variant__{name}" for name in LONG_FIELDS)).order_by("pk")


_LINES = PreparedQuery(_lines)
