from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest

from orders.bookkeeping import bookings
from orders.bookkeeping.bookings import Kind, Month
from orders.customer_invoices import issuing
from orders.models import (
    BookingAccounts,
    CustomerInvoice,
    PaymentEvent,
    SupplierClaim,
    SupplierInvoice,
    SupplierPayment,
    SupplierReturn,
)
from orders.payments import refunds
from storefront.lib.money import Money
from tests.factories.claims import make_claim
from tests.factories.full_shop import settle
from tests.factories.reconciliation import make_invoice
from tests.factories.returns import make_shipped_order
from tests.factories.scripted_supplier import connect_without_holds
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db
NOVEMBER = Month(year=2026, month=11)
DECEMBER = Month(year=2026, month=12)
BOOKS = BookingAccounts()


@pytest.fixture
def order(monkeypatch):
    """Make an order with an invoice, a refund with a credit note, and its supplier's bill."""
    connect_without_holds(monkeypatch)
    order = make_shipped_order(quantity=1)
    issuing.issue(order_id=order.pk, now=NOON)
    amount = Money(Decimal("11.90"), "EUR")
    refunds.refund(order=order, amount=amount, reason="", actor="ann", now=NOON, key="a")
    settle(order)
    make_invoice(order.purchase_orders.get(), freight_amount=Decimal("3.00"), invoiced_at=NOON)
    return order


def listed(month=NOVEMBER):
    return list(bookings.of_month(month, BOOKS))


def test_bookings_of_a_month_are_balanced_and_name_their_accounts(order):
    rows = listed()

    assert [(row.kind, row.account, row.contra, str(row.amount)) for row in rows] == [
        ("invoice", "10000", "8200", "37.73"),
        ("invoice", "10000", "1770", "7.16"),
        ("credit_note", "10000", "8200", "-10.00"),
        ("credit_note", "10000", "1770", "-1.90"),
        ("payment", "1360", "10000", "44.89"),
        ("refund", "1360", "10000", "-11.90"),
        ("bill", "70000", "3200", "-10.00"),
        ("bill", "70000", "3800", "-3.00"),
    ]
    balances = defaultdict(Decimal)
    for row in rows:
        if row.currency == "EUR":
            balances[row.account] += row.amount
            balances[row.contra] -= row.amount
    assert sum(balances.values()) == 0
    # The customer owes nothing; what the gateway holds is what was sold.
    assert balances["10000"] == 0
    assert balances["1360"] == -balances["8200"] - balances["1770"] == Decimal("32.99")


def test_open_items_are_matched_by_document(order):
    documents = {row.kind: row.document for row in listed()}

    assert documents["payment"] == documents["invoice"] == "INV-2026-00001"
    assert documents["refund"] == documents["credit_note"] == "CRN-2026-00001"
    assert {row.order for row in listed()} == {order.number, order.purchase_orders.get().number}


def test_sums_equal_the_ledger_and_the_bookings(order):
    totals = defaultdict(Decimal)
    for row in listed():
        totals[row.kind, row.currency] += abs(row.amount)
    ledger = {(row.kind, row.currency): row.total for row in bookings.sums(NOVEMBER)}

    assert ledger == totals
    invoices = CustomerInvoice.objects.values_list("kind", "gross_amount")
    assert {kind: ledger[kind, "EUR"] for kind, _ in invoices} == dict(invoices)
    payment = order.payments.get()
    assert ledger["payment", "EUR"] == payment.captured_amount
    assert ledger["refund", "EUR"] == payment.refunded_amount
    assert ledger["bill", "USD"] == SupplierInvoice.objects.get().total.amount
    taxes = {row.kind: row.tax for row in bookings.sums(NOVEMBER) if row.tax is not None}
    assert taxes == {"invoice": Decimal("7.16"), "credit_note": Decimal("1.90")}


def test_a_month_has_only_its_own_documents(order):
    assert listed(DECEMBER) == bookings.sums(DECEMBER) == []
    assert listed(Month(year=2026, month=10)) == []
    assert str(DECEMBER.end.date()) == "2027-01-01"


def test_a_month_may_have_only_refunds(order):
    late, rest = NOON + timedelta(days=10), Money(Decimal("32.99"), "EUR")
    refunds.refund(order=order, amount=rest, reason="", actor="ann", now=late, key="b")
    settle(order, now=late)

    assert [(row.kind, row.document, str(row.amount)) for row in listed(DECEMBER)] == [
        ("credit_note", "CRN-2026-00002", "-27.73"),
        ("credit_note", "CRN-2026-00002", "-5.26"),
        ("refund", "CRN-2026-00002", "-32.99"),
    ]
    assert [(row.kind, row.count) for row in bookings.sums(DECEMBER)] == [
        ("credit_note", 1),
        ("refund", 1),
    ]


def test_untaxed_sales_have_their_own_account(order):
    invoice = CustomerInvoice.objects.get(kind="invoice")
    share = {"rate": "0", "net": "44.89", "tax": "0.00", "gross": "44.89"}
    invoice.content["totals"] = [share]
    rows = list(bookings._invoice_bookings(invoice, BOOKS))

    assert [(row.contra, str(row.amount)) for row in rows] == [("8120", "44.89")]


