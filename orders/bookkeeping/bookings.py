"""Bookings: list what a month's invoices, payments, supplier bills and credits add, and sum it.

Each booking moves one amount between two accounts, so the books balance by construction. A month
is that of the document's day in UTC, as printed on invoices.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from orders.models import (
    BookingAccounts,
    CustomerInvoice,
    PaymentEvent,
    SupplierClaim,
    SupplierInvoice,
    SupplierPayment,
    SupplierReturn,
)

BATCH_SIZE = 500
ZERO = Decimal(0)
EventKind = PaymentEvent.Kind


class Kind(StrEnum):
    """Kinds of bookings, in the order of the file."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    REFUND = "refund"
    FAILED_REFUND = "failed_refund"
    CHARGEBACK = "chargeback"
    BILL = "bill"
    WITHDRAWN_BILL = "withdrawn_bill"
    CLAIM_CREDIT = "claim_credit"
    RETURN_CREDIT = "return_credit"
    BILL_PAYMENT = "bill_payment"
    VOIDED_BILL_PAYMENT = "voided_bill_payment"


class Part(StrEnum):
    """What a booking is of its document."""

    WHOLE = "whole"
    NET = "net"
    TAX = "tax"
    GOODS = "goods"
    FREIGHT = "freight"


EVENTS = {
    EventKind.CAPTURED: Kind.PAYMENT,
    EventKind.REFUNDED: Kind.REFUND,
    EventKind.REFUND_FAILED: Kind.FAILED_REFUND,
    EventKind.DISPUTE_LOST: Kind.CHARGEBACK,
}
CREDITS: dict[Kind, Any] = {Kind.CLAIM_CREDIT: SupplierClaim, Kind.RETURN_CREDIT: SupplierReturn}


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A calendar month, in UTC."""

    year: int
    month: int

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """Return the start of the next month."""
        year, month = divmod(self.year * 12 + self.month, 12)
        return datetime(year, month + 1, 1, tzinfo=UTC)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """``amount`` is debited to ``account`` and credited to ``contra``; if negative, the reverse.

    ``document`` is the number by which open items are matched, ``about`` the other party or
    document that the booking text names.
    """

    kind: Kind
    part: Part
    day: date
    account: str
    contra: str
    amount: Decimal
    currency: str
    document: str
    order: str = ""
    about: str = ""
    country: str = ""
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSum:
    """The ledger's documents of one kind and currency. ``tax`` is None if the kind has none."""

    kind: Kind
    currency: str
    count: int
    total: Decimal
    tax: Decimal | None = None


def accounts() -> BookingAccounts:
    """Return the accounts; unsaved ones with the defaults if staff entered none."""
    return BookingAccounts.objects.first() or BookingAccounts()


def of_month(month: Month, books: BookingAccounts) -> Iterator[Booking]:
    """Yield the bookings of a month, in batches of rows."""
    yield from _invoices(month, books)
    yield from _payments(month, books)
    yield from _bills(_bill_rows(month), Kind.BILL, books)
    yield from _bills(_withdrawn_rows(month), Kind.WITHDRAWN_BILL, books)
    for kind in CREDITS:
        yield from _credits(_credit_rows(kind, month), kind, books)
    yield from _bill_payments(_paid_rows(month), Kind.BILL_PAYMENT, books)
    yield from _bill_payments(_voided_rows(month), Kind.VOIDED_BILL_PAYMENT, books)


