"""Issuing: issue the invoice of an order that ships, and a credit note for each refund of it.

step         what happens                                          transaction        safe to repeat because
find         orders with a shipped purchase order, no invoice      none               it writes nothing
issue        number, snapshot and row of the invoice               ``issue``          one invoice per order
credit       number, snapshot and row of the credit note           that of the event  one note per payment event
publish      PDF to private storage, event for the e-mail          ``publication``    the file is recorded once
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef, Sum

from catalog.texts.titles import title_in
from orders import order_lines
from orders.customer_invoices import balances, numbering, snapshot, tax_shares
from orders.customer_invoices.rows import Row, RowKind, rows_of
from orders.customer_invoices.tax_shares import TaxShare
from orders.models import (
    CustomerInvoice,
    InvoiceKind,
    Order,
    PaymentEvent,
    PurchaseOrder,
    ReturnAuthorization,
)
from storefront.identity.current import shop_identity
from storefront.lib.db.transactions import requires_transaction

# Later shipments are found by the invariant ``customer_invoices.shipped_is_invoiced``.
LOOK_BACK = timedelta(days=7)
BATCH_SIZE = 200


def due_orders(*, now: datetime) -> list[int]:
    """Return the ids of charged orders that ship and have no invoice yet."""
    invoices = CustomerInvoice.objects.filter(order=OuterRef("order_id"), kind=InvoiceKind.INVOICE)
    shipped = PurchaseOrder.objects.filter(
        ~Exists(invoices),
        status__in=PurchaseOrder.SHIPPED_STATES,
        status_since__gt=now - LOOK_BACK,
        order__total_amount__gt=0,
    )
    return list(shipped.order_by("order").values_list("order", flat=True).distinct()[:BATCH_SIZE])


@transaction.atomic(durable=True)
def issue(*, order_id: int, now: datetime) -> CustomerInvoice | None:
    """Issue the invoice of an order once anything of it has shipped. Idempotent.

    It bills what the customer is charged then: what was canceled or refunded before is left out.
    None: it exists already, nothing has shipped, or nothing is charged.

    Locks:  the order, its payments, then the number series
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=order_id)
    if order.customer_invoices.filter(kind=InvoiceKind.INVOICE).exists():
        return None
    if not order.purchase_orders.filter(status__in=PurchaseOrder.SHIPPED_STATES).exists():
        return None
    list(order.payments.select_for_update(of=["self"]).order_by("pk"))
    charged = balances.charged(order) - balances.being_returned(order)
    if charged <= 0:
        return None
    rows = rows_of(order, order_lines.read_order_lines(order), charged=charged)
    return _create(InvoiceKind.INVOICE, order, rows, corrects=None, event=None, now=now)


@requires_transaction
def credit(order: Order, event: PaymentEvent, *, now: datetime) -> CustomerInvoice | None:
    """Issue a credit note for money that was refunded or released after the invoice.

    None: there is no invoice yet, or the invoice left this amount out. Money that came back
    because a refund failed was credited already, so its next refund gets no second note.

    Locks:  the caller holds the order and the payment; the number series
    """
    invoice = order.customer_invoices.filter(kind=InvoiceKind.INVOICE).first()
    if invoice is None:
        return None
    credited = invoice.credit_notes.aggregate(total=Sum("gross_amount", default=Decimal(0)))
    before = Decimal(credited["total"])
    amount = invoice.gross_amount - before - balances.charged(order)
    if amount <= 0:
        return None
    parts = tax_shares.portion(
        _shares(invoice), before=before, amount=amount, currency=invoice.currency
    )
    kind, title = _cause(order, event)
    rows = [Row(kind=kind, title=title, share=part) for part in parts]
    return _create(InvoiceKind.CREDIT_NOTE, order, rows, corrects=invoice, event=event, now=now)


def _create(  # noqa: PLR0913 - the parts of one record
    kind: InvoiceKind,
    order: Order,
    rows: Sequence[Row],
    *,
    corrects: CustomerInvoice | None,
    event: PaymentEvent | None,
    now: datetime,
) -> CustomerInvoice:
    seller = shop_identity()
    content = (
        snapshot.of_order(order, rows, seller=seller, on=now.date())
        if corrects is None
        else snapshot.of_refund(corrects, rows, seller=seller)
    )
    gross = sum((row.share.gross for row in rows), Decimal(0))
    tax = sum((row.share.tax for row in rows), Decimal(0))
    number = numbering.allocate(kind, seller=seller, year=now.year)
    return CustomerInvoice.objects.create(
        kind=kind,
        order=order,
        series_id=number.series_id,
        sequence=number.sequence,
        number=number.text,
        corrects=corrects,
        payment_event=event,
        country=order.ship_to["country"],
        locale=order.locale,
        currency=order.currency,
        net_amount=gross - tax,
        tax_amount=tax,
        gross_amount=gross,
        content=content,
        issued_at=now,
    )


def _shares(invoice: CustomerInvoice) -> list[TaxShare]:
    return [
        TaxShare(
            rate=Decimal(total["rate"]), gross=Decimal(total["gross"]), tax=Decimal(total["tax"])
        )
        for total in invoice.content["totals"]
    ]


def _cause(order: Order, event: PaymentEvent) -> tuple[RowKind, str]:
    """Return why money was returned, and the returned items. Staff's own words stay internal."""
    purpose = event.answers.external_id if event.answers else ""
    if event.kind == PaymentEvent.Kind.VOIDED or ":canceled" in purpose:
        return RowKind.CANCELED, ""
    for kind in (RowKind.RETURN, RowKind.EXCHANGE):
        marker = f":{kind.value}:"
        if marker in purpose:
            number = purpose.partition(marker)[2].partition(":")[0]
            return kind, _returned_items(order, number)
    return RowKind.REFUND, ""


def _returned_items(order: Order, number: str) -> str:
    authorization = ReturnAuthorization.objects.filter(number=number).first()
    if authorization is None:
        return ""
    lines = authorization.lines.filter(accepted_quantity__gt=0).select_related("order_line")
    return ", ".join(
        f"{line.accepted_quantity} × {title_in(line.order_line, order.locale)}"
        for line in lines.order_by("pk")
    )
