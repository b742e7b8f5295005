"""Parcel contents: record what the supplier states, infer what follows from the whole order.

Nothing else is assumed: a parcel of unknown contents ships nothing yet.
"""

from __future__ import annotations

from collections import Counter

from django.db.models import Sum

from orders.models import PurchaseOrder
from shipping.models import Parcel, ParcelLine, Shipment
from storefront.lib.db.transactions import requires_transaction
from suppliers.connectors.records import ShipmentNotice


class NotOrderedError(Exception):
    """A supplier names only items that were not ordered from it."""


def stated_contents(purchase_order: PurchaseOrder, news: ShipmentNotice) -> Counter[int]:
    """Map order lines to the units that the supplier states in a parcel.

    Raises: NotOrderedError
    """
    ours = list(purchase_order.lines.filter(is_active=True).select_related("order_line", "offer"))
    found: Counter[int] = Counter()
    for named in news.lines:
        for line in ours:
            if str(line.order_line_id) == named.reference or (
                not named.reference and line.offer.supplier_sku == named.sku
            ):
                room = line.quantity - found[line.order_line_id]
                found[line.order_line_id] += max(0, min(named.quantity or room, room))
                break
    if news.lines and not found:
        raise NotOrderedError(
            f"parcel {news.number[:40]}: its contents do not belong to this order"
        )
    return +found


def remaining_units(purchase_order: PurchaseOrder) -> Counter[int]:
    """Map order lines to the units that are in no parcel yet."""
    units = Counter(
        dict(purchase_order.lines.filter(is_active=True).values_list("order_line_id", "quantity"))
    )
    packed = (
        ParcelLine.objects.filter(parcel__shipment__purchase_order=purchase_order)
        .exclude(parcel__status=Parcel.Status.VOIDED)
        .values_list("order_line_id")
        .annotate(units=Sum("quantity"))
    )
    units.subtract(dict(packed))
    return +units


def get_contents(parcel: Parcel) -> Counter[int]:
    return Counter(dict(parcel.lines.values_list("order_line_id", "quantity")))


@requires_transaction
def set_contents(parcel: Parcel, units: Counter[int]) -> None:
    """Save the contents of a parcel that has none yet."""
    ParcelLine.objects.bulk_create(
        ParcelLine(parcel=parcel, order_line_id=line_id, quantity=quantity)
        for line_id, quantity in sorted(units.items())
    )


def infer_parcel(shipment: Shipment, rest: Counter[int], *, is_whole: bool) -> Parcel | None:
    """Return the only parcel that can contain all remaining units, or None if unclear.

    This can be inferred if the supplier states that the whole order left, or if one unit and one
    parcel remain. Of several parcels, the last undelivered one counts.
    """
    unknown = list(shipment.parcels.filter(is_content_unknown=True).order_by("pk"))
    if not is_whole and (len(unknown) != 1 or rest.total() != 1):
        return None
    on_their_way = [one for one in unknown if one.status != Parcel.Status.DELIVERED]
    return (on_their_way or unknown)[-1] if unknown else None
