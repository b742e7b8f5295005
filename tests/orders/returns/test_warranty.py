"""Warranty: how long complaints are possible, for customers and with suppliers."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from catalog.models import Product
from orders.models import Order, OrderLine, PurchaseOrder, ReturnAuthorization, SupplierReturn
from orders.returns import eligibility, supplier_returns
from orders.returns.supplier_returns import SupplierReturnError
from storefront.dashboard.inbox import query
from tests.factories.orders import make_sellable
from tests.factories.returns import bring_back, declare, make_delivered, make_policy
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("months", "last"),
    [(None, "2028-11-24"), (12, "2028-11-24"), (36, "2029-11-24"), (25, "2028-12-24")],
)
def test_the_legal_warranty_is_the_minimum(months, last):
    assert eligibility.warranty_until(NOON, months=months).isoformat() == last


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2028, 2, 29), 24, date(2030, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 5, 5), 0, date(2026, 5, 5)),
    ],
)
def test_a_shorter_month_ends_on_its_last_day(day, months, then):
    assert eligibility.months_after(day, months) == then


def complaint_units(order, *, days):
    order = Order.objects.get(pk=order.pk)
    return eligibility.find_returnable(order=order, now=NOON + timedelta(days=days)).complaint_units


def test_the_longer_manufacturer_warranty_of_sale_and_today_counts():
    light = make_sellable(quantity=9)
    Product.objects.update(guarantee_months=60)
    order = make_delivered(light, quantity=1)
    (line,) = order.lines.all()
    Product.objects.update(guarantee_months=None)  # the warranty at sale remains

    assert line.guarantee_months == 60
    assert complaint_units(order, days=5 * 365) == {line.pk: 1}
    assert complaint_units(order, days=5 * 366) == {}
    Product.objects.update(guarantee_months=72)
    assert complaint_units(order, days=5 * 366) == {line.pk: 1}
    assert eligibility.warranty_months(OrderLine.objects.get()) == 72


def inspected_complaint(*, complained_after, kind="defect", **policy):
    """Make a return of items whose complaint came ``complained_after`` days after delivery."""
    make_policy(**policy)
    order = make_delivered(quantity=2)
    made = declare(order, 1, kind=kind, customer_message="Dead.", ignore_deadlines=True)
    bring_back(made, state="damaged")
    arrived = NOON - timedelta(days=complained_after)
    PurchaseOrder.objects.update(status="closed", status_since=arrived)
    return ReturnAuthorization.objects.get(pk=made.pk)


def open_for(made):
    return supplier_returns.open_for_return(authorization=made, actor="ann", now=NOON)


def causes():
    return {row.cause.code for row in query.load_items(now=NOON)}


def test_a_defect_within_the_supplier_warranty_is_claimed():
    made = inspected_complaint(complained_after=365, warranty_months=12, accepts_returns=False)

    assert "Covered by the supplier's warranty" in supplier_returns.terms_text(made)
    assert "return_to_supplier" in causes()
    assert open_for(made).expected_amount == Decimal(10)


def test_a_later_defect_is_not_owed_and_staff_see_why():
    made = inspected_complaint(complained_after=366, warranty_months=12, accepts_returns=True)

    assert not supplier_returns.can_open(made)
    assert "Not covered" in supplier_returns.terms_text(made)
    assert not {"return_to_supplier", "return_to_supplier_late"} & causes()
    with pytest.raises(SupplierReturnError, match="Not covered"):
        open_for(made)
    assert not SupplierReturn.objects.exists()


def test_a_withdrawal_ignores_the_supplier_warranty():
    made = inspected_complaint(
        complained_after=400, kind="withdrawal", warranty_months=12, accepts_returns=True
    )

    assert supplier_returns.can_open(made)
    assert "accepts the return" in supplier_returns.terms_text(made)


def test_without_a_supplier_warranty_the_return_policy_applies():
    made = inspected_complaint(complained_after=1000, accepts_returns=True)

    assert open_for(made)


def test_items_not_arrived_are_owed():
    made = inspected_complaint(complained_after=1000, warranty_months=1)
    PurchaseOrder.objects.update(status="shipped")

    made.purchase_order.refresh_from_db()
    assert "starts on delivery" in supplier_returns.terms_text(made)
    assert supplier_returns.can_open(made)


def test_a_kept_item_is_claimed_within_the_supplier_warranty():
    made = inspected_complaint(complained_after=366, warranty_months=12)
    ReturnAuthorization.objects.update(
        status="refunded", destination="nowhere", due_amount=0, refund_amount=0
    )
    assert made.kind == "defect"

    assert "return_to_claim" not in causes()
    PurchaseOrder.objects.update(status_since=NOON - timedelta(days=300))
    assert "return_to_claim" in causes()


def test_the_last_day_is_included():
    until = eligibility.warranty_until(datetime(2026, 11, 24, tzinfo=UTC), months=36)

    assert not eligibility.is_window_over(until, datetime(2029, 11, 24, 23, 59, tzinfo=UTC))
    assert eligibility.is_window_over(until, datetime(2029, 11, 25, tzinfo=UTC))
