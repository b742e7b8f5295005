"""Race: double clicks, two staff members at one bill, and a supplier that changes its charge."""

from decimal import Decimal

import pytest

from orders.accounting import bill_payments, invoices
from orders.accounting.bill_payments import PaymentRejectedError
from orders.models import SupplierInvoice, SupplierPayment
from storefront.lib.money import Money
from suppliers.connectors.records import InvoiceReport
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.reconciliation import make_invoice
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival, all_at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bill():
    (bought,) = make_purchase_orders(make_sellable())
    return make_invoice(bought, due_on=NOON.date())


def pay(bill, key, amount="6.00"):
    return bill_payments.record_payment(
        invoice=bill,
        amount=Decimal(amount),
        paid_on=NOON.date(),
        reference="transfer",
        key=key,
        actor="ann",
        now=NOON,
    )


def paid():
    return SupplierInvoice.objects.get().paid_amount


def test_a_double_click_pays_once(bill):
    refused = all_at_once([lambda: pay(bill, "one form")] * 4, PaymentRejectedError)

    assert (refused, paid(), SupplierPayment.objects.count()) == (0, 6, 1)


def test_two_payments_at_once_do_not_pass_the_open_amount(bill):
    """Without the lock of the invoice both see ten dollars open."""
    refused = all_at_once([lambda key=key: pay(bill, key) for key in "1234"], PaymentRejectedError)

    assert (refused, paid(), SupplierPayment.objects.count()) == (3, 6, 1)


def test_two_voids_reopen_the_amount_once(bill):
    payment = pay(bill, "1", "4.00")
    pay(bill, "2")

    refused = all_at_once(
        [lambda: bill_payments.void_payment(payment=payment, reason="wrong", actor="ann", now=NOON)]
        * 4,
        PaymentRejectedError,
    )

    assert (refused, paid()) == (3, 6)


def lower_charge(bill):
    """Let the supplier's API list nine dollars instead of ten."""
    listed = [
        InvoiceReport(
            number="", supplier_reference=bill.reference, subtotal=Money(Decimal(9), "USD"), at=NOON
        )
    ]
    invoices._store_charges(bill.supplier, listed, {bill.pk}, NOON)


def paid_by_reference():
    rows = SupplierInvoice.objects.filter(withdrawn_at=None).order_by("reference")
    payments = SupplierPayment.objects.filter(voided_at=None)
    sums = {
        row.reference: sum(row.payments.filter(pk__in=payments).values_list("amount", flat=True))
        for row in rows
    }
    assert sums == {row.reference: row.paid_amount for row in rows}
    assert sum(sums.values()) == sum(payments.values_list("amount", flat=True)), "one is lost"
    return sums


@pytest.fixture
def charged(bill):
    SupplierInvoice.objects.update(entered_by="")
    bill.refresh_from_db()
    return bill


def test_a_payment_of_a_charge_that_changes_meanwhile_is_refused(monkeypatch, charged):
    """Without the lock it would be recorded for the withdrawn charge, and paid again."""
    rival = Rival(lambda: pay(charged, "1"))
    rival.begin_at(monkeypatch, invoices, "_purchase_orders_of")

    lower_charge(charged)
    rival.finish()

    assert isinstance(rival.failure, PaymentRejectedError)
    assert paid_by_reference() == {charged.reference: 0}


def test_a_void_of_a_charge_that_changes_meanwhile_is_refused(monkeypatch, charged):
    """Without the lock the payment would be voided on the old charge, and counted on the new."""
    payment = pay(charged, "1")
    rival = Rival(
        lambda: bill_payments.void_payment(payment=payment, reason="no", actor="ann", now=NOON)
    )
    rival.begin_at(monkeypatch, invoices, "_purchase_orders_of")

    lower_charge(charged)
    rival.finish()

    assert isinstance(rival.failure, PaymentRejectedError)
    assert paid_by_reference() == {charged.reference: 6}


def test_a_charge_that_changes_during_a_payment_keeps_it(monkeypatch, charged):
    rival = Rival(lambda: lower_charge(charged))
    rival.begin_at(monkeypatch, SupplierPayment.objects, "create")

    pay(charged, "1")
    rival.finish()

    assert rival.failure is None
    assert paid_by_reference() == {charged.reference: 6}


def test_an_invoice_is_not_withdrawn_during_its_payment(monkeypatch, bill):
    rival = Rival(lambda: invoices.withdraw(invoice=bill, now=NOON))
    rival.begin_at(monkeypatch, SupplierPayment.objects, "create")

    pay(bill, "1")
    rival.finish()

    assert isinstance(rival.failure, invoices.InvoiceRejectedError)
    assert paid_by_reference() == {bill.reference: 6}


def settle(bill, key, pays=""):
    return bill_payments.settle_overpayment(
        invoice=bill,
        amount=Decimal("4.00"),
        pays=pays,
        paid_on=NOON.date(),
        reference="credit note",
        key=key,
        actor="ann",
        now=NOON,
    )


def test_an_overpayment_is_settled_once(bill):
    """Without the lock of the invoice each would take the four dollars."""
    pay(bill, "1")
    SupplierInvoice.objects.update(subtotal_amount=2)

    refused = all_at_once(
        [lambda key=key: settle(bill, key) for key in "2345"], PaymentRejectedError
    )

    assert (refused, paid_by_reference()) == (3, {bill.reference: 2})