def test_failed_refunds_and_lost_chargebacks_are_booked(order):
    payment = order.payments.get()
    for kind, amount in (("refund_failed", "11.90"), ("dispute_lost", "44.89")):
        PaymentEvent.objects.create(
            payment=payment,
            gateway=payment.gateway,
            external_id=kind,
            kind=kind,
            amount=amount,
            occurred_at=NOON,
            received_at=NOON,
        )
    rows = {row.kind: (row.account, row.contra, row.amount) for row in listed()}

    assert rows[Kind.FAILED_REFUND] == ("1360", "10000", Decimal("11.90"))
    assert rows[Kind.CHARGEBACK] == ("1360", "10000", Decimal("-44.89"))


def test_a_bill_withdrawn_later_is_reversed_in_that_month():
    supplier = make_supplier()
    late = NOON + timedelta(days=10)  # December
    make_invoice(supplier=supplier, reference="early", invoiced_at=NOON, withdrawn_at=NOON)
    make_invoice(supplier=supplier, reference="late", invoiced_at=NOON, withdrawn_at=late)
    make_invoice(supplier=supplier, reference="undated")

    assert [(row.document, row.amount) for row in listed()] == [
        ("late", Decimal(-10)),
        ("undated", Decimal(-10)),
    ]
    assert [(row.kind, row.document, row.amount) for row in listed(DECEMBER)] == [
        (Kind.WITHDRAWN_BILL, "late", Decimal(10))
    ]
    assert [row.total for row in bookings.sums(DECEMBER)] == [Decimal(10)]


def pay(bill, key, *, voided_at=None, amount=4, credit=None):
    void = {"voided_at": voided_at, "voided_by": "ann", "void_reason": "twice"}
    return SupplierPayment.objects.create(
        invoice=bill,
        key=key,
        amount=amount,
        credit=credit,
        paid_on=NOON.date(),
        reference=key,
        recorded_by="ann",
        recorded_at=NOON,
        **(void if voided_at else {}),
    )


def test_money_that_came_back_is_booked_and_a_credit_for_another_bill_is_not():
    supplier = make_supplier()
    bills = [make_invoice(supplier=supplier, reference=name, invoiced_at=NOON) for name in "AB"]
    pay(bills[0], "back", amount=-3)
    pay(bills[1], "use", credit=pay(bills[0], "credit", amount=-1), amount=1)

    (booked,) = [row for row in listed() if row.kind == Kind.BILL_PAYMENT]
    assert (booked.document, booked.account, booked.amount) == ("A", "70000", Decimal(-3))
    assert {row.kind: row.total for row in bookings.sums(NOVEMBER)}[Kind.BILL_PAYMENT] == -3


def test_payments_of_bills_are_booked_and_reversed_when_voided_later():
    bill = make_invoice(supplier=make_supplier(), invoiced_at=NOON)
    pay(bill, "SEPA 1")
    pay(bill, "twice", voided_at=NOON)
    pay(bill, "late", voided_at=NOON + timedelta(days=10))

    paid = [row for row in listed() if row.kind == Kind.BILL_PAYMENT]
    assert [(row.account, row.contra, row.amount) for row in paid] == [
        ("70000", "1200", Decimal(4))
    ] * 2
    assert [(row.document, row.about) for row in paid] == [
        ("RE-1", "Lumen SEPA 1"),
        ("RE-1", "Lumen late"),
    ]
    assert [(row.kind, row.amount, str(row.day)) for row in listed(DECEMBER)] == [
        (Kind.VOIDED_BILL_PAYMENT, Decimal(-4), "2026-12-04")
    ]
    assert [(row.kind, row.count, row.total) for row in bookings.sums(DECEMBER)] == [
        (Kind.VOIDED_BILL_PAYMENT, 1, Decimal(4))
    ]
    sums = {row.kind: row.total for row in bookings.sums(NOVEMBER)}
    assert sums == {Kind.BILL: Decimal(10), Kind.BILL_PAYMENT: Decimal(8)}


def test_credits_of_suppliers_lower_what_is_owed_to_them(order):
    purchase_order = order.purchase_orders.get()
    claim = make_claim(purchase_order)
    late = NOON + timedelta(days=10)
    for number, credited in (("SR-1", Decimal("6.50")), ("SR-2", Decimal(0)), ("SR-3", None)):
        SupplierReturn.objects.create(
            purchase_order=purchase_order,
            number=number,
            currency="USD",
            expected_amount=7,
            credited_amount=credited,
            status="draft" if credited is None else "credited",
            opened_at=NOON,
            status_since=late,
        )
    SupplierClaim.objects.filter(pk=claim.pk).update(
        status="credited", credited_amount=2, status_since=late
    )

    found = [(row.kind, row.account, row.contra, row.amount) for row in listed(DECEMBER)]
    assert found == [
        (Kind.CLAIM_CREDIT, "70000", "3200", Decimal(2)),
        (Kind.RETURN_CREDIT, "70000", "3200", Decimal("6.50")),
    ]
    assert [row.document for row in listed(DECEMBER)] == [claim.number, "SR-1"]
    assert {row.order for row in listed(DECEMBER)} == {purchase_order.number}
    assert [(row.kind, row.currency, row.total) for row in bookings.sums(DECEMBER)] == [
        (Kind.CLAIM_CREDIT, claim.currency, Decimal(2)),
        (Kind.RETURN_CREDIT, "USD", Decimal("6.50")),
    ]
