"""Tracking import: validate a supplier's list of parcels, then save each parcel once."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from orders.models import PurchaseOrder
from orders.purchasing import acknowledgements
from shipping.carriers import numbers
from shipping.models import Parcel
from shipping.shipments import contents, shipments
from shipping.shipments.tracking_list import ListedRow
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from suppliers.connectors.records import (
    Acknowledgement,
    PurchaseOrderReport,
    PurchaseOrderRequestLine,
    ShipmentNotice,
)
from suppliers.models import Supplier

Submission = PurchaseOrder.Submission
SHIPPABLE_OR_READY = shipments.SHIPPABLE | {PurchaseOrder.Status.READY}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedParcel:
    """One parcel of a list; skipped if it has a ``problem`` or is already imported."""

    rows: tuple[ListedRow, ...]
    purchase_order: PurchaseOrder | None = None
    number: str = ""
    units: tuple[tuple[int, int], ...] = ()
    problem: str = ""
    is_known: bool = False

    @property
    def first(self) -> ListedRow:
        return self.rows[0]

    @property
    def is_good(self) -> bool:
        return not self.problem and not self.is_known


class _InvalidRowError(ValueError):
    """A validation message for staff about one parcel."""


def validate(rows: Sequence[ListedRow], *, supplier: Supplier) -> list[ListedParcel]:
    """Return each parcel of a list with its problem, if any. Read-only."""
    parcels: dict[tuple[str, str], list[ListedRow]] = defaultdict(list)
    for row in rows:
        parcels[row.order.upper(), row.number.upper()].append(row)
    numbers = {order for order, _number in parcels}
    purchase_orders = PurchaseOrder.objects.filter(supplier=supplier, number__in=numbers)
    orders = {each.number: each for each in purchase_orders.select_related("order", "supplier")}
    remaining_by_order: dict[str, Counter[int]] = {
        number: contents.remaining_units(each) for number, each in orders.items()
    }
    listed = []
    for (order, _number), group in parcels.items():
        group_rows, purchase_order = tuple(group), orders.get(order)
        try:
            parcel = _validate_parcel(group_rows, purchase_order, remaining_by_order)
        except _InvalidRowError as error:
            parcel = ListedParcel(
                rows=group_rows, purchase_order=purchase_order, problem=str(error)
            )
        listed.append(parcel)
    return listed


def apply(listed: Sequence[ListedParcel], *, now: datetime) -> list[ListedParcel]:
    """Import the valid parcels, each on its own; return those that failed."""
    failed = []
    for parcel in listed:
        if not parcel.is_good or parcel.purchase_order is None:
            continue
        try:
            problems = _apply_one(parcel, parcel.purchase_order, now)
        except (
            shipments.NotShippableError,
            InvalidTransitionError,
            ConcurrentUpdateError,
        ) as error:
            problems = (str(error),)
        if problems:
            failed.append(ListedParcel(rows=parcel.rows, problem="; ".join(problems)))
    return failed


def _apply_one(
    parcel: ListedParcel, purchase_order: PurchaseOrder, now: datetime
) -> tuple[str, ...]:
    lines = tuple(
        PurchaseOrderRequestLine(sku="", quantity=count, reference=str(line_id))
        for line_id, count in parcel.units
    )
    notice = ShipmentNotice(
        carrier=parcel.first.carrier,
        number=parcel.number,
        lines=lines,
        carrier_text=parcel.first.status,
    )
    state = PurchaseOrderReport(
        number=purchase_order.number,
        supplier_reference="",
        answer=Acknowledgement.PARTIALLY_SHIPPED,
        parcels=(notice,),
    )
    acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)
    return shipments.import_parcels(purchase_order=purchase_order, state=state, now=now).problems


def _validate_parcel(
    rows: tuple[ListedRow, ...],
    purchase_order: PurchaseOrder | None,
    remaining_by_order: dict[str, Counter[int]],
) -> ListedParcel:
    if purchase_order is None:
        raise _InvalidRowError(_("There is no order with this number. Check the order number."))
    try:
        number = numbers.normalize_number(rows[0].number)
    except numbers.InvalidTrackingNumberError as error:
        raise _InvalidRowError(_("This is not a valid tracking number.")) from error
    known = Parcel.objects.filter(shipment__purchase_order=purchase_order, number=number)
    if known.exists():
        return ListedParcel(rows=rows, purchase_order=purchase_order, number=number, is_known=True)
    if (
        purchase_order.status not in SHIPPABLE_OR_READY
        or purchase_order.submission_status == Submission.UNSUBMITTED
    ):
        template = _("The status of the order is “%(status)s”. It cannot be shipped.")
        raise _InvalidRowError(template % {"status": purchase_order.get_status_display()})
    if not rows[0].carrier:
        raise _InvalidRowError(_("The carrier is missing."))
    remaining = remaining_by_order[purchase_order.number]
    units = _units(rows, purchase_order, remaining)
    remaining.subtract(units)
    return ListedParcel(
        rows=rows, purchase_order=purchase_order, number=number, units=tuple(sorted(units.items()))
    )


def _units(
    rows: tuple[ListedRow, ...], purchase_order: PurchaseOrder, remaining: Counter[int]
) -> Counter[int]:
    """Return the units per order line: as the rows state, or all remaining if no row has a SKU."""
    if not any(row.sku for row in rows):
        if not +remaining:
            raise _InvalidRowError(_("All items are already in other parcels."))
        return +remaining
    live = purchase_order.lines.filter(is_active=True).select_related("offer")
    lines = {line.offer.supplier_sku: line.order_line_id for line in live}
    units: Counter[int] = Counter()
    for row in rows:
        line_id = lines.get(row.sku)
        if line_id is None:
            template = _("%(sku)s is not part of this order, or was rejected.")
            raise _InvalidRowError(template % {"sku": row.sku[:60]})
        if row.quantity and not (row.quantity.isascii() and row.quantity.isdigit()):
            template = _("“%(quantity)s” is not a valid quantity.")
            raise _InvalidRowError(template % {"quantity": row.quantity[:20]})
        units[line_id] += int(row.quantity[:9] or remaining[line_id])
        if not 0 < units[line_id] <= remaining[line_id]:
            template = _("At most %(left)s of %(sku)s can still be shipped.")
            raise _InvalidRowError(template % {"sku": row.sku, "left": remaining[line_id]})
    return units
