"""Order items: read the items of an order with picture, costs and tracking."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch
from django.db.models.functions import Coalesce

from catalog.products import images
from orders.models import Order, OrderLine
from shipping.models import Parcel, ParcelLine
from storefront.lib.money import Money
from storefront.lib.security.cost_rights import VIEW_COSTS

PICTURE_PX = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One order line as staff see it. ``parcels`` are the parcels of its units."""

    line: OrderLine
    picture_url: str
    unit: Money
    total: Money
    landed: Money | None
    fees: Money | None
    parcels: list[tuple[Parcel, int]]


def load(order: Order, *, user: Any) -> list[Item]:
    """Return the items of an order; costs and parcels only if the user may see them."""
    has_costs, has_parcels = user.has_perm(VIEW_COSTS), user.has_perm("shipping.view_parcel")
    # A line that was split from another comes below it.
    lines = OrderLine.objects.filter(order=order).order_by(Coalesce("split_from", "pk"), "pk")
    if has_parcels:
        parcel_lines = ParcelLine.objects.select_related("parcel").order_by("pk")
        lines = lines.prefetch_related(Prefetch("parcel_lines", parcel_lines))
    return [
        Item(
            line=line,
            picture_url=images.url_of(line.picture, PICTURE_PX) if line.picture else "",
            unit=Money(line.unit_amount, order.currency),
            total=Money(line.line_amount, order.currency),
            landed=_cost(line.landed_amount, order) if has_costs else None,
            fees=_cost(line.fees_amount, order) if has_costs else None,
            parcels=[(each.parcel, each.quantity) for each in line.parcel_lines.all()]
            if has_parcels
            else [],
        )
        for line in lines
    ]


def _cost(amount: Any, order: Order) -> Money | None:
    return None if amount is None else Money(amount, order.currency)
