"""Parcel contents: record what the supplier states, infer what follows from the whole order.

Nothing else is assumed: a parcel with unknown contents does not ship any units yet.
"""

from collections import Counter

from django.db.models import Sum

from orders.models import PurchaseOrder
from shipping.models import Parcel, ParcelLine, Shipment
from storefront.lib.db.transactions import requires_transaction
from suppliers.connectors.records import ShipmentNotice


class NotOrderedError(Exception):
    """A supplier names only items that were not ordered from it."""


def stated_contents(purchase_order: PurchaseOrder, notice: ShipmentNotice) -> Counter[int]:
    """Map order lines to the units that the supplier states in a parcel.

    Raises: NotOrderedError
    """
    ours = list(purchase_order.lines.filter(is_active=True).select_related("order_line", "offer"))
    units: Counter[int] = Counter()
    for notice_line in notice.lines:
        for line in ours:
            if str(line.order_line_id) == notice_line.reference or (
                not notice_line.reference and line.offer.supplier_sku == notice_line.sku
            ):
                room = line.quantity - units[line.order_line_id]
                units[line.order_line_id] += max(0, min(notice_line.quantity or room, room))
                break
    if notice.lines and not units:
        raise NotOrderedError(
            f"parcel {notice.number[:40]}: its contents do not belong to this order"
        )
    return +units


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


@requires_transaction
def replace_contents(parcel: Parcel, units: Counter[int]) -> None:
    """Save other contents of a parcel."""
    if units != get_contents(parcel):
        parcel.lines.all().delete()
        set_contents(parcel, units)


def infer_parcel(
    shipment: Shipment, remaining: Counter[int], *, is_complete: bool
) -> Parcel | None:
    """Return the parcel that must contain all remaining units, or None if that is unclear.

    It is clear if the supplier states that the whole order left, or if one unit and one parcel of
    unknown contents remain. Of several such parcels, the last one that is not delivered counts.
    """
    unknown = list(shipment.parcels.filter(is_content_unknown=True).order_by("pk"))
    if not is_complete and (len(unknown) != 1 or remaining.total() != 1):
        return None
    undelivered = [one for one in unknown if one.status != Parcel.Status.DELIVERED]
    return (undelivered or unknown)[-1] if unknown else None
