"""Three-way match: compare the ordered, shipped and invoiced value of a purchase order."""

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
    Value,
    When,
    prefetch_related_objects,
)

from orders.models import Discrepancy, PurchaseLine, PurchaseOrder, SupplierInvoice
from suppliers.models import Supplier

Match = SupplierInvoice.Match
NOTHING = Decimal(0)
HUNDRED = Decimal(100)
Status = PurchaseOrder.Status
IN_PROGRESS_STATES = (Status.IN_PROGRESS, Status.PARTIALLY_SHIPPED)
# A late invoice is looked for on each of these days, because a day may be reconciled late.
OVERDUE_LOOKBACK = timedelta(days=21)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreeWayMatch:
    """Ordered, shipped and invoiced value in the cost currency; ``invoiced`` None: no invoice."""

    currency: str
    ordered: Decimal
    shipped: Decimal
    invoiced: Decimal | None

    @property
    def is_shipped_whole(self) -> bool:
        return self.shipped >= self.ordered

    @property
    def is_invoiced_as_shipped(self) -> bool:
        """Return whether exactly the shipped part is invoiced, and more is still to ship."""
        return not self.is_shipped_whole and self.invoiced == self.shipped


def match_of(purchase_order: PurchaseOrder) -> ThreeWayMatch:
    """Compute the match from prefetched lines and invoices; a canceled order costs nothing.

    An invoice in another currency is not counted: it is a discrepancy of its own.
    """
    lines = list(purchase_order.lines.all())
    currency = lines[0].cost_currency if lines else purchase_order.supplier.currency
    live = [line for line in lines if line.is_active and purchase_order.status != Status.CANCELED]
    subtotals = [
        invoice.subtotal_amount
        for invoice in purchase_order.supplier_invoices.all()
        if invoice.withdrawn_at is None and invoice.currency == currency
    ]
    return ThreeWayMatch(
        currency=currency,
        ordered=sum((line.agreed_cost_amount * line.quantity for line in live), NOTHING),
        shipped=sum(
            (line.agreed_cost_amount * line.order_line.shipped_quantity for line in live), NOTHING
        ),
        invoiced=sum(subtotals, NOTHING) if subtotals else None,
    )


def load_match(purchase_order: PurchaseOrder) -> ThreeWayMatch:
    """Fetch lines and invoices with two queries, and compute the match."""
    lines = PurchaseLine.objects.select_related("order_line").order_by("pk")
    prefetch_related_objects([purchase_order], Prefetch("lines", lines), "supplier_invoices")
    return match_of(purchase_order)


def is_within_tolerance(supplier: Supplier, *, expected: Decimal, found: Decimal) -> bool:
    """Return whether a difference is within the supplier's tolerance."""
    share = expected * supplier.invoice_tolerance_percent / HUNDRED
    return abs(found - expected) <= max(share, supplier.invoice_tolerance_amount)


def is_shipment_overdue(
    purchase_order: PurchaseOrder, match: ThreeWayMatch, *, now: datetime
) -> bool:
    """Return whether invoiced items have not shipped within the supplier's limit."""
    since = purchase_order.accepted_at
    within = timedelta(days=purchase_order.supplier.ship_within_days_of_invoice)
    return (
        bool(match.invoiced)
        and since is not None
        and since <= now - within
        and purchase_order.status in IN_PROGRESS_STATES
        and not match.is_shipped_whole
        and (match.invoiced or NOTHING) > match.shipped
    )


def is_invoice_overdue(
    purchase_order: PurchaseOrder, match: ThreeWayMatch, *, now: datetime
) -> bool:
    """Return whether items have shipped, but their invoice is late."""
    within = purchase_order.supplier.invoice_due_days
    return (
        within is not None
        and match.invoiced is None
        and match.shipped > 0
        and purchase_order.status in PurchaseOrder.SHIPPED_STATES
        and purchase_order.status_since <= now - timedelta(days=within)
    )


def due_for_matching(supplier: Supplier, *, now: datetime) -> Q:
    """Return purchase orders whose match may have changed by time alone."""
    active = SupplierInvoice.objects.filter(withdrawn_at__isnull=True)
    unsettled = active.filter(supplier=supplier, match__in=[Match.NEW, Match.WAITS])
    due = Q(pk__in=unsettled.values("purchase_order"))
    if supplier.invoice_due_days is not None:
        overdue_since = now - timedelta(days=supplier.invoice_due_days)
        due |= Q(
            ~Exists(active.filter(purchase_order=OuterRef("pk"))),
            status__in=PurchaseOrder.SHIPPED_STATES,
            status_since__lte=overdue_since,
            status_since__gt=overdue_since - OVERDUE_LOOKBACK,
        )
    return due


def store_match_status(*, part: str, purchase_orders: Collection[int]) -> None:
    """Store the match status of each compared invoice, in one statement."""
    active = SupplierInvoice.objects.filter(withdrawn_at__isnull=True)
    compared = active.filter(purchase_order__in=purchase_orders)
    differing = Discrepancy.objects.filter(purchase_order=OuterRef("purchase_order"), part=part)
    unshipped = PurchaseLine.objects.filter(
        purchase_order=OuterRef("purchase_order"),
        is_active=True,
        order_line__shipped_quantity__lt=F("quantity"),
    )
    compared.update(
        match=Case(
            When(Exists(differing.filter(status="open")), then=Value(Match.DIFFERS)),
            When(Exists(differing.filter(status="settled")), then=Value(Match.SETTLED)),
            When(Exists(unshipped), then=Value(Match.WAITS)),
            default=Value(Match.MATCHED),
        )
    )


def mark_unknown(*, supplier: Supplier) -> None:
    active = SupplierInvoice.objects.filter(supplier=supplier, withdrawn_at__isnull=True)
    active.filter(purchase_order__isnull=True).update(match=Match.UNKNOWN)
