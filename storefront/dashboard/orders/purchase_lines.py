"""Purchase order lines: compare what was ordered, acknowledged, shipped, invoiced and canceled."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.accounting.three_way_match import ThreeWayMatch
from orders.backorders.backorders import REASSIGNED
from orders.models import PurchaseLine, PurchaseOrder
from shipping.models import Parcel
from storefront.lib.money import Money

ANSWERS: Mapping[str, str | Promise] = {
    "": _("No answer yet"),
    "accepted": _("Accepted"),
    "out_of_stock": _("Rejected: out of stock"),
    "discontinued": _("Rejected: discontinued"),
    "invalid_item": _("Rejected: unknown item"),
    "undeliverable": _("Rejected: cannot be delivered there"),
    "rejected_other": _("Rejected"),
    REASSIGNED: _("Reassigned"),
}
BACKORDERED = _("Backordered")
CHANGED = _("Accepted with another cost")
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A quantity beside the one that it should be; None: not known."""

    units: int | None
    expected: int | None = None

    @property
    def difference(self) -> int:
        """Return by how many units it differs, 0 if nothing is expected yet."""
        if self.units is None or self.expected is None:
            return 0
        return self.units - self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a purchase order. ``confirmed`` is None until the supplier accepted it."""

    row: PurchaseLine
    answer: str | Promise
    acknowledged: Quantity
    shipped: Quantity
    invoiced: Quantity
    canceled: int
    ordered_cost: Money
    confirmed_cost: Money | None

    @property
    def is_cost_changed(self) -> bool:
        return self.confirmed_cost is not None and self.confirmed_cost != self.ordered_cost


def compare(
    purchase_order: PurchaseOrder,
    rows: Sequence[PurchaseLine],
    parcels: Sequence[Parcel],
    match: ThreeWayMatch,
) -> list[Line]:
    """Return the lines with their quantities and costs per unit.

    Suppliers invoice totals, not lines: units count as invoiced if the invoices equal what was
    ordered or what has shipped.
    """
    shipped = _shipped_units(parcels)
    is_over = purchase_order.status in {PurchaseOrder.Status.SHIPPED, PurchaseOrder.Status.CLOSED}
    return [_line(purchase_order, row, shipped[row.order_line_id], match, is_over) for row in rows]


def _shipped_units(parcels: Sequence[Parcel]) -> Counter[int]:
    units: Counter[int] = Counter()
    for parcel in parcels:
        if parcel.has_left:
            units.update({line.order_line_id: line.quantity for line in parcel.lines.all()})
    return units


def _line(
    purchase_order: PurchaseOrder,
    row: PurchaseLine,
    shipped: int,
    match: ThreeWayMatch,
    is_over: bool,  # noqa: FBT001 - private
) -> Line:
    is_accepted = row.acknowledgment == "accepted"
    is_canceled = not row.is_active or purchase_order.status == PurchaseOrder.Status.CANCELED
    acknowledged = row.quantity if is_accepted else 0 if row.acknowledgment else None
    canceled = row.quantity - shipped if is_canceled else row.order_line.canceled_quantity
    ordered = Money(row.ordered_cost_amount, row.ordered_cost_currency)
    agreed = Money(row.agreed_cost_amount, row.cost_currency)
    answer = ANSWERS.get(row.acknowledgment, row.acknowledgment)
    if is_accepted and agreed != ordered:
        answer = CHANGED
    backordered = PurchaseOrder.Submission.BACKORDERED
    if not row.acknowledgment and purchase_order.submission_status == backordered:
        answer = BACKORDERED
    wanted = row.quantity - canceled
    return Line(
        row=row,
        answer=answer,
        acknowledged=Quantity(units=acknowledged, expected=row.quantity),
        shipped=Quantity(units=shipped, expected=wanted if is_over or shipped > wanted else None),
        invoiced=Quantity(
            units=_invoiced(row, shipped, canceled, match),
            expected=None if match.invoiced is None else shipped,
        ),
        canceled=canceled,
        ordered_cost=ordered,
        confirmed_cost=agreed if is_accepted else None,
    )


def _invoiced(row: PurchaseLine, shipped: int, canceled: int, match: ThreeWayMatch) -> int | None:
    if match.invoiced is None:
        return 0
    if match.invoiced == match.ordered:
        return row.quantity - canceled
    return shipped if match.invoiced == match.shipped else None


def ordered_cost(rows: Sequence[PurchaseLine], currency: str) -> Money | None:
    """Return the cost at which the active lines were ordered; None in several currencies."""
    active = [row for row in rows if row.is_active]
    if any(row.ordered_cost_currency != currency for row in active):
        return None
    return Money(sum((row.ordered_cost_amount * row.quantity for row in active), NOTHING), currency)
