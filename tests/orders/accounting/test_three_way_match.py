"""What was ordered, shipped and billed, compared three ways: bills that a person entered."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from orders.accounting import invoices
from orders.accounting.reconciliation import labels, order_comparison, reconciliation, resolution
from orders.accounting.reconciliation.discrepancies import Compared
from orders.models import MoneyDifference, OrderLine, PurchaseOrder, SupplierBill
from suppliers.models import Supplier
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
COST = Decimal("10.00")


@pytest.fixture
def bought(monkeypatch):
    """Three units that he accepted at noon, at 10.00 each."""
    monkeypatch.setattr(reconciliation, "_gateways", lambda _day: [])
    monkeypatch.setattr(order_comparison, "compare", lambda **_: Compared(findings=[], count=0))
    (made,) = make_purchase_orders(make_sellable(), quantity=3)
    PurchaseOrder.objects.update(
        status="in_progress", request_status="accepted", accepted_at=NOON, status_since=NOON
    )
    made.refresh_from_db()
    return made


def terms(**columns):
    Supplier.objects.update(**columns)


def ship(units, *, at=NOON + DAY):
    OrderLine.objects.update(shipped_quantity=units)
    status = {0: "in_progress", 3: "shipped"}.get(units, "partially_shipped")
    PurchaseOrder.objects.update(status=status, status_since=at)


def bill(bought, goods, *, reference="RE-1", freight=None, at=NOON):
    made = SupplierBill(
        supplier=bought.supplier,
        number=bought.number,
        reference=reference,
        currency="EUR",
        goods_amount=Decimal(goods),
        freight_amount=freight,
        billed_at=at,
    )
    return invoices.enter(bill=made, actor="zumrud", now=at)


def compare(*, after=0):
    """Compare the day that is over so many days after the order."""
    now = NOON + (after + 1) * DAY + DAY / 2
    day = reconciliation.day_of((NOON + after * DAY).date(), now=now)
    assert reconciliation.reconcile(day=day, moment=lambda: now).status == "reconciled"
    rows = MoneyDifference.objects.filter(status="open").order_by("pk")
    return [(row.kind, row.what, row.expected_amount, row.found_amount) for row in rows]


def match():
    return [one.match for one in SupplierBill.objects.order_by("pk")]


def test_a_bill_waits_for_its_shipment_and_matches_when_all_has_left(bought):
    assert bill(bought, "30.00").match == "new"

    assert (compare(), match()) == ([], ["waits"])
    ship(2)
    assert (compare(after=1), match()) == ([], ["waits"])
    ship(3)
    assert (compare(after=2), match()) == ([], ["matched"])


def test_billed_and_not_shipped_in_time_until_it_leaves(bought):
    terms(billed_ships_within_days=4)
    bill(bought, "30.00")
    ship(1)
    assert compare(after=2) == []

    found = compare(after=4)

    assert found == [("bill_unshipped", "goods", COST, 3 * COST)]
    assert match() == ["differs"]
    assert "have not left" in labels.to_do(MoneyDifference.objects.get())
    ship(3)
    assert (compare(after=5), match()) == ([], ["matched"])


def test_who_bills_each_parcel_when_it_leaves_charges_neither_less_nor_twice(bought):
    bill(bought, "10.00")
    ship(1)
    assert (compare(), match()) == ([], ["waits"])

    bill(bought, "20.00", reference="RE-2")
    ship(3)

    assert (compare(after=1), match()) == ([], ["matched", "matched"])


def test_less_than_what_left_is_no_bill_per_parcel(bought):
    bill(bought, "10.00")
    ship(2)

    assert compare() == [("bill_less", "goods", 3 * COST, COST)]


def test_shipped_and_never_billed_where_he_owes_a_bill(bought):
    ship(3)
    assert compare(after=3) == []  # nobody said that he bills what he ships
    terms(bills_within_days=5)
    assert compare(after=4) == []

    assert compare(after=5) == [("shipped_unbilled", "goods", 3 * COST, None)]
    bill(bought, "30.00", at=NOON + 7 * DAY)
    assert (compare(after=7), match()) == ([], ["matched"])


@pytest.mark.parametrize(
    ("percent", "amount", "billed", "is_other"),
    [
        ("0", "0", "30.01", True),
        ("1", "0", "30.30", False),
        ("1", "0", "30.31", True),
        ("1", "0.50", "29.50", False),
        ("1", "0.50", "29.49", True),
    ],
)
def test_what_staff_tolerate_of_him_is_no_difference(bought, percent, amount, billed, is_other):
    terms(bill_tolerance_percent=Decimal(percent), bill_tolerance_amount=Decimal(amount))
    ship(3)
    bill(bought, billed)

    assert bool(compare()) is is_other
    assert match() == ["differs" if is_other else "matched"]


def test_the_same_goods_billed_twice_are_found_by_what_they_come_to(bought):
    ship(3)
    bill(bought, "30.00")
    bill(bought, "30.00", reference="RE-2")

    assert compare() == [("bill_twice", "goods", 3 * COST, 6 * COST)]
    assert match() == ["differs", "differs"]


def test_what_staff_closed_is_said_beside_the_bill(bought):
    ship(3)
    bill(bought, "31.00")
    compare()

    difference = MoneyDifference.objects.get()
    resolution.settle(difference=difference, reason="a new price", actor="z", now=NOON + 3 * DAY)

    assert match() == ["settled"]


def test_a_bill_for_nothing_of_ours_says_so(bought):
    bill(bought, "5.00").delete()
    bought.number = "another"
    bill(bought, "5.00")

    compare()

    assert match() == ["unknown"]


def test_a_bill_that_is_withdrawn_counts_neither_way(bought):
    ship(3)
    first = bill(bought, "99.00")
    invoices.withdraw(bill=first, now=NOON)
    bill(bought, "30.00", reference="RE-2")

    assert (compare(), match()) == ([], ["new", "matched"])