def sums(month: Month) -> list[KindSum]:
    """Return the sums of the ledger's rows themselves, by kind and currency. Eight statements."""
    found = [
        KindSum(
            kind=Kind(row["kind"]),
            currency=row["currency"],
            count=row["count"],
            total=row["gross"],
            tax=row["tax"],
        )
        for row in _invoice_rows(month)
        .order_by()
        .values("kind", "currency")
        .annotate(count=Count("pk"), gross=Sum("gross_amount"), tax=Sum("tax_amount"))
    ]
    events = _event_rows(month).order_by().values("kind", currency=F("payment__currency"))
    found += [
        KindSum(
            kind=EVENTS[EventKind(row["kind"])],
            currency=row["currency"],
            count=row["count"],
            total=row["total"],
        )
        for row in events.annotate(count=Count("pk"), total=Sum("amount"))
    ]
    billed = F("subtotal_amount") + Coalesce("freight_amount", ZERO)
    for kind, rows, code, amount in (
        (Kind.BILL, _bill_rows(month), F("currency"), billed),
        (Kind.WITHDRAWN_BILL, _withdrawn_rows(month), F("currency"), billed),
        *(
            (kind, _credit_rows(kind, month), F("currency"), F("credited_amount"))
            for kind in CREDITS
        ),
        (Kind.BILL_PAYMENT, _paid_rows(month), F("invoice__currency"), F("amount")),
        (Kind.VOIDED_BILL_PAYMENT, _voided_rows(month), F("invoice__currency"), F("amount")),
    ):
        grouped = rows.order_by().values(code=code).annotate(count=Count("pk"), total=Sum(amount))
        found += [
            KindSum(kind=kind, currency=row["code"], count=row["count"], total=row["total"])
            for row in grouped
        ]
    order = list(Kind)
    return sorted(found, key=lambda row: (order.index(row.kind), row.currency))


# Customer invoices and credit notes


def _invoice_rows(month: Month) -> QuerySet[CustomerInvoice]:
    rows = CustomerInvoice.objects.filter(issued_at__gte=month.start, issued_at__lt=month.end)
    return rows.order_by("issued_at", "pk")


def _invoices(month: Month, books: BookingAccounts) -> Iterator[Booking]:
    rows = _invoice_rows(month).select_related("order", "corrects")
    for invoice in rows.iterator(chunk_size=BATCH_SIZE):
        yield from _invoice_bookings(invoice, books)


def _invoice_bookings(invoice: CustomerInvoice, books: BookingAccounts) -> Iterator[Booking]:
    """Yield the net amount and the tax of each tax rate."""
    sign = -1 if invoice.corrects else 1
    for share in invoice.content["totals"]:
        tax = Decimal(share["tax"])
        revenue = books.revenue if tax else books.untaxed_revenue
        for part, contra, amount in (
            (Part.NET, revenue, Decimal(share["net"])),
            (Part.TAX, books.tax, tax),
        ):
            if amount:
                yield Booking(
                    kind=Kind(invoice.kind),
                    part=part,
                    day=invoice.issued_at.date(),
                    account=books.receivables,
                    contra=contra,
                    amount=sign * amount,
                    currency=invoice.currency,
                    document=invoice.number,
                    order=invoice.order.number,
                    about=invoice.corrects.number if invoice.corrects else "",
                    country=invoice.country,
                    rate=Decimal(share["rate"]),
                )


# Payments


def _event_rows(month: Month) -> QuerySet[PaymentEvent]:
    rows = PaymentEvent.objects.filter(
        kind__in=EVENTS, amount__gt=0, occurred_at__gte=month.start, occurred_at__lt=month.end
    )
    return rows.order_by("occurred_at", "pk")


def _payments(month: Month, books: BookingAccounts) -> Iterator[Booking]:
    """Yield money at the gateway. After a lost chargeback, the customer owes the price again."""
    rows = _event_rows(month).select_related("payment__order", "credit_note")
    rows = rows.prefetch_related("payment__order__customer_invoices")
    for event in rows.iterator(chunk_size=BATCH_SIZE):
        kind, order = EVENTS[EventKind(event.kind)], event.payment.order
        is_incoming = kind in {Kind.PAYMENT, Kind.FAILED_REFUND}
        invoice = next((one for one in order.customer_invoices.all() if not one.corrects_id), None)
        note = getattr(event, "credit_note", None)
        yield Booking(
            kind=kind,
            part=Part.WHOLE,
            day=event.occurred_at.date(),
            account=books.payments,
            contra=books.receivables,
            amount=event.amount if is_incoming else -event.amount,
            currency=event.payment.currency,
            document=str(note or invoice or order.number),
            order=order.number,
            about=event.payment.reference or event.external_id,
        )


# Supplier bills


def _dated() -> QuerySet[Any]:
    """Return supplier bills with their day: as printed, else when it arrived."""
    return SupplierInvoice.objects.annotate(dated_at=Coalesce("invoiced_at", "received_at"))


