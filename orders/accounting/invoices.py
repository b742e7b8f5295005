"""Supplier invoices: fetch from the supplier's API, store, match with purchase orders, withdraw."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from orders.models import PurchaseOrder, SupplierInvoice
from orders.purchasing import acknowledgements
from suppliers.connections.factory import open_connector
from suppliers.connectors.capabilities import (
    Capability,
    Connector,
    InvoiceListing,
    OrderReading,
    Tracking,
    supports,
)
from suppliers.connectors.records import InvoiceReport, OrderReference, PurchaseOrderReport
from suppliers.models import Supplier

# The API filters charges by order date, but an order may be paid days later.
PAYMENT_LAG = timedelta(days=14)


class InvoiceRejectedError(Exception):
    """An invoice cannot be entered or withdrawn; the message gives the reason."""


def lists_all_charges(supplier: Supplier) -> bool:
    """Return whether the supplier lists all charges, so that a missing order was not charged."""
    return supports(supplier.adapter, Capability.CHARGING)


def has_charges_api(supplier: Supplier) -> bool:
    return lists_all_charges(supplier) or supports(supplier.adapter, Capability.ORDER_READING)


def fetch(
    *, supplier: Supplier, purchase_orders: Sequence[PurchaseOrder], since: datetime, now: datetime
) -> None:
    """Fetch and store a supplier's charges, by list or by purchase order.

    Raises: ExternalServiceError  the supplier does not answer
    """
    with open_connector(supplier) as connector:
        if isinstance(connector, InvoiceListing):
            charges = list(connector.list_invoices(since=since - PAYMENT_LAG))
            recorded = SupplierInvoice.objects.filter(invoiced_at__gte=since)
        else:
            states = _states(connector, purchase_orders)
            charges = [charge for state in states if (charge := _charge(state)) is not None]
            reported = [state.number for state in states]
            recorded = SupplierInvoice.objects.filter(purchase_order__number__in=reported)
    withdrawable = set(
        recorded.filter(supplier=supplier, entered_by="", withdrawn_at__isnull=True).values_list(
            "pk", flat=True
        )
    )
    _store_charges(supplier, charges, withdrawable, now)


def _states(
    connector: Connector, purchase_orders: Sequence[PurchaseOrder]
) -> list[PurchaseOrderReport]:
    names = [
        OrderReference(
            number=purchase_order.number, supplier_reference=purchase_order.supplier_reference
        )
        for purchase_order in purchase_orders
    ]
    if isinstance(connector, Tracking):
        return list(connector.track(names)) if names else []
    if isinstance(connector, OrderReading):
        reports = (connector.find(number=name.number) for name in names)
        return [state for state in reports if state is not None]
    return []


def _charge(state: PurchaseOrderReport) -> InvoiceReport | None:
    if state.cost is None or state.answer in acknowledgements.NEGATIVE:
        return None
    return InvoiceReport(
        number=state.number,
        supplier_reference=state.supplier_reference or state.number,
        subtotal=state.cost,
        freight=state.freight,
    )


@transaction.atomic(durable=True)
def _store_charges(
    supplier: Supplier,
    charges: Iterable[InvoiceReport],
    withdrawable: Collection[int],
    now: datetime,
) -> None:
    """Store new and changed charges; withdraw those that no longer exist.

    The payments of a changed charge move to its new row, unless its currency changed.
    """
    by_reference = {charge.supplier_reference: charge for charge in charges if _is_storable(charge)}
    active = SupplierInvoice.objects.filter(supplier=supplier, withdrawn_at__isnull=True)
    rows = active.filter(reference__in=by_reference) | active.filter(pk__in=withdrawable)
    known = {row.reference: row for row in rows.select_for_update(of=["self"]).order_by("pk")}
    for reference, row in known.items():
        charge = by_reference.get(reference)
        if row.entered_by or (
            charge is not None and _invoice_values(row) == _charge_values(charge)
        ):
            # Unchanged, or entered by staff: only staff withdraw it.
            by_reference.pop(reference, None)
        else:
            row.withdrawn_at = now
            row.save(update_fields=["withdrawn_at"])
    owners = _purchase_orders_of(supplier, by_reference.values())
    stored = SupplierInvoice.objects.bulk_create(
        SupplierInvoice(
            supplier=supplier,
            purchase_order=owners.get(charge.number) or owners.get(reference),
            number=charge.number[:60],
            reference=reference[:60],
            invoiced_at=charge.at,
            due_on=due_date(supplier, invoiced_at=charge.at or now),
            received_at=now,
            **_charge_values(charge),
        )
        for reference, charge in by_reference.items()
    )
    for row in stored:
        changed = known.get(row.reference)
        if changed is not None and changed.paid_amount and changed.currency == row.currency:
            _move_payments(changed, row)


def _move_payments(changed: SupplierInvoice, row: SupplierInvoice) -> None:
    """Move the payments of a changed charge to its new row; the caller holds the old one."""
    changed.payments.update(invoice=row)
    SupplierInvoice.objects.filter(pk=row.pk).update(paid_amount=changed.paid_amount)
    SupplierInvoice.objects.filter(pk=changed.pk).update(paid_amount=0)


def _is_storable(charge: InvoiceReport) -> bool:
    amounts = [charge.subtotal, *filter(None, [charge.freight])]
    return all(money.is_representable and money.amount >= 0 for money in amounts)


def _charge_values(charge: InvoiceReport) -> dict[str, object]:
    freight = charge.freight
    is_same_currency = freight is not None and freight.currency == charge.subtotal.currency
    return {
        "currency": charge.subtotal.currency,
        "subtotal_amount": charge.subtotal.rounded().amount,
        "freight_amount": freight.rounded().amount
        if freight is not None and is_same_currency
        else None,
    }


def _invoice_values(invoice: SupplierInvoice) -> dict[str, object]:
    return {
        "currency": invoice.currency,
        "subtotal_amount": invoice.subtotal_amount,
        "freight_amount": invoice.freight_amount,
    }


def _purchase_orders_of(
    supplier: Supplier, charges: Iterable[InvoiceReport]
) -> dict[str, PurchaseOrder]:
    """Return purchase orders by our number and by the supplier's reference."""
    charges = list(charges)
    purchase_orders = PurchaseOrder.objects.filter(supplier=supplier)
    by_number = purchase_orders.filter(number__in=[charge.number for charge in charges])
    by_reference = purchase_orders.filter(
        supplier_reference__in=[charge.supplier_reference for charge in charges]
    )
    return {row.supplier_reference: row for row in by_reference} | {
        row.number: row for row in by_number
    }


