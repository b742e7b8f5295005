"""Bill payments: due dates by the terms, partial payments, the limit, voids, changed charges."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from orders.accounting import bill_aging, bill_payments, invoices
from orders.accounting.bill_payments import BillStatus, PaymentRejectedError
from orders.models import SupplierInvoice, SupplierPayment
from storefront.lib.money import Money
from suppliers.connectors.records import InvoiceReport
from suppliers.models import Supplier
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.reconciliation import make_invoice
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
TODAY = NOON.date()
DAY = timedelta(days=1)


@pytest.fixture
def bought():
    (made,) = make_purchase_orders(make_sellable())
    return made


def pay(invoice, amount, key="1", on=TODAY):
    return bill_payments.record_payment(
        invoice=invoice,
        amount=Decimal(amount),
        paid_on=on,
        reference="transfer 7",
        key=key,
        actor="zumrud",
        now=NOON,
    )


def void(payment):
    bill_payments.void_payment(payment=payment, reason="wrong bill", actor="ann", now=NOON)


def status(invoice, today=TODAY):
    """Return the status as the page tells it, which is the one that the filter finds."""
    row = SupplierInvoice.objects.get(pk=invoice.pk)
    told = bill_payments.status_of(row, today=today)
    found = [
        one
        for one in BillStatus
        if SupplierInvoice.objects.filter(
            bill_payments.with_status(one, today=today), pk=row.pk
        ).exists()
    ]
    assert found == [told]
    return told


def enter(bought, **columns):
    made = SupplierInvoice(
        supplier=bought.supplier,
        number=bought.number,
        reference="RE-1",
        currency="EUR",
        subtotal_amount=Decimal("30.00"),
        **columns,
    )
    return invoices.enter(invoice=made, actor="zumrud", now=NOON)


@pytest.mark.parametrize(
    ("terms", "invoiced_at", "printed", "due_on"),
    [
        (None, NOON, None, None),
        (0, NOON, None, TODAY),
        (30, NOON - 2 * DAY, None, TODAY + 28 * DAY),
        (30, None, None, TODAY + 30 * DAY),
        (30, NOON, date(2027, 1, 31), date(2027, 1, 31)),
        (None, NOON, date(2027, 1, 31), date(2027, 1, 31)),
    ],
)
def test_an_invoice_is_due_as_printed_or_by_the_terms(bought, terms, invoiced_at, printed, due_on):
    bought.supplier.payment_terms_days = terms

    assert enter(bought, invoiced_at=invoiced_at, due_on=printed).due_on == due_on


def test_a_bill_is_due_then_overdue_and_paid_in_parts(bought):
    invoice = make_invoice(bought, due_on=TODAY, freight_amount=Decimal("2.00"))
    assert (status(invoice), status(invoice, TODAY + DAY)) == ("due", "overdue")

    pay(invoice, "5.00", "1")
    assert status(invoice, TODAY + DAY) == "overdue"
    pay(invoice, "7.00", "2")

    assert status(invoice, TODAY + DAY) == "paid"
    assert SupplierInvoice.objects.get().open == Money(Decimal(0), "USD")


def test_without_terms_nothing_is_due(bought):
    assert status(make_invoice(bought)) == "nothing_due"


@pytest.mark.parametrize("amount", ["10.01", "0.00", "-1.00"])
def test_never_more_than_is_open_is_paid(bought, amount):
    invoice = make_invoice(bought, due_on=TODAY)

    with pytest.raises(PaymentRejectedError, match=r"\$10\.00"):
        pay(invoice, amount)

    assert not SupplierPayment.objects.exists()


def test_a_form_that_is_sent_twice_records_one_payment(bought):
    invoice = make_invoice(bought, due_on=TODAY)

    assert pay(invoice, "4.00") == pay(invoice, "4.00")

    assert SupplierInvoice.objects.get().paid_amount == Decimal("4.00")


def test_a_voided_payment_is_open_again_once(bought):
    invoice = make_invoice(bought, due_on=TODAY)
    payment = pay(invoice, "10.00")

    void(payment)
    with pytest.raises(PaymentRejectedError, match="already voided"):
        void(payment)

    assert status(invoice) == "due"
    assert (SupplierInvoice.objects.get().paid_amount, payment.invoice.payments.count()) == (0, 1)


def test_a_paid_invoice_is_withdrawn_only_after_its_payments(bought):
    invoice = make_invoice(bought, due_on=TODAY)
    payment = pay(invoice, "4.00")
    with pytest.raises(invoices.InvoiceRejectedError, match="Void them first"):
        invoices.withdraw(invoice=invoice, now=NOON)

    void(payment)
    invoices.withdraw(invoice=invoice, now=NOON)

    assert status(invoice) == "withdrawn"
    with pytest.raises(PaymentRejectedError, match="withdrawn"):
        pay(invoice, "1.00", "2")


def charge(supplier, *amounts):
    """Store what the supplier's API lists now."""
    listed = [
        InvoiceReport(
            number="", supplier_reference="C-1", subtotal=Money(Decimal(amount), "USD"), at=NOON
        )
        for amount in amounts
    ]
    known = SupplierInvoice.objects.filter(withdrawn_at=None).values_list("pk", flat=True)
    invoices._store_charges(supplier, listed, set(known), NOON)
    return SupplierInvoice.objects.order_by("-pk").first()


def test_payments_follow_a_changed_charge(bought):
    Supplier.objects.update(payment_terms_days=14)
    bought.supplier.refresh_from_db()
    first = charge(bought.supplier, "10.00")
    pay(first, "10.00")

    raised = charge(bought.supplier, "12.00")
    assert (status(first), status(raised)) == ("withdrawn", "due")
    assert (raised.due_on, raised.open) == (TODAY + 14 * DAY, Money(Decimal("2.00"), "USD"))

    lowered = charge(bought.supplier, "9.00")
    assert status(lowered) == "overpaid"
    charge(bought.supplier)
    assert status(lowered) == "overpaid"  # the charge is gone, our money is not back


def test_open_bills_are_summed_by_supplier_currency_and_age(bought, django_assert_num_queries):
    for number, (days, columns) in enumerate(
        [(0, {}), (-5, {}), (1, {}), (30, {}), (31, {}), (61, {}), (91, {"currency": "EUR"})]
    ):
        due_on = TODAY - days * DAY
        invoice = make_invoice(bought, reference=f"RE-{number}", due_on=due_on, **columns)
    make_invoice(bought, reference="without a due date")
    make_invoice(bought, reference="withdrawn", due_on=TODAY, withdrawn_at=NOON)
    pay(invoice, "4.00")

    with django_assert_num_queries(1):
        rows = bill_aging.load(today=TODAY)

    euro, dollar = rows
    assert [part.amount for part in dollar.parts] == [20, 20, 10, 10, 0]
    assert [part.amount for part in euro.parts] == [0, 0, 0, 0, 6]
    assert (dollar.count, str(dollar.total)) == (6, "60.00 USD")
    assert [(row.currency, row.total) for row in bill_aging.totals([*rows, *rows])] == [
        ("EUR", Money(Decimal(12), "EUR")),
        ("USD", Money(Decimal(120), "USD")),
    ]
