"""Bill payments: due dates by the terms, partial payments, the limit, voids, overpayments."""

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
from tests.support.crashes import killed

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
    assert status(make_invoice(bought)) == "no_terms"


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


def charge(supplier, *amounts, currency="USD"):
    """Store what the supplier's API lists now."""
    listed = [
        InvoiceReport(
            number="", supplier_reference="C-1", subtotal=Money(Decimal(amount), currency), at=NOON
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


def test_payments_do_not_follow_a_charge_in_another_currency(bought):
    dollars = charge(bought.supplier, "10.00")
    pay(dollars, "10.00")

    euros = charge(bought.supplier, "9.00", currency="EUR")

    assert (status(dollars), euros.paid_amount) == ("overpaid", 0)


@pytest.fixture
def lowered(bought):
    """Make a bill of 9 dollars for which 10 were paid."""
    first = charge(bought.supplier, "10.00")
    pay(first, "10.00")
    return charge(bought.supplier, "9.00")


def settle(invoice, amount, pays="", key="2"):
    return bill_payments.settle_overpayment(
        invoice=invoice,
        amount=Decimal(amount),
        pays=pays,
        paid_on=TODAY,
        reference="credit note 5",
        key=key,
        actor="ann",
        now=NOON,
    )


def test_money_that_came_back_settles_an_overpayment_once(lowered):
    assert settle(lowered, "0.40") == settle(lowered, "0.40")
    for amount in ("0.61", "0.00", "-1.00"):
        with pytest.raises(PaymentRejectedError, match=r"\$0\.60"):
            settle(lowered, amount, key="3")
    settle(lowered, "0.60", key="3")

    assert status(lowered) == "paid"
    charge(lowered.supplier)
    gone = SupplierInvoice.objects.get(pk=lowered.pk)
    assert (status(gone), str(bill_payments.overpaid(gone))) == ("overpaid", "9.00 USD")
    settle(gone, "9.00", key="4")
    assert status(gone) == "withdrawn"


def test_a_credit_pays_another_invoice_of_the_supplier(lowered):
    bill = make_invoice(supplier=lowered.supplier, reference="RE-2", due_on=TODAY)

    for _ in range(2):
        settle(lowered, "1.00", pays="RE-2")

    bill.refresh_from_db()
    assert (status(lowered), str(bill.open)) == ("paid", "9.00 USD")
    (paid,) = bill.payments.all()
    assert (paid.amount, paid.credit.amount, paid.credit.invoice) == (1, -1, lowered)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"reference": "RE-3"}, "no other invoice RE-2 in USD"),
        ({"currency": "EUR"}, "no other invoice RE-2 in USD"),
        ({"withdrawn_at": NOON}, "no other invoice RE-2 in USD"),
        ({"subtotal_amount": Decimal("0.99")}, r"\$0\.99 of this invoice is open"),
    ],
)
def test_a_credit_that_its_invoice_cannot_take_is_refused(lowered, columns, message):
    make_invoice(supplier=lowered.supplier, **{"reference": "RE-2", "due_on": TODAY} | columns)

    with pytest.raises(PaymentRejectedError, match=message):
        settle(lowered, "1.00", pays="RE-2")

    assert status(lowered) == "overpaid"


@pytest.mark.parametrize("side", ["credit", "use"])
def test_a_credit_and_its_use_are_voided_together(lowered, side):
    bill = make_invoice(supplier=lowered.supplier, reference="RE-2", due_on=TODAY)
    credit = settle(lowered, "1.00", pays="RE-2")
    earlier = lowered.payments.get(amount=10)
    with pytest.raises(PaymentRejectedError, match="Void that first"):
        void(earlier)

    void({"credit": credit, "use": credit.use}[side])

    assert (status(lowered), status(bill)) == ("overpaid", "due")
    void(earlier)
    assert SupplierInvoice.objects.get(pk=lowered.pk).paid_amount == 0


@pytest.mark.django_db(transaction=True)
def test_a_payment_whose_process_is_killed_is_recorded_whole_or_not_at_all(bought):
    invoice = make_invoice(bought, due_on=TODAY)
    killed(lambda: pay(invoice, "4.00"), module=bill_payments, at="F")
    assert not SupplierPayment.objects.exists()
    killed(lambda: pay(invoice, "4.00"), module=bill_payments, at="record_payment", is_done=True)

    pay(invoice, "4.00")

    assert SupplierInvoice.objects.get().paid_amount == 4
    assert SupplierPayment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at", ["_pay", "_record"])
def test_a_credit_whose_process_is_killed_is_used_whole_or_not_at_all(lowered, at):
    bill = make_invoice(supplier=lowered.supplier, reference="RE-2", due_on=TODAY)

    killed(lambda: settle(lowered, "1.00", pays="RE-2"), module=bill_payments, at=at)
    assert (status(lowered), bill.payments.count()) == ("overpaid", 0)
    settle(lowered, "1.00", pays="RE-2")

    assert (status(lowered), bill.payments.count()) == ("paid", 1)


def test_open_bills_are_summed_by_supplier_currency_and_age(bought, django_assert_num_queries):
    for number, (days, columns) in enumerate(
        [(0, {}), (-5, {}), (1, {}), (30, {}), (31, {}), (61, {}), (91, {"currency": "EUR"})]
    ):
        due_on = TODAY - days * DAY
        invoice = make_invoice(bought, reference=f"RE-{number}", due_on=due_on, **columns)
    make_invoice(bought, reference="without a due date")
    make_invoice(bought, reference="withdrawn", due_on=TODAY, withdrawn_at=NOON)
    pay(invoice, "4.00")
    make_invoice(bought, reference="overpaid", due_on=TODAY - DAY, paid_amount=Decimal(13))
    make_invoice(bought, reference="paid", withdrawn_at=NOON, paid_amount=Decimal(4))

    with django_assert_num_queries(1):
        rows = bill_aging.load(today=TODAY)

    euro, dollar = rows
    assert [part.amount for part in dollar.parts] == [20, 20, 10, 10, 0]
    assert [part.amount for part in euro.parts] == [0, 0, 0, 0, 6]
    assert (dollar.count, str(dollar.overpaid), str(dollar.total)) == (6, "7.00 USD", "53.00 USD")
    assert (str(euro.overpaid), str(euro.total)) == ("0.00 EUR", "6.00 EUR")
    assert [(row.currency, row.total) for row in bill_aging.totals([*rows, *rows])] == [
        ("EUR", Money(Decimal(12), "EUR")),
        ("USD", Money(Decimal(106), "USD")),
    ]
