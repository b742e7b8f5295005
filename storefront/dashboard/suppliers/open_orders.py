"""Open orders: refuse merges, splits and undos of what an open order needs."""

from collections.abc import Collection

from django.db.models import Q
from django.utils.translation import gettext

from orders.models import Order, OrderLine
from suppliers.offers.overrides import OverrideError


def refuse_open_orders(*, variants: Collection[int] = (), offers: Collection[int] = ()) -> None:
    """Check that no open order contains the variants or is filled from the offers.

    A reroute needs the offers of the variant, and the supplier ships what the offer is.
    Raises: OverrideError  an open order contains one
    """
    lines = OrderLine.objects.filter(
        Q(variant__in=variants) | Q(level__offer__in=offers), order__status__in=Order.OPEN
    )
    if line := lines.select_related("order", "variant").order_by("pk").first():
        message = gettext("Order %(number)s contains %(sku)s. Wait until it is completed.")
        raise OverrideError(message % {"number": line.order.number, "sku": line.variant.sku})
