"""Tracking import: validate a supplier's list of parcels, then save each parcel once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from orders.models import PurchaseOrder
from orders.purchasing import acknowledgements
from shipping.models import Parcel
from shipping.shipments import carriers, contents, shipments
from shipping.shipments.tracking_list import ListedRow
from storefront.lib.state_machine import IllegalMoveError, LostRaceError
from suppliers.connectors.records import Answer, ParcelNews, PurchaseState, RequestLine
from suppliers.models import Supplier

Request = PurchaseOrder.Request
STANDS = shipments.SHIPPABLE | {PurchaseOrder.Status.READY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One parcel of a list. One with a ``problem`` is skipped; ``is_known`` is already imported."""

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


class _BadRowError(ValueError):
    """What is wrong with a parcel of the list, as staff read it."""


def judge(rows: Sequence[ListedRow], *, supplier: Supplier) -> list[Listed]:
    """Return each parcel of a list with its problem, if any. Read-only."""
    parcels: dict[tuple[str, str], list[ListedRow]] = defaultdict(list)
    for row in rows:
        parcels[row.order.upper(), row.number.upper()].append(row)
    numbers = {order for order, _number in parcels}
    found = PurchaseOrder.objects.filter(supplier=supplier, number__in=numbers)
    orders = {each.number: each for each in found.select_related("order", "supplier")}
    taken: dict[str, Counter[int]] = {
        number: contents.left(each) for number, each in orders.items()
    }
    return [
        _judged(tuple(group), orders.get(order), taken) for (order, _), group in parcels.items()
    ]


def enter(listed: Sequence[Listed], *, now: datetime) -> list[Listed]:
    """Import the valid parcels, one transaction each; return those that failed."""
    failed = []
    for one in listed:
        if not one.is_good or one.purchase_order is None:
            continue
        try:
            problems = _enter(one, one.purchase_order, now)
        except (shipments.WrongOrderError, IllegalMoveError, LostRaceError) as error:
            problems = (str(error),)
        if problems:
            failed.append(Listed(rows=one.rows, problem="; ".join(problems)))
    return failed


def _enter(one: Listed, purchase_order: PurchaseOrder, now: datetime) -> tuple[str, ...]:
    lines = tuple(
        RequestLine(sku="", quantity=count, reference=str(line_id)) for line_id, count in one.units
    )
    news = ParcelNews(carrier=one.first.carrier, number=one.number, lines=lines)
    state = PurchaseState(
        number=purchase_order.number,
        supplier_reference="",
        answer=Answer.PARTIALLY_SHIPPED,
        parcels=(news,),
    )
    acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)
    return shipments.take_in(purchase_order=purchase_order, state=state, now=now).problems


def _judged(
    rows: tuple[ListedRow, ...],
    purchase_order: PurchaseOrder | None,
    taken: dict[str, Counter[int]],
) -> Listed:
    try:
        return _good(rows, purchase_order, taken)
    except _BadRowError as error:
        return Listed(rows=rows, purchase_order=purchase_order, problem=str(error))


def _good(
    rows: tuple[ListedRow, ...],
    purchase_order: PurchaseOrder | None,
    taken: dict[str, Counter[int]],
) -> Listed:
    if purchase_order is None:
        raise _BadRowError(
            _("This supplier has no order with this number. Check the order number.")
        )
    try:
        number = carriers.number_of(rows[0].number)
    except carriers.BadNumberError as error:
        raise _BadRowError(_("This is not a valid tracking number.")) from error
    known = Parcel.objects.filter(shipment__purchase_order=purchase_order, number=number)
    if known.exists():
        return Listed(rows=rows, purchase_order=purchase_order, number=number, is_known=True)
    if purchase_order.status not in STANDS or purchase_order.request_status == Request.UNSUBMITTED:
        words = _("The order is %(status)s, so it cannot be shipped.")
        raise _BadRowError(words % {"status": purchase_order.status.replace("_", " ")})
    if not rows[0].carrier:
        raise _BadRowError(_("The carrier is missing."))
    left = taken[purchase_order.number]
    units = _units(rows, purchase_order, left)
    left.subtract(units)
    return Listed(
        rows=rows,
        purchase_order=purchase_order,
        number=number,
        units=tuple(sorted(units.items())),
    )


def _units(
    rows: tuple[ListedRow, ...], purchase_order: PurchaseOrder, left: Counter[int]
) -> Counter[int]:
    """Return the contents of a parcel: what its rows name, or all remaining units."""
    if not any(row.sku for row in rows):
        if not +left:
            raise _BadRowError(_("All items are already in other parcels."))
        return +left
    live = purchase_order.lines.filter(is_live=True).select_related("offer")
    lines = {line.offer.supplier_sku: line.order_line_id for line in live}
    units: Counter[int] = Counter()
    for row in rows:
        line_id = lines.get(row.sku)
        if line_id is None:
            words = _("%(sku)s is not part of this order, or was rejected.")
            raise _BadRowError(words % {"sku": row.sku[:60]})
        if row.quantity and not (row.quantity.isascii() and row.quantity.isdigit()):
            words = _("“%(quantity)s” is not a valid quantity.")
            raise _BadRowError(words % {"quantity": row.quantity[:20]})
        units[line_id] += int(row.quantity[:9] or left[line_id])
        if not 0 < units[line_id] <= left[line_id]:
            words = _("At most %(left)s of %(sku)s can still be shipped.")
            raise _BadRowError(words % {"sku": row.sku, "left": left[line_id]})
    return units
