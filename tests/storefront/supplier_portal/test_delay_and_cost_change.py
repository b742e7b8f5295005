"""A supplier who can ship it only later, or wants more for it, says so on his page."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders.models import PaymentEvent, PurchaseLine, Setback
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


def test_a_later_day_is_kept_and_the_shopper_will_be_asked(client):
    purchase_order = make_sent_purchase_order()

    accept(client, purchase_order, ships_by="2026-12-10")

    assert fresh(purchase_order).status == "in_progress"
    setback = Setback.objects.get()
    assert (setback.kind, f"{setback.ships_by}") == ("later", "2026-12-10")


@pytest.mark.parametrize("day", ["2026-11-23", "2027-11-24", "soon", "2026-02-31"])
def test_a_day_that_is_none_or_too_far_is_said_and_nothing_is_changed(client, day):
    purchase_order = make_sent_purchase_order()

    response = accept(client, purchase_order, ships_by=day)

    assert response.status_code == 422
    assert Page(response).text.count("Enter a day") >= 1
    assert fresh(purchase_order).status == "ready"
    assert not Setback.objects.exists()


def test_a_price_that_still_earns_is_agreed_to(client):
    purchase_order = make_sent_purchase_order(make_sellable(price="39.99", cost="10.00"))

    accept(client, purchase_order, costs=["12.50"])

    assert fresh(purchase_order).status == "in_progress"
    assert PurchaseLine.objects.get().agreed_cost_amount == Decimal("12.50")
    assert PaymentEvent.objects.filter(kind="capture_requested").count() == 1


def test_a_price_that_loses_is_not_bought_and_is_looked_for_elsewhere(client):
    purchase_order = make_sent_purchase_order(make_sellable(price="39.99", cost="10.00"))

    accept(client, purchase_order, costs=["45.00"])

    assert fresh(purchase_order).status == "canceled"
    assert Setback.objects.get().kind == "refused"
    assert PurchaseLine.objects.get().agreed_cost_amount == Decimal("10.00")
    assert not PaymentEvent.objects.filter(kind="capture_requested").exists()
    page = Page(client.get(path_of(purchase_order)))
    assert "Please do not ship it" in page.text


def test_a_price_of_which_nobody_can_say_what_it_earns_is_not_agreed_to(client):
    purchase_order = make_sent_purchase_order(make_sellable(price="39.99", cost="10.00"))
    PurchaseLine.objects.update(cost_currency="USD")

    accept(client, purchase_order, costs=["12.50"])

    assert fresh(purchase_order).status == "canceled"


@pytest.mark.parametrize("price", ["-1", "0", "abc", "1e9", "12.505"])
def test_a_price_that_is_none_is_said_and_nothing_is_changed(client, price):
    purchase_order = make_sent_purchase_order()

    response = accept(client, purchase_order, costs=[price])

    assert response.status_code == 422
    assert "Enter a price such as 12.50" in Page(response).text
    assert fresh(purchase_order).status == "ready"


def test_cents_of_drift_are_no_new_price(client):
    purchase_order = make_sent_purchase_order(make_sellable(price="39.99", cost="10.00"))

    accept(client, purchase_order, costs=["10.10"])

    assert fresh(purchase_order).status == "in_progress"
    assert PurchaseLine.objects.get().agreed_cost_amount == Decimal("10.00")


def test_what_he_accepted_has_its_price(client):
    purchase_order = make_accepted_purchase_order(make_sellable(price="39.99", cost="10.00"))

    accept(client, purchase_order, costs=["45.00"])

    assert fresh(purchase_order).status == "in_progress"
    assert PurchaseLine.objects.get().agreed_cost_amount == Decimal("10.00")
