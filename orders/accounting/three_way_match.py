"""Three-way match: compare the ordered, shipped and invoiced value of a purchase order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import (
    Case,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
    When,
    prefetch_related_objects,
)

from orders.models import MoneyDifference, PurchaseLine, PurchaseOrder, SupplierBill
from suppliers.models import Supplier

Match = SupplierBill.Match
NOTHING = Decimal(0)
HUNDRED = Decimal(100)
Status = PurchaseOrder.Status
GOING = (Status.IN_PROGRESS, Status.PARTIALLY_SHIPPED)
LEFT = (Status.PARTIALLY_SHIPPED, Status.SHIPPED, Status.CLOSED)
# Overdue invoices are found on each of these days, as a day may be reconciled late.
LOOKED_AT = timedelta(days=21)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Ordered, shipped and invoiced value of the items, in the currency of their costs.

    Shape:  ``billed`` is None without an invoice
    """

    currency: str
    ordered: Decimal
    shipped: Decimal
    billed: Decimal | None

    @property
    def is_shipped_whole(self) -> bool:
        return self.shipped >= self.ordered

    @property
    def is_billed_as_shipped(self) -> bool:
        """Return whether shipments are invoiced one by one, and more is to ship."""
        return not self.is_shipped_whole and self.billed == self.shipped


def of(purchase_order: PurchaseOrder) -> Ways:
    """Compute the match from prefetched lines and invoices; a canceled purchase order owes nothing.

    An invoice in another currency is not counted: it is a discrepancy of its own.
    """
    lines = list(purchase_order.lines.all())
    currency = lines[0].cost_currency if lines else purchase_order.supplier.currency
    live = [line for line in lines if line.is_live and purchase_order.status != Status.CANCELED]
    standing = [
        bill.goods_amount
        for bill in purchase_order.bills.all()
        if bill.withdrawn_at is None and bill.currency == currency
    ]
    return Ways(
        currency=currency,
        ordered=sum((line.agreed_cost_amount * line.quantity for line in live), NOTHING),
        shipped=sum(
            (line.agreed_cost_amount * line.order_line.shipped_quantity for line in live), NOTHING
        ),
        billed=sum(standing, NOTHING) if standing else None,
    )


def read(purchase_order: PurchaseOrder) -> Ways:
    """Fetch lines and invoices with two queries, and compute the match."""
    lines = PurchaseLine.objects.select_related("order_line").order_by("pk")
    prefetch_related_objects([purchase_order], Prefetch("lines", lines), "bills")
    return of(purchase_order)


def is_tolerated(supplier: Supplier, *, expected: Decimal, found: Decimal) -> bool:
    """Return whether a difference is within the supplier's tolerance."""
    share = expected * supplier.bill_tolerance_percent / HUNDRED
    return abs(found - expected) <= max(share, supplier.bill_tolerance_amount)


def waits_too_long(purchase_order: PurchaseOrder, ways: Ways, *, now: datetime) -> bool:
    """Return whether invoiced items have not shipped within the supplier's limit."""
    since = purchase_order.accepted_at
    within = timedelta(days=purchase_order.supplier.billed_ships_within_days)
    return (
        bool(ways.billed)
        and since is not None
        and since <= now - within
        and purchase_order.status in GOING
        and not ways.is_shipped_whole
        and (ways.billed or NOTHING) > ways.shipped
    )


def is_bill_overdue(purchase_order: PurchaseOrder, ways: Ways, *, now: datetime) -> bool:
    """Return whether items shipped and the invoice that the supplier owes is late."""
    within = purchase_order.supplier.bills_within_days
    return (
        within is not None
        and ways.billed is None
        and ways.shipped > 0
        and purchase_order.status in LEFT
        and purchase_order.status_since <= now - timedelta(days=within)
    )


def to_be_looked_at(supplier: Supplier, *, now: datetime) -> Q:
    """Return purchase orders whose match may have changed by time alone."""
    standing = SupplierBill.objects.filter(withdrawn_at__isnull=True)
    unsettled = standing.filter(supplier=supplier, match__in=[Match.NEW, Match.WAITS])
    found = Q(pk__in=unsettled.values("purchase_order"))
    if supplier.bills_within_days is not None:
        late = now - timedelta(days=supplier.bills_within_days)
        found |= Q(
            ~Exists(standing.filter(purchase_order=OuterRef("pk"))),
            status__in=LEFT,
            status_since__lte=late,
            status_since__gt=late - LOOKED_AT,
        )
    return found


def mark(*, part: str, purchase_orders: Collection[int]) -> None:
    """Store the match status of each compared invoice, in one statement."""
    bills = SupplierBill.objects.filter(withdrawn_at__isnull=True)
    compared = bills.filter(purchase_order__in=purchase_orders)
    differing = MoneyDifference.objects.filter(purchase_order=OuterRef("purchase_order"), part=part)
    owed = PurchaseLine.objects.filter(
        purchase_order=OuterRef("purchase_order"),
        is_live=True,
        order_line__shipped_quantity__lt=F("quantity"),
    )
    _write(
        compared,
        Case(
            When(Exists(differing.filter(status="open")), then=Value(Match.DIFFERS)),
            When(Exists(differing.filter(status="settled")), then=Value(Match.SETTLED)),
            When(Exists(owed), then=Value(Match.WAITS)),
            default=Value(Match.MATCHED),
        ),
    )


def mark_unknown(*, supplier: Supplier) -> None:
    bills = SupplierBill.objects.filter(supplier=supplier, withdrawn_at__isnull=True)
    _write(bills.filter(purchase_order__isnull=True), Value(Match.UNKNOWN))


def _write(bills: QuerySet[SupplierBill], match: Case | Value) -> None:
    bills.update(match=match)
