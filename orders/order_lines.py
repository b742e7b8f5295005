"""Order lines: read the lines of an order with their products."""

from orders.cart.lines import LONG_FIELDS
from orders.models import Order, OrderLine


def read_order_lines(order: Order) -> list[OrderLine]:
    """Return all lines with variant, product and spec, in the order they were added."""
    lines = OrderLine.objects.filter(order=order).select_related("variant__product__spec")
    return list(lines.defer(*(f"variant__{name}" for name in LONG_FIELDS)).order_by("pk"))
