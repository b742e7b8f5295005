"""Parcel facts: read once, for all parcels of an order, what is not in their own rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from orders.models import Order, OrderLine, PurchaseOrder
from shipping.models import Parcel, RouteTransit, SilenceCase
from shipping.silence.answers import open_cases_of
from shipping.silence.route_transit import transits_of
from storefront.web.catalog.product_title import variant_title


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelFacts:
    """What is read once for all parcels: substitutes by order line, the rest by parcel."""

    substitutes: Mapping[int, str] = MappingProxyType({})
    transits: Mapping[int, RouteTransit] = MappingProxyType({})
    silences: Mapping[int, SilenceCase] = MappingProxyType({})


NO_FACTS = ParcelFacts()


def read_facts(
    order: Order, purchases: Sequence[PurchaseOrder], lines: Sequence[OrderLine]
) -> ParcelFacts:
    """Read what the parcels on their way need; two statements, none if all arrived."""
    underway: list[tuple[Parcel, PurchaseOrder]] = []
    for purchase in purchases:
        purchase.order = order
        shipment = getattr(purchase, "shipment", None)
        underway += [
            (parcel, purchase)
            for parcel in (shipment.parcels.all() if shipment else ())
            if parcel.status in Parcel.UNDERWAY
        ]
    return ParcelFacts(
        substitutes=substitutes(purchases, lines),
        transits=transits_of(underway),
        silences=open_cases_of([parcel.pk for parcel, _purchase in underway]) if underway else {},
    )


def substitutes(purchases: Iterable[PurchaseOrder], lines: Iterable[OrderLine]) -> dict[int, str]:
    """Return the titles of substitutes by order line, where the customer accepted one."""
    sold = {line.pk: line.variant_id for line in lines}
    return {
        row.order_line_id: variant_title(row.bought)
        for purchase in purchases
        for row in purchase.lines.all()
        if row.is_active and row.offer.variant_id not in {None, sold.get(row.order_line_id)}
    }
