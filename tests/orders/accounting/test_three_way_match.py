"""Three-way match: compare invoices with what was ordered and shipped; staff enter the invoices."""

from datetime import timedelta
from decimal import Decimal

import pytest

from orders.accounting import invoices
from orders.accounting.reconciliation import labels, order_comparison, reconciliation, resolution
from orders.accounting.reconciliation.discrepancies import ComparisonResult
from orders.models import Discrepancy, OrderLine, PurchaseOrder, SupplierInvoice
from suppliers.models import Supplier
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
COST = Decimal("10.00")


@pytest.fixture
def bought(monkeypatch):
    """Three units at 10.00 each, accepted at noon."""
    monkeypatch.setattr(reconciliation, "_gateways", lambda _day: [])
    monkeypatch.setattr(
        order_comparison, "compare", lambda **_: ComparisonResult(findings=[], count=0)
    )
    (made,) = make_purchase_orders(make_sellable(), quantity=3)
    PurchaseOrder.objects.update(
        status="in_progress", submission_status="accepted", accepted_at=NOON, status_since=NOON
    )
    made.refresh_from_db()
    return made


def terms(**columns):
    Supplier.objects.update(**columns)


def ship(units, *, at=NOON + DAY):
    OrderLine.objects.update(shipped_quantity=units)
    status = {0: "in_progress", 3: "shipped"}.get(units, "partially_shipped")
    PurchaseOrder.objects.update(status=status, status_since=at)


def invoice(bought, goods, *, reference="RE-1", freight=None, at=NOON):
    made = SupplierInvoice(
        supplier=bought.supplier,
        number=bought.number,
        reference=reference,
        currency="EUR",
        subtotal_amount=Decimal(goods),
        freight_amount=freight,
        invoiced_at=at,
    )
    return invoices.enter(invoice=made, actor="zumrud", now=at)


def compare(*, after=0):
    """Reconcile the day that is ``after`` days after the order; return its discrepancies."""
    now = NOON + (after + 1) * DAY + DAY / 2
    day = reconciliation.run_of((NOON + after * DAY).date(), now=now)
    assert reconciliation.reconcile(day=day, clock=lambda: now).status == "reconciled"
    rows = Discrepancy.objects.filter(status="open").order_by("pk")
    return [(row.kind, row.what, row.expected_amount, row.found_amount) for row in rows]


def match():
    return [one.match for one in SupplierInvoice.objects.order_by("pk")]


def test_an_invoice_waits_for_its_shipment_and_then_matches(bought):
    assert invoice(bought, "30.00").match == "new"

    assert (compare(), match()) == ([], ["waits"])
    ship(2)
    assert (compare(after=1), match()) == ([], ["waits"])
    ship(3)
    assert (compare(after=2), match()) == ([], ["matched"])


def test_an_invoice_without_shipment_is_a_discrepancy_until_shipped(bought):
    terms(ship_within_days_of_invoice=4)
    invoice(bought, "30.00")
    ship(1)
    assert compare(after=2) == []

    found = compare(after=4)

    assert found == [("invoiced_unshipped", "subtotal", COST, 3 * COST)]
    assert match() == ["differs"]
    assert "have not shipped" in labels.advice(Discrepancy.objects.get())
    ship(3)
    assert (compare(after=5), match()) == ([], ["matched"])


def test_invoices_per_parcel_match(bought):
    invoice(bought, "10.00")
    ship(1)
    assert (compare(), match()) == ([], ["waits"])

    invoice(bought, "20.00", reference="RE-2")
    ship(3)

    assert (compare(after=1), match()) == ([], ["matched", "matched"])


def test_a_shipment_without_an_owed_invoice_is_a_discrepancy(bought):
    ship(3)
    assert compare(after=3) == []  # no invoice is due: ``invoice_due_days`` is not set
    terms(invoice_due_days=5)
    assert compare(after=4) == []

    assert compare(after=5) == [("shipped_uninvoiced", "subtotal", 3 * COST, None)]
    invoice(bought, "30.00", at=NOON + 7 * DAY)
    assert (compare(after=7), match()) == ([], ["matched"])


@pytest.mark.parametrize(
    ("percent", "amount", "invoiced", "is_discrepancy"),
    [
        ("0", "0", "30.01", True),
        ("1", "0", "30.30", False),
        ("1", "0", "30.31", True),
        ("1", "0.50", "29.50", False),
        ("1", "0.50", "29.49", True),
    ],
)
def test_a_difference_within_the_tolerance_is_no_discrepancy(
    bought, percent, amount, invoiced, is_discrepancy
):
    terms(invoice_tolerance_percent=Decimal(percent), invoice_tolerance_amount=Decimal(amount))
    ship(3)
    invoice(bought, invoiced)

    assert bool(compare()) is is_discrepancy
    assert match() == ["differs" if is_discrepancy else "matched"]


@pytest.mark.parametrize(
    ("shipped", "kind", "amounts"),
    [(2, "supplier_undercharged", ["10.00"]), (3, "supplier_charged_twice", ["30.00", "30.00"])],
)
def test_an_undercharge_or_a_duplicate_is_a_discrepancy(bought, shipped, kind, amounts):
    ship(shipped)
    for number, amount in enumerate(amounts):
        invoice(bought, amount, reference=f"RE-{number}")

    assert compare() == [(kind, "subtotal", 3 * COST, sum(map(Decimal, amounts)))]
    assert match() == ["differs"] * len(amounts)


def test_a_closed_discrepancy_is_shown_at_the_invoice(bought):
    ship(3)
    invoice(bought, "31.00")
    compare()

    difference = Discrepancy.objects.get()
    resolution.close_discrepancy(
        difference=difference, reason="a new price", actor="z", now=NOON + 3 * DAY
    )

    assert match() == ["settled"]


def test_an_invoice_without_a_purchase_order_is_unknown(bought):
    invoice(bought, "5.00").delete()
    bought.number = "another"
    invoice(bought, "5.00")

    assert compare() == [("unknown_purchase_order", "", None, Decimal("5.00"))]

    row = Discrepancy.objects.get()
    assert (row.reference, row.supplier, match()) == ("another", bought.supplier, ["unknown"])


def test_an_invoice_for_a_canceled_order_is_an_overcharge(bought):
    PurchaseOrder.objects.update(status="canceled")
    invoice(bought, "30.00", freight=Decimal(5))

    assert compare() == [
        ("supplier_overcharged", "freight", None, Decimal(5)),
        ("supplier_overcharged", "subtotal", None, 3 * COST),
    ]


def test_an_invoice_in_another_currency_is_a_discrepancy(bought):
    invoice(bought, "30.00")
    SupplierInvoice.objects.update(currency="USD")

    assert compare() == [("supplier_currency", "subtotal", 3 * COST, 3 * COST)]

    row = Discrepancy.objects.get()
    assert (row.currency, row.found_currency) == ("EUR", "USD")


def test_a_withdrawn_invoice_does_not_count(bought):
    ship(3)
    first = invoice(bought, "99.00")
    with pytest.raises(invoices.InvoiceRejectedError):
        invoice(bought, "1.00")
    invoices.withdraw(invoice=first, now=NOON)
    with pytest.raises(invoices.InvoiceRejectedError):
        invoices.withdraw(invoice=first, now=NOON)
    invoice(bought, "30.00", reference="RE-2")

    assert (compare(), match()) == ([], ["new", "matched"])
