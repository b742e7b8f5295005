"""Purchase comparison: compare supplier charges with what our purchase orders expect."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.db.models import Prefetch, Q

from orders.accounting import invoices, three_way_match
from orders.accounting.reconciliation.discrepancies import ComparisonResult, Finding, Kind, Measure
from orders.models import Discrepancy, PurchaseLine, PurchaseMessage, PurchaseOrder, SupplierInvoice
from suppliers.models import Supplier
from suppliers.resilience.bulkheads import BulkheadKind, bulkhead

NOTHING = Decimal(0)
Status = PurchaseOrder.Status


def counterparty_of(supplier: Supplier) -> str:
    return f"supplier:{supplier.code}"


def compare(
    *, supplier: Supplier, since: datetime, until: datetime, now: datetime
) -> ComparisonResult:
    """Fetch the charges of a supplier, and compare them with the expected costs.

    Compares purchase orders that were accepted or invoiced in the period, that have an open
    discrepancy, or that are due for matching.

    Raises: ExternalServiceError  the supplier does not answer
            BulkheadFullError     all bulkhead slots of the supplier are taken
    """
    may_ask = supplier.status in {Supplier.Status.ACTIVE, Supplier.Status.PAUSED}
    if may_ask and hasattr(supplier, "connection") and invoices.has_charges_api(supplier):
        charged_orders = _purchase_orders(supplier, since, until, now)
        if charged_orders or invoices.lists_all_charges(supplier):
            with bulkhead(BulkheadKind.ORDERS, supplier.pk):
                invoices.fetch(
                    supplier=supplier, purchase_orders=charged_orders, since=since, now=now
                )
    compared = _purchase_orders(supplier, since, until, now)
    lists_all = may_ask and invoices.lists_all_charges(supplier)
    findings = [
        finding
        for purchase_order in compared
        for finding in compare_purchase_order(purchase_order, lists_all=lists_all, now=now)
    ]
    three_way_match.mark_unknown(supplier=supplier)
    return ComparisonResult(
        findings=findings + _unknown(supplier),
        count=len(compared),
        # A missing invoice is only found if the supplier may be asked and lists all charges.
        undecided=Q(pk__in=()) if lists_all else Q(kind=Kind.SUPPLIER_NOT_CHARGED),
        purchase_orders=tuple(purchase_order.pk for purchase_order in compared),
    )


def compare_purchase_order(
    purchase_order: PurchaseOrder, *, lists_all: bool, now: datetime
) -> Iterator[Finding]:
    match = three_way_match.match_of(purchase_order)
    currency, expected = match.currency, match.ordered
    active_invoices = [
        invoice
        for invoice in purchase_order.supplier_invoices.all()
        if invoice.withdrawn_at is None
    ]
    if not active_invoices:
        is_due = purchase_order.accepted_at is not None and expected > 0
        if three_way_match.is_invoice_overdue(purchase_order, match, now=now):
            kind = Kind.SHIPPED_UNINVOICED
            yield _finding(purchase_order, kind, currency, match.shipped, None)
        elif lists_all and is_due:
            yield _finding(purchase_order, Kind.SUPPLIER_NOT_CHARGED, currency, expected, None)
        return
    other = next((invoice for invoice in active_invoices if invoice.currency != currency), None)
    if other is not None:
        yield _finding(
            purchase_order,
            Kind.SUPPLIER_CURRENCY,
            currency,
            expected,
            other.subtotal_amount,
            invoice=other,
            found_currency=other.currency,
        )
        return
    invoiced = sum((invoice.subtotal_amount for invoice in active_invoices), NOTHING)
    last = active_invoices[-1]
    supplier = purchase_order.supplier
    differs = not three_way_match.is_within_tolerance(supplier, expected=expected, found=invoiced)
    if differs and not match.is_invoiced_as_shipped:
        kind = _kind(active_invoices, invoiced, expected)
        yield _finding(purchase_order, kind, currency, expected, invoiced, invoice=last)
    if three_way_match.is_shipment_overdue(purchase_order, match, now=now):
        kind = Kind.INVOICED_UNSHIPPED
        yield _finding(purchase_order, kind, currency, match.shipped, invoiced, invoice=last)
    freights = [
        invoice.freight_amount for invoice in active_invoices if invoice.freight_amount is not None
    ]
    agreed = _freight(purchase_order, currency)
    if agreed is not None and len(freights) == len(active_invoices):
        freight = sum(freights, NOTHING)
        is_twice = (
            differs and _kind(active_invoices, invoiced, expected) == Kind.SUPPLIER_CHARGED_TWICE
        )
        is_agreed = three_way_match.is_within_tolerance(supplier, expected=agreed, found=freight)
        if not is_agreed and not is_twice:
            kind = Kind.SUPPLIER_OVERCHARGED if freight > agreed else Kind.SUPPLIER_UNDERCHARGED
            yield _finding(
                purchase_order, kind, currency, agreed, freight, invoice=last, what=Measure.FREIGHT
            )


def _kind(
    active_invoices: Sequence[SupplierInvoice], invoiced: Decimal, expected: Decimal
) -> Discrepancy.Kind:
    """Return the discrepancy kind: undercharge, duplicate charge or overcharge."""
    if invoiced < expected:
        return Kind.SUPPLIER_UNDERCHARGED
    amounts = [invoice.subtotal_amount for invoice in active_invoices]
    is_twice = len(amounts) > 1 and (expected in amounts or invoiced >= 2 * expected)
    return Kind.SUPPLIER_CHARGED_TWICE if is_twice else Kind.SUPPLIER_OVERCHARGED


def _freight(purchase_order: PurchaseOrder, currency: str) -> Decimal | None:
    """Return the freight that the supplier stated with the acceptance; None if it did not."""
    if purchase_order.status == Status.CANCELED:
        return NOTHING
    freight_texts = [
        message.body["freight"]
        for message in purchase_order.messages.all()
        if message.kind == "accepted" and message.body.get("freight")
    ]
    amount, _, money = (freight_texts[0] if freight_texts else "").partition(" ")
    try:
        return Decimal(amount) if money == currency else None
    except InvalidOperation:
        return None


def _purchase_orders(
    supplier: Supplier, since: datetime, until: datetime, now: datetime
) -> Sequence[PurchaseOrder]:
    differing = Discrepancy.objects.filter(
        part=counterparty_of(supplier), status=Discrepancy.Status.OPEN
    )
    changed = SupplierInvoice.objects.filter(
        Q(invoiced_at__gte=since, invoiced_at__lt=until)
        | Q(received_at__gte=since)
        | Q(withdrawn_at__gte=since),
        supplier=supplier,
    )
    rows = PurchaseOrder.objects.filter(supplier=supplier).filter(
        Q(accepted_at__gte=since, accepted_at__lt=until)
        | Q(pk__in=changed.values("purchase_order"))
        | Q(pk__in=differing.values("purchase_order"))
        | three_way_match.due_for_matching(supplier, now=now)
    )
    lines = PurchaseLine.objects.select_related("order_line").order_by("pk")
    accepted = PurchaseMessage.objects.filter(kind="accepted").order_by("pk")
    return list(
        rows.select_related("supplier")
        .prefetch_related(
            Prefetch("lines", lines),
            Prefetch("supplier_invoices", SupplierInvoice.objects.order_by("pk")),
            Prefetch("messages", accepted),
        )
        .order_by("pk")
    )


def _unknown(supplier: Supplier) -> list[Finding]:
    unknown = SupplierInvoice.objects.filter(
        supplier=supplier, purchase_order__isnull=True, withdrawn_at__isnull=True
    )
    return [
        Finding(
            kind=Kind.UNKNOWN_PURCHASE_ORDER,
            subject=f"supplier_invoice:{invoice.reference}",
            currency=invoice.currency,
            expected=None,
            found=invoice.total.amount,
            reference=invoice.number or invoice.reference,
            supplier_id=supplier.pk,
            supplier_invoice_id=invoice.pk,
        )
        for invoice in unknown.order_by("pk")
    ]


def _finding(  # noqa: PLR0913 - the parts of one record
    purchase_order: PurchaseOrder,
    kind: Discrepancy.Kind,
    currency: str,
    expected: Decimal,
    found: Decimal | None,
    *,
    what: Discrepancy.Measure = Measure.SUBTOTAL,
    invoice: SupplierInvoice | None = None,
    found_currency: str = "",
) -> Finding:
    return Finding(
        kind=kind,
        what=what,
        subject=purchase_order.number,
        currency=currency,
        expected=expected or None,
        found=found,
        found_currency=found_currency,
        reference=invoice.reference if invoice else purchase_order.supplier_reference,
        order_id=purchase_order.order_id,
        purchase_order_id=purchase_order.pk,
        supplier_id=purchase_order.supplier_id,
        supplier_invoice_id=invoice.pk if invoice else None,
    )
