"""Bill payments: record a payment of a supplier invoice once, settle what is overpaid, void."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import SupplierInvoice, SupplierPayment
from storefront.lib.money import Money
from storefront.lib.staff.columns import as_money


class PaymentRejectedError(Exception):
    """The payment cannot be recorded or voided; the message gives the reason."""


class BillStatus(models.TextChoices):
    """What is left to pay. A withdrawn invoice that was paid is overpaid."""

    NO_TERMS = "no_terms", _("No payment terms")
    DUE = "due", _("Unpaid")
    OVERDUE = "overdue", _("Overdue")
    PAID = "paid", _("Paid")
    OVERPAID = "overpaid", _("Overpaid")
    WITHDRAWN = "withdrawn", _("Withdrawn")


# Owed to a supplier that gives time to pay.
OPEN_BILL = Q(withdrawn_at=None, open_amount__gt=0, due_on__isnull=False)
# As the condition of its index.
OVERPAID_BILL = Q(paid_amount__gt=0) & (Q(withdrawn_at__isnull=False) | Q(open_amount__lt=0))


def status_of(invoice: SupplierInvoice, *, today: date) -> BillStatus:
    left = invoice.open.amount
    if overpaid(invoice):
        return BillStatus.OVERPAID
    if invoice.withdrawn_at is not None:
        return BillStatus.WITHDRAWN
    if left == 0:
        return BillStatus.PAID
    if invoice.due_on is None:
        return BillStatus.NO_TERMS
    return BillStatus.OVERDUE if invoice.due_on < today else BillStatus.DUE


def with_status(status: str, *, today: date) -> Q:
    """Return the condition of invoices with a status, as ``status_of`` returns it."""
    active, unpaid = Q(withdrawn_at=None), Q(withdrawn_at=None, open_amount__gt=0)
    return {
        BillStatus.NO_TERMS: unpaid & Q(due_on=None),
        BillStatus.DUE: unpaid & Q(due_on__gte=today),
        BillStatus.OVERDUE: unpaid & Q(due_on__lt=today),
        BillStatus.PAID: active & Q(open_amount=0),
        BillStatus.OVERPAID: OVERPAID_BILL,
        BillStatus.WITHDRAWN: ~active & Q(paid_amount=0),
    }[BillStatus(status)]


def can_pay(invoice: SupplierInvoice) -> bool:
    return invoice.withdrawn_at is None and invoice.open.amount > 0


def overpaid(invoice: SupplierInvoice) -> Money:
    """Return what the supplier owes us: what was paid above the total, or for a withdrawn invoice."""
    owed = 0 if invoice.withdrawn_at else invoice.total.amount
    return Money(max(invoice.paid_amount - owed, Decimal(0)), invoice.currency)


@transaction.atomic(durable=True)
def record_payment(*, invoice: SupplierInvoice, key: str, **payment: Any) -> SupplierPayment:
    """Record a payment that staff made, of at most what is open. Idempotent by ``key``.

    Shape:  ``payment`` as the arguments of ``_record``
    Locks:  the invoice
    Raises: PaymentRejectedError  nothing is written
    """
    (row,) = _lock([invoice.pk])
    known = row.payments.filter(key=key).first()
    return known or _pay(row, key=key, **payment)


@transaction.atomic(durable=True)
def settle_overpayment(
    *, invoice: SupplierInvoice, amount: Decimal, pays: str, key: str, **payment: Any
) -> SupplierPayment:
    """Record that the supplier paid an overpayment back, or that it pays another invoice.

    Idempotent by ``key``.

    Shape:  ``pays``: number of an invoice of the same supplier; "" if the money came back;
            ``payment`` as the arguments of ``_record``
    Locks:  the invoices, in id order
    Raises: PaymentRejectedError  nothing is written
    """
    bill_id = _find_bill(invoice, pays) if pays else None
    rows = {row.pk: row for row in _lock([invoice.pk, bill_id])}
    row = rows[invoice.pk]
    known = row.payments.filter(key=key).first()
    if known is not None:
        return known
    if not 0 < amount <= overpaid(row).amount:
        message = gettext("%(credit)s of this invoice is overpaid. Enter at most this amount.")
        raise PaymentRejectedError(message % {"credit": as_money(overpaid(row))})
    credit = _record(row, amount=-amount, key=key, **payment)
    if bill_id is not None:
        _pay(rows[bill_id], amount=amount, key=key, credit=credit, **payment)
    return credit


def _find_bill(invoice: SupplierInvoice, reference: str) -> int:
    bills = SupplierInvoice.objects.filter(supplier=invoice.supplier_id, withdrawn_at=None)
    found = bills.filter(reference=reference, currency=invoice.currency).exclude(pk=invoice.pk)
    if not (bill_id := found.values_list("pk", flat=True).first()):
        message = gettext("This supplier has no other invoice %(number)s in %(currency)s.")
        raise PaymentRejectedError(message % {"number": reference, "currency": invoice.currency})
    return bill_id


def _lock(invoices: list[int | None]) -> list[SupplierInvoice]:
    rows = SupplierInvoice.objects.select_for_update(of=["self"])
    return list(rows.filter(pk__in=[pk for pk in invoices if pk]).order_by("pk"))


def _pay(row: SupplierInvoice, *, amount: Decimal, **payment: Any) -> SupplierPayment:
    if row.withdrawn_at is not None:
        raise PaymentRejectedError(gettext("This invoice is withdrawn. Nothing is owed for it."))
    if not 0 < amount <= row.open.amount:
        message = gettext("%(open)s of this invoice is open. Enter at most this amount.")
        raise PaymentRejectedError(message % {"open": as_money(row.open)})
    return _record(row, amount=amount, **payment)


def _record(  # noqa: PLR0913 - the parts of one form
    row: SupplierInvoice,
    *,
    amount: Decimal,
    paid_on: date,
    reference: str,
    key: str,
    actor: str,
    now: datetime,
    credit: SupplierPayment | None = None,
) -> SupplierPayment:
    payment = SupplierPayment.objects.create(
        invoice=row,
        key=key,
        amount=amount,
        paid_on=paid_on,
        reference=reference,
        credit=credit,
        recorded_by=actor[:100],
        recorded_at=now,
    )
    SupplierInvoice.objects.filter(pk=row.pk).update(paid_amount=F("paid_amount") + amount)
    return payment


@transaction.atomic(durable=True)
def void_payment(*, payment: SupplierPayment, reason: str, actor: str, now: datetime) -> None:
    """Void a payment that was recorded by mistake; its amount is open again.

    A credit and the payment that used it are voided together.

    Locks:  the invoices, in id order
    Raises: PaymentRejectedError  nothing is written
    """
    pair = Q(pk=payment.pk) | Q(credit=payment.pk) | Q(use=payment.pk)
    invoices = SupplierPayment.objects.filter(pair).values_list("invoice", flat=True)
    rows = {row.pk: row for row in _lock(list(invoices))}
    active = list(SupplierPayment.objects.filter(pair, voided_at=None))
    if not active:
        raise PaymentRejectedError(gettext("This payment is already voided."))
    for each in active:
        row = rows.get(each.invoice_id)
        if row is None:
            message = gettext("The supplier has changed this invoice. Reload the page.")
            raise PaymentRejectedError(message)
        if row.paid_amount < each.amount:
            message = gettext(
                "The supplier paid a part of this payment back, or it was used as credit."
                " Void that first."
            )
            raise PaymentRejectedError(message)
        SupplierPayment.objects.filter(pk=each.pk).update(
            voided_at=now, voided_by=actor[:100], void_reason=reason[:200]
        )
        SupplierInvoice.objects.filter(pk=row.pk).update(paid_amount=F("paid_amount") - each.amount)
