"""Invoice import: read a CSV list of supplier invoices, match purchase orders, save each once."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.accounting import invoices
from orders.models import PurchaseOrder, SupplierInvoice
from storefront.lib.staff import csv_table
from storefront.lib.staff.form_fields import current_currencies
from suppliers.models import Supplier

MAX_REFERENCE_LENGTH = 60
ALIASES = {
    "reference": ("invoice", "invoice number", "bill", "bill number", "reference"),
    "number": ("purchase order", "po", "po number", "order", "order number"),
    "currency": ("currency",),
    "subtotal": ("subtotal", "goods", "goods amount", "amount", "net"),
    "freight": ("freight", "freight amount", "shipping"),
    "invoiced_on": ("date", "invoice date", "bill date", "billed"),
    "due_on": ("due", "due date", "payable on"),
}
REQUIRED = ("reference", "number", "currency", "subtotal")
# One decimal mark, no thousands separator: 1,234 is ambiguous.
AMOUNT = re.compile(r"(-?)([0-9]{1,10})(?:[.,]([0-9]{1,2}))?")


class InvalidCellError(ValidationError):
    """A cell has an invalid value; the message gives the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRow:
    """One row of the list; the header is row 1."""

    row_number: int
    reference: str
    number: str
    currency: str
    subtotal: str
    freight: str = ""
    invoiced_on: str = ""
    due_on: str = ""


def parse_rows(text: str) -> list[InvoiceRow]:
    """Return the rows of a CSV file. Raises CsvError."""
    rows = csv_table.parse_rows(text, aliases=ALIASES, required=REQUIRED)
    return [InvoiceRow(row_number=row.row_number, **row.cells) for row in rows]


def parse_amount(text: str) -> Decimal:
    """Parse an unambiguous amount. Raises InvalidCellError."""
    match = AMOUNT.fullmatch(text.replace("\N{NO-BREAK SPACE}", " ").strip())
    if match is None:
        raise InvalidCellError(
            _("This amount is not valid. Enter it like 1234.50, without thousands separators.")
        )
    sign, integer, cents = match.groups()
    if sign and (integer.strip("0") or (cents or "").strip("0")):
        raise InvalidCellError(
            _("The amount is negative. Credits cannot be imported; withdraw the invoice instead.")
        )
    return Decimal(f"{integer}.{cents or 0}").quantize(Decimal("0.01"))


def parse_date(text: str) -> date | None:
    """Parse an ISO date; None if empty. Raises InvalidCellError."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidCellError(_("This date is not valid. Enter it like 2026-11-24.")) from error


def parse_currency(text: str) -> str:
    """Parse a currency code. Raises InvalidCellError."""
    code = text.upper()
    if code not in current_currencies():
        raise InvalidCellError(_("Use a three-letter code, for example EUR."))
    return code


# Matching and saving


@dataclass(slots=True, kw_only=True)
class ImportRow:
    """A row with its purchase order, or with the reason why it cannot be entered."""

    row: InvoiceRow
    purchase_order: PurchaseOrder | None = None
    invoice: SupplierInvoice | None = None  # not saved yet
    is_known: bool = False  # the invoice is already stored, with the same amounts
    problem: str = ""

    @property
    def is_valid_row(self) -> bool:
        return not self.problem and not self.is_known


def validate(rows: Sequence[InvoiceRow], *, supplier: Supplier | None = None) -> list[ImportRow]:
    """Match each row with a purchase order, or give the reason why not; writes nothing.

    ``supplier`` rejects purchase orders of other suppliers.
    """
    numbers = {row.number.upper() for row in rows}
    purchase_orders = PurchaseOrder.objects.filter(number__in=numbers).select_related("supplier")
    orders = {
        order.number: order for order in purchase_orders.prefetch_related("lines__order_line")
    }
    existing = _existing_invoices(rows, orders.values())
    first_rows: dict[tuple[int, str], int] = {}
    listed = []
    for row in rows:
        entry = ImportRow(row=row, purchase_order=orders.get(row.number.upper()))
        try:
            entry.invoice = _build_invoice(row, entry.purchase_order, supplier)
            key = (entry.invoice.supplier_id, row.reference)
            entry.is_known = _is_same_invoice(existing.get(key), entry.invoice)
            _reject_duplicate(first_rows.setdefault(key, row.row_number), row)
        except InvalidCellError as error:
            entry.problem = str(error.message)
        listed.append(entry)
    return listed


def enter(listed: Sequence[ImportRow], *, actor: str, now: datetime) -> list[ImportRow]:
    """Enter the valid rows; return those that were entered concurrently."""
    failed = []
    for row in listed:
        if not row.is_valid_row or row.invoice is None:
            continue
        try:
            invoices.enter(invoice=row.invoice, actor=actor, now=now)
        except invoices.InvoiceRejectedError as error:
            row.problem = str(error)
            failed.append(row)
    return failed


def _build_invoice(
    row: InvoiceRow, purchase_order: PurchaseOrder | None, supplier: Supplier | None
) -> SupplierInvoice:
    """Return the unsaved invoice of a row. Raises InvalidCellError."""
    if not 0 < len(row.reference) <= MAX_REFERENCE_LENGTH:
        raise InvalidCellError(gettext("Enter an invoice number of up to 60 characters."))
    if purchase_order is None:
        raise InvalidCellError(gettext("No purchase order has this number. Check it."))
    if supplier is not None and purchase_order.supplier_id != supplier.pk:
        template = gettext("This purchase order belongs to %s.")
        raise InvalidCellError(template % purchase_order.supplier.name)
    currency = parse_currency(row.currency)
    expected = _currency_of(purchase_order)
    if currency != expected:
        template = gettext(
            "The invoice is in %(found)s, but the purchase order is in %(expected)s."
        )
        raise InvalidCellError(template % {"found": currency, "expected": expected})
    day = parse_date(row.invoiced_on)
    return SupplierInvoice(
        supplier=purchase_order.supplier,
        number=purchase_order.number,
        reference=row.reference,
        currency=currency,
        subtotal_amount=parse_amount(row.subtotal),
        freight_amount=parse_amount(row.freight) if row.freight else None,
        invoiced_at=datetime.combine(day, time(), UTC) if day else None,
        due_on=parse_date(row.due_on),
    )


def _currency_of(purchase_order: PurchaseOrder) -> str:
    lines = purchase_order.lines.all()
    currencies = [line.cost_currency for line in lines]
    return currencies[0] if currencies else purchase_order.supplier.currency


def _existing_invoices(
    rows: Sequence[InvoiceRow], orders: Iterable[PurchaseOrder]
) -> dict[tuple[int, str], SupplierInvoice]:
    known_invoices = SupplierInvoice.objects.filter(
        supplier__in={order.supplier_id for order in orders},
        reference__in={row.reference for row in rows},
        withdrawn_at__isnull=True,
    )
    return {(invoice.supplier_id, invoice.reference): invoice for invoice in known_invoices}


def _reject_duplicate(first_row: int, row: InvoiceRow) -> None:
    if first_row != row.row_number:
        raise InvalidCellError(gettext("Row %s has the same invoice number.") % first_row)


def _is_same_invoice(known: SupplierInvoice | None, invoice: SupplierInvoice) -> bool:
    """Return whether the same invoice exists.

    Raises: InvalidCellError  an invoice with this number and other values exists
    """
    if known is None:
        return False
    if known.number == invoice.number and known.total == invoice.total:
        return True
    template = gettext("Invoice %(number)s is already entered: %(total)s for %(order)s.")
    values = {"number": known, "total": known.total, "order": known.number or "?"}
    raise InvalidCellError(template % values)
