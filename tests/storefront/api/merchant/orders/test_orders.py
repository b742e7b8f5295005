from datetime import timedelta

import pytest

from orders.models import Order
from storefront.api.models import Scope
from tests.factories.accounts import make_shopper
from tests.factories.api import ADMIN, merchant_caller
from tests.factories.orders import make_order, make_paid_order, make_purchase_orders, make_sellable
from tests.factories.returns import declare, make_delivered
from tests.factories.suppliers import NOON
from tests.storefront.api.schema_client import kind_of

pytestmark = pytest.mark.django_db
ORDERS = f"{ADMIN}orders/"
EVERYTHING = "lines,payments,purchase_orders,parcels,returns"


def numbers(answer):
    return [row["number"] for row in answer.json()["results"]]


def test_orders_are_listed_by_cursor_newest_first(merchant):
    listing = make_sellable(quantity=9)
    made = [make_order(listing, email=f"{number}@example.org").number for number in range(3)]

    first = merchant.get(ORDERS, {"limit": "2"})
    second = merchant.follow(first.json())

    assert numbers(first) + numbers(second) == made[::-1]
    assert second.json()["next"] is None


def test_list_takes_a_constant_number_of_statements(merchant, django_assert_max_num_queries):
    listing = make_sellable(quantity=30)
    for number in range(2):
        declare(make_delivered(listing, email=f"{number}@example.org"), 1)

    with django_assert_max_num_queries(20) as two:
        shown = merchant.get(ORDERS, {"expand": EVERYTHING}).json()["results"]
    declare(make_delivered(listing, email="3@example.org"), 1)
    with django_assert_max_num_queries(len(two)):
        merchant.get(ORDERS, {"expand": EVERYTHING})

    for order in shown:
        assert [len(order[name]) for name in EVERYTHING.split(",")] == [1, 1, 1, 1, 1]
        assert order["parcels"][0]["lines"][0]["quantity"] == 3


def test_order_shows_amounts_lines_and_progress(merchant):
    order = make_delivered()

    shown = merchant.get(f"{ORDERS}{order.number}/", {"expand": "lines,payments"}).json()

    (line,), (payment,) = shown["lines"], shown["payments"]
    assert shown["total"] == {"amount": "124.87", "currency": "EUR"}
    assert (shown["payment_status"], shown["fulfillment_status"]) == ("paid", "delivered")
    assert (line["quantity"], line["delivered"], line["charge"]["amount"]) == (3, 3, "119.97")
    assert line["unit_cost"] == {"amount": "10.00", "currency": "EUR"}
    assert (payment["status"], payment["captured"]["amount"]) == ("captured", "124.87")
    assert shown["ship_to"]["city"] == "Berlin"
    assert shown["country"] == "DE"


def test_filters(merchant):
    listing = make_sellable(quantity=9)
    user = make_shopper()
    mine = make_paid_order(listing, email=user.email)
    theirs = make_order(listing, email="Other@example.org", now=NOON - timedelta(hours=1))

    def found(**query):
        return numbers(merchant.get(ORDERS, query))

    assert found(status="placed") == found(customer=str(user.pk)) == [mine.number]
    assert found(email="other@EXAMPLE.org") == found(number=theirs.number) == [theirs.number]
    assert found(channel="shop") == [theirs.number, mine.number]
    assert found(channel="other") == found(customer="0" * 3 + "9999") == []
    assert found(placed_since=NOON.isoformat()) == [mine.number]
    assert found(updated_since=(NOON + timedelta(seconds=1)).isoformat()) == []
    refused = merchant.get(ORDERS, {"status": "shipped"})
    assert (refused.status_code, kind_of(refused)) == (400, "invalid-parameters")


def test_change_of_a_part_updates_the_order(merchant):
    (purchase_order,) = make_purchase_orders()
    later = NOON + timedelta(hours=1)
    query = {"updated_since": later.isoformat()}
    assert numbers(merchant.get(ORDERS, query)) == []

    purchase_order.move("on_hold", at=later)

    (shown,) = merchant.get(ORDERS, query).json()["results"]
    assert (shown["number"], shown["updated_at"]) == (
        purchase_order.order.number,
        "2026-11-24T13:00:00Z",
    )


def test_timeline_lists_changes_of_the_order_and_its_parts(merchant):
    order = make_delivered()

    changes = merchant.get(f"{ORDERS}{order.number}/status-changes/").json()["results"]

    seen = [(change["subject"], change["to_status"]) for change in changes]
    assert seen[0] == ("orders.Payment", "requires_action")
    assert {("orders.Order", "placed"), ("orders.PurchaseOrder", "in_progress")} < set(seen)
    assert ("shipping.Parcel", "delivered") in seen


def test_personal_data_and_costs_need_their_scopes():
    make_delivered()
    caller = merchant_caller(Scope.ORDERS_READ)

    (shown,) = caller.get(ORDERS, {"expand": "lines,purchase_orders"}).json()["results"]
    refused = caller.get(ORDERS, {"email": "erika@example.org"})

    assert not {"email", "ship_to"} & set(shown)
    assert not {"unit_cost", "landed_cost", "fees"} & set(shown["lines"][0])
    (purchase_order,) = shown["purchase_orders"]
    assert not {"supplier", "freight", "hold_reasons", "ship_to"} & set(purchase_order)
    assert not {"unit_cost", "supplier_sku"} & set(purchase_order["lines"][0])
    assert (refused.status_code, refused.json()["scope"]) == (403, "customers:read")


def test_reasons_of_purchase_orders_need_the_scope_of_costs(merchant):
    (purchase_order,) = make_purchase_orders(make_sellable())
    reason = "cost 10.00 EUR when sold, 12.00 EUR now."
    purchase_order.move("on_hold", at=NOON, reason=reason, actor="supplier lumen")
    path = f"{ORDERS}{purchase_order.order.number}/status-changes/"

    hidden = merchant_caller(Scope.ORDERS_READ, name="b").get(path).json()["results"]

    assert "12.00 EUR now" in merchant.get(path).content.decode()
    assert {row["subject"] for row in hidden if "reason" not in row} == {"orders.PurchaseOrder"}
    assert "12.00" not in str(hidden)
    assert "lumen" not in str(hidden)
    assert "supplier" in {row["actor"] for row in hidden}


def test_unknown_number_is_not_found(merchant):
    for path in ("orders/FL-1/", "orders/FL-1/status-changes/", "orders/FL-1/notifications/"):
        answer = merchant.get(f"{ADMIN}{path}")
        assert (answer.status_code, kind_of(answer)) == (404, "object-not-found")
    for path in ("purchase-orders/1/", "parcels/1/", "returns/1/", "refunds/1/", "customers/1/"):
        assert kind_of(merchant.get(f"{ADMIN}{path}")) == "object-not-found"


def test_notifications_of_an_order_hide_the_recipient():
    order = make_delivered()
    path = f"{ORDERS}{order.number}/notifications/"
    assert Order.objects.count() == 1

    answer = merchant_caller(Scope.ORDERS_READ).get(path)

    assert answer.status_code == 200
    assert all("recipient" not in row for row in answer.json()["results"])
