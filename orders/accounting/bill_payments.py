"""Bill payments: record a payment of a supplier invoice once, void it, tell what is due."""

from datetime import date, datetime
from decimal import Decimal

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import SupplierInvoice, SupplierPayment
from storefront.lib.staff.columns import as_money


class PaymentRejectedError(Exception):
    """The payment cannot be recorded or voided; the message gives the reason."""


class BillStatus(models.TextChoices):
    """What is left to pay. A withdrawn invoice that was paid is overpaid."""

    NOTHING_DUE = "nothing_due", _("Paid with the order")
    DUE = "due", _("Unpaid")
    OVERDUE = "overdue", _("Overdue")
    PAID = "paid", _("Paid")
    OVERPAID = "overpaid", _("Overpaid")
    WITHDRAWN = "withdrawn", _("Withdrawn")


# Owed to a supplier that gives time to pay.
OPEN_BILL = Q(withdrawn_at=None, open_amount__gt=0, due_on__isnull=False)


def status_of(invoice: SupplierInvoice, *, today: date) -> BillStatus:
    left = invoice.open.amount
    if invoice.withdrawn_at is not None:
        return BillStatus.OVERPAID if invoice.paid_amount else BillStatus.WITHDRAWN
    if left < 0:
        return BillStatus.OVERPAID
    if left == 0:
        return BillStatus.PAID
    if invoice.due_on is None:
        return BillStatus.NOTHING_DUE
    return BillStatus.OVERDUE if invoice.due_on < today else BillStatus.DUE


def with_status(status: str, *, today: date) -> Q:
    """Return the condition of invoices with a status, as ``status_of`` tells it."""
    active, unpaid = Q(withdrawn_at=None), Q(withdrawn_at=None, open_amount__gt=0)
    return {
        BillStatus.NOTHING_DUE: unpaid & Q(due_on=None),
        BillStatus.DUE: unpaid & Q(due_on__gte=today),
        BillStatus.OVERDUE: unpaid & Q(due_on__lt=today),
        BillStatus.PAID: active & Q(open_amount=0),
        BillStatus.OVERPAID: active & Q(open_amount__lt=0) | ~active & Q(paid_amount__gt=0),
        BillStatus.WITHDRAWN: ~active & Q(paid_amount=0),
    }[BillStatus(status)]


def can_pay(invoice: SupplierInvoice) -> bool:
    return invoice.withdrawn_at is None and invoice.open.amount > 0


@transaction.atomic(durable=True)
def record_payment(  # noqa: PLR0913 - the parts of one form
    *,
    invoice: SupplierInvoice,
    amount: Decimal,
    paid_on: date,
    reference: str,
    key: str,
    actor: str,
    now: datetime,
) -> SupplierPayment:
    """Record a payment that staff made, of at most what is open. Idempotent by ``key``.

    Locks:  the invoice
    Raises: PaymentRejectedError  nothing is written
    """
    row = SupplierInvoice.objects.select_for_update(of=["self"]).get(pk=invoice.pk)
    known = row.payments.filter(key=key).first()
    if known is not None:
        return known
    if row.withdrawn_at is not None:
        raise PaymentRejectedError(gettext("This invoice is withdrawn. Nothing is owed for it."))
    if not 0 < amount <= row.open.amount:
        message = gettext("%(open)s of this invoice is open. Enter at most this amount.")
        raise PaymentRejectedError(message % {"open": as_money(row.open)})
    payment = SupplierPayment.objects.create(
        invoice=row,
        key=key,
        amount=amount,
        paid_on=paid_on,
        reference=reference,
        recorded_by=actor[:100],
        recorded_at=now,
    )
    SupplierInvoice.objects.filter(pk=row.pk).update(paid_amount=F("paid_amount") + amount)
    return payment


@transaction.atomic(durable=True)
def void_payment(*, payment: SupplierPayment, reason: str, actor: str, now: datetime) -> None:
    """Void a payment that was recorded by mistake; its amount is open again.

    Locks:  the invoice
    Raises: PaymentRejectedError  it is already voided
    """
    row = SupplierInvoice.objects.select_for_update(of=["self"]).get(pk=payment.invoice_id)
    active = SupplierPayment.objects.filter(pk=payment.pk, invoice=row, voided_at=None)
    if not active.update(voided_at=now, voided_by=actor[:100], void_reason=reason[:200]):
        raise PaymentRejectedError(gettext("This payment is already voided."))
    SupplierInvoice.objects.filter(pk=row.pk).update(paid_amount=F("paid_amount") - payment.amount)
