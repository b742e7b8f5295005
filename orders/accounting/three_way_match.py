"""Set what was ordered, what was shipped and what was billed of one purchase order side by side."""

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
# Each day what became too old is found again, for so long: a day may be compared late.
LOOKED_AT = timedelta(days=21)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What the goods of a purchase order come to, three ways, in the currency of its costs.

    Shape:  ``billed`` is None where there is no bill
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
        """Test whether he bills each parcel when it leaves, and more is to leave."""
        return not self.is_shipped_whole and self.billed == self.shipped


def of(purchase_order: PurchaseOrder) -> Ways:
    """Read it from lines and bills that the caller has read; of what was canceled, nothing is owed.

    A bill in another currency is not counted: it is a difference by itself.
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
    """Read it of one whose lines and bills nobody has read; two queries."""
    lines = PurchaseLine.objects.select_related("order_line").order_by("pk")
    prefetch_related_objects([purchase_order], Prefetch("lines", lines), "bills")
    return of(purchase_order)


def is_tolerated(supplier: Supplier, *, expected: Decimal, found: Decimal) -> bool:
    """Test whether a difference is too small to speak of, as staff say it of this supplier."""
    share = expected * supplier.bill_tolerance_percent / HUNDRED
    return abs(found - expected) <= max(share, supplier.bill_tolerance_amount)


def waits_too_long(purchase_order: PurchaseOrder, ways: Ways, *, now: datetime) -> bool:
    """Test whether he billed goods that have not left, and should have by now."""
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
    """Test whether goods left, and the bill that he should have written is not here."""
    within = purchase_order.supplier.bills_within_days
    return (
        within is not None
        and ways.billed is None
        and ways.shipped > 0
        and purchase_order.status in LEFT
        and purchase_order.status_since <= now - timedelta(days=within)
    )


def to_be_looked_at(supplier: Supplier, *, now: datetime) -> Q:
    """Find purchase orders of which time alone may have made a difference, or ended one."""
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
    """Write beside each bill of what was compared how it stands; one statement."""
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