def due_date(supplier: Supplier, *, invoiced_at: datetime) -> date | None:
    """Return when an invoice is due by the supplier's terms; None: paid with the order."""
    days = supplier.payment_terms_days
    return None if days is None else invoiced_at.date() + timedelta(days=days)


def exists(*, supplier: Supplier, reference: str) -> bool:
    rows = SupplierInvoice.objects.filter(supplier=supplier, reference=reference)
    return rows.filter(withdrawn_at__isnull=True).exists()


@transaction.atomic
def enter(*, invoice: SupplierInvoice, actor: str, now: datetime) -> SupplierInvoice:
    """Store an invoice received on paper or by e-mail, and find its purchase order.

    It is due by the supplier's payment terms unless it states its due date.

    Raises: InvoiceRejectedError  the supplier has an invoice with this number
    """
    purchase_orders = PurchaseOrder.objects.filter(supplier=invoice.supplier)
    invoice.purchase_order = purchase_orders.filter(number=invoice.number).first()
    invoice.entered_by, invoice.received_at = actor[:100], now
    if invoice.due_on is None:
        invoice.due_on = due_date(invoice.supplier, invoiced_at=invoice.invoiced_at or now)
    try:
        with transaction.atomic():
            invoice.save()
    except IntegrityError as error:
        raise InvoiceRejectedError(
            gettext("This supplier already has an invoice with this number.")
        ) from error
    return invoice


@transaction.atomic(durable=True)
def withdraw(*, invoice: SupplierInvoice, now: datetime) -> None:
    """Withdraw an invoice that staff entered by mistake, or that a new one replaces.

    Raises: InvoiceRejectedError  it came from the API, is already withdrawn, or has payments
    """
    rows = SupplierInvoice.objects.filter(pk=invoice.pk, withdrawn_at__isnull=True).exclude(
        entered_by=""
    )
    if rows.filter(paid_amount=0).update(withdrawn_at=now):
        return
    if rows.exists():
        raise InvoiceRejectedError(gettext("This invoice has payments. Void them first."))
    raise InvoiceRejectedError(
        gettext("Only an active invoice that staff entered can be withdrawn.")
    )