def _bill_rows(month: Month) -> QuerySet[Any]:
    """Return the bills of a month, except those withdrawn before its end."""
    rows = _dated().filter(dated_at__gte=month.start, dated_at__lt=month.end)
    is_valid = Q(withdrawn_at=None) | Q(withdrawn_at__gte=month.end)
    return rows.filter(is_valid).order_by("dated_at", "pk")


def _withdrawn_rows(month: Month) -> QuerySet[Any]:
    """Return the bills of earlier months that were withdrawn in this one."""
    rows = _dated().filter(withdrawn_at__gte=month.start, withdrawn_at__lt=month.end)
    return rows.filter(dated_at__lt=month.start).order_by("withdrawn_at", "pk")


def _bills(rows: QuerySet[Any], kind: Kind, books: BookingAccounts) -> Iterator[Booking]:
    sign = 1 if kind is Kind.WITHDRAWN_BILL else -1
    for bill in rows.select_related("supplier").iterator(chunk_size=BATCH_SIZE):
        day = bill.withdrawn_at if kind is Kind.WITHDRAWN_BILL else bill.dated_at
        for part, contra, amount in (
            (Part.GOODS, books.goods, bill.subtotal_amount),
            (Part.FREIGHT, books.freight, bill.freight_amount),
        ):
            if amount:
                yield Booking(
                    kind=kind,
                    part=part,
                    day=day.date(),
                    account=books.payables,
                    contra=contra,
                    amount=sign * amount,
                    currency=bill.currency,
                    document=bill.reference,
                    order=bill.number,
                    about=bill.supplier.name,
                )


# Supplier credits


def _credit_rows(kind: Kind, month: Month) -> QuerySet[Any]:
    """Return what was credited in a month. A credited claim or return is final."""
    rows: QuerySet[Any] = CREDITS[kind].objects.filter(status="credited", credited_amount__gt=0)
    rows = rows.filter(status_since__gte=month.start, status_since__lt=month.end)
    return rows.order_by("status_since", "pk")


def _credits(rows: QuerySet[Any], kind: Kind, books: BookingAccounts) -> Iterator[Booking]:
    """Yield what suppliers owe us less for items: their credits state no freight."""
    rows = rows.select_related("purchase_order__supplier")
    for credit in rows.iterator(chunk_size=BATCH_SIZE):
        yield Booking(
            kind=kind,
            part=Part.WHOLE,
            day=credit.status_since.date(),
            account=books.payables,
            contra=books.goods,
            amount=credit.credited_amount,
            currency=credit.currency,
            document=credit.number,
            order=credit.purchase_order.number,
            about=credit.purchase_order.supplier.name,
        )


# Payments of supplier bills

# A credit that pays another bill of the supplier moves no money and no account.
_BANK_PAYMENTS = SupplierPayment.objects.filter(credit=None, use=None)


def _paid_rows(month: Month) -> QuerySet[Any]:
    """Return the payments of a month, except those voided before its end."""
    rows = _BANK_PAYMENTS.filter(paid_on__gte=month.start.date(), paid_on__lt=month.end.date())
    is_valid = Q(voided_at=None) | Q(voided_at__gte=month.end)
    return rows.filter(is_valid).order_by("paid_on", "pk")


def _voided_rows(month: Month) -> QuerySet[Any]:
    """Return the payments of earlier months that were voided in this one."""
    rows = _BANK_PAYMENTS.filter(voided_at__gte=month.start, voided_at__lt=month.end)
    return rows.filter(paid_on__lt=month.start.date()).order_by("voided_at", "pk")


def _bill_payments(rows: QuerySet[Any], kind: Kind, books: BookingAccounts) -> Iterator[Booking]:
    is_voided = kind is Kind.VOIDED_BILL_PAYMENT
    for payment in rows.select_related("invoice__supplier").iterator(chunk_size=BATCH_SIZE):
        yield Booking(
            kind=kind,
            part=Part.WHOLE,
            day=payment.voided_at.date() if is_voided else payment.paid_on,
            account=books.payables,
            contra=books.bank,
            amount=-payment.amount if is_voided else payment.amount,
            currency=payment.invoice.currency,
            document=payment.invoice.reference,
            order=payment.invoice.number,
            about=f"{payment.invoice.supplier.name} {payment.reference}",
        )
