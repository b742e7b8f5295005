"""A supplier reports a later ship date or a higher price on its page."""

from decimal import Decimal

import pytest

from orders.models import Backorder, PaymentEvent, PurchaseLine
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_sent_purchase_order
from tests.storefront.supplier_portal.client import fresh, path_of, post
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db


def accept(client, purchase_order, *, ships_by="", costs=()):
    lines = list(purchase_order.lines.order_by("pk"))
    given = {f"line_{line.order_line_id}": "ship" for line in lines}
    for line, cost in zip(lines, costs, strict=False):
        given[f"cost_{line.order_line_id}"] = cost
    return post(client, purchase_order, "answer/", **given, ships_by=ships_by)


def test_later_date_is_stored_and_the_customer_will_be_asked(client):
    purchase_order = make_sent_purchase_order()

    accept(client, purchase_order, ships_by="2026-12-10")

    assert fresh(purchase_order).status == "in_progress"
    backorder = Backorder.objects.get()
    assert (backorder.kind, f"{backorder.ships_by}") == ("later", "2026-12-10")


@pytest.mark.parametrize("day", ["2026-11-23", "2027-11-24", "soon", "2026-02-31"])
def test_invalid_date_shows_an_error_and_changes_nothing(client, day):
    purchase_order = make_sent_purchase_order()

    response = accept(client, purchase_order, ships_by=day)

    assert response.status_code == 422
    assert Page(response).text.count("Enter a date") >= 1
    assert fresh(purchase_order).status == "ready"
    assert not Backorder.objects.exists()


def test_profitable_price_is_accepted(client):
    purchase_order = make_sent_purchase_order(make_sellable(price="39.99", cost="10.00"))

    accept(client, purchase_order, costs=["12.50"])

    assert fresh(purchase_order).status == "in_progress"
    assert PurchaseLine.objects.get().agreed_cost_amount == Decimal("12.50")
    assert PaymentEvent.objects.filter(kind="capture_requested").count() == 1


def test_unprofitable_price_is_rerouted(client):
    purchase_order = make_sent_purchase_order(make_sellable(price="39.99", cost="10.00"))

    accept(client, purchase_order, costs=["45.00"])

    assert fresh(purchase_order).status == "canceled"
    assert Backorder.objects.get().kind == "refused"
    assert PurchaseLine.objects.get().agreed_cost_amount == Decimal("10.00")
    assert not PaymentEvent.objects.filter(kind="capture_requested").exists()
    page = Page(client.get(path_of(purchase_order)))
    assert "Please do not ship it" in page.text


def test_price_with_unknown_profit_is_not_accepted(client):
    purchase_order = make_sent_purchase_order(make_sellable(price="39.99", cost="10.00"))
    PurchaseLine.objects.update(cost_currency="USD")

    accept(client, purchase_order, costs=["12.50"])

    assert fresh(purchase_order).status == "canceled"


@pytest.mark.parametrize("price", ["-1", "0", "abc", "1e9", "12.505"])
def test_invalid_price_shows_an_error_and_changes_nothing(client, price):
    purchase_order = make_sent_purchase_order()

    response = accept(client, purchase_order, costs=[price])

    assert response.status_code == 422
    assert "Enter a price such as 12.50" in Page(response).text
    assert fresh(purchase_order).status == "ready"


def test_rounding_difference_is_no_new_price(client):
    purchase_order = make_sent_purchase_order(make_sellable(price="39.99", cost="10.00"))

    accept(client, purchase_order, costs=["10.10"])

    assert fresh(purchase_order).status == "in_progress"
    assert PurchaseLine.objects.get().agreed_cost_amount == Decimal("10.00")


def test_accepted_order_keeps_its_price(client):
    purchase_order = make_accepted_purchase_order(make_sellable(price="39.99", cost="10.00"))

    accept(client, purchase_order, costs=["45.00"])

    assert fresh(purchase_order).status == "in_progress"
    assert PurchaseLine.objects.get().agreed_cost_amount == Decimal("10.00")
