"""Factories: reconciliation days and discrepancies."""

from datetime import timedelta
from decimal import Decimal

from orders.accounting.reconciliation import discrepancies, reconciliation
from orders.accounting.reconciliation.discrepancies import Finding, Kind, Measure
from orders.models import (
    Discrepancy,
    Payment,
    ReconciliationRun,
    SupplierInvoice,
    SupplierPayment,
)
from suppliers.models import Supplier
from tests.factories.suppliers import NOON

TODAY = NOON.date()
LATER = NOON + timedelta(days=2)


def make_day(day=TODAY, *, now=LATER):
    """Make a day that was reconciled."""
    made = reconciliation.run_of(day, now=now)
    made.move("running", at=now)
    made.move("reconciled", at=now, reconciled_at=now, counts={"orders": 7})
    return made


def make_difference(
    payment=None, *, kind=Kind.REFUND_UNBOOKED, part="gateway:fake", day=None, name="re_1", **about
):
    """Make an open discrepancy, of a payment if one is given."""
    finding = Finding(
        kind=kind,
        what=about.pop("what", Measure.REFUNDED),
        subject=name,
        currency=about.pop("currency", "EUR"),
        expected=about.pop("expected", None),
        found=about.pop("found", Decimal("7.50")),
        reference=name,
        payment_id=payment.pk if payment else None,
        order_id=payment.order_id if payment else None,
        **about,
    )
    discrepancies.record(
        part=part, findings=[finding], examined=(), day=day or make_day(), now=LATER
    )
    return Discrepancy.objects.get(key=finding.key(part))


def make_invoice(purchase_order=None, supplier=None, *, reference="RE-1", **columns):
    """Make an invoice as staff enter it from paper."""
    supplier = supplier or purchase_order.supplier
    known = {"currency": "USD", "subtotal_amount": Decimal("10.00"), "entered_by": "zumrud"}
    return SupplierInvoice.objects.create(
        supplier=supplier,
        purchase_order=purchase_order,
        number=purchase_order.number if purchase_order else "",
        reference=reference,
        received_at=NOON,
        **(known | columns),
    )


def compare_yesterday(batch=1):
    """Make a reconciled day with a resolved discrepancy, and a supplier invoice."""
    payment = Payment.objects.filter(captured_amount__gt=0).order_by("-pk").first()
    day = make_day(NOON.date() - timedelta(days=batch))
    difference = make_difference(payment, day=day, name=f"re_{batch}")
    difference.move("gone", at=NOON, actor=discrepancies.ACTOR)
    purchase_order = payment.order.purchase_orders.order_by("pk").first()
    make_invoice(purchase_order, reference=f"RE-{batch}")


def be_unpaid():
    """Make a bill that was due a week ago."""
    due_on = (NOON - timedelta(days=7)).date()
    make_invoice(supplier=Supplier.objects.first(), reference="RE-unpaid", due_on=due_on)


def be_overpaid():
    """Make a bill whose supplier lowered its charge from 10 to 6 dollars after the payment."""
    bill = make_invoice(supplier=Supplier.objects.first(), reference="RE-overpaid")
    SupplierPayment.objects.create(
        invoice=bill,
        key="overpaid",
        amount=10,
        paid_on=TODAY,
        reference="transfer",
        recorded_by="ann",
        recorded_at=NOON,
    )
    SupplierInvoice.objects.filter(pk=bill.pk).update(subtotal_amount=6, paid_amount=10)


def reopen():
    Discrepancy.objects.update(status="open")


def be_late():
    """Make all reconciled days old and open, as if a gateway was not reached."""
    over = NOON - timedelta(days=9)
    ReconciliationRun.objects.update(
        status="open", starts_at=over - timedelta(days=1), ends_at=over, problem="no connection"
    )
