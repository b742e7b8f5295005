from functools import partial

import pytest

from orders.models import Cart, Order
from orders.payments import sessions
from suppliers.models import StockLevel
from tests.factories.api import ADMIN
from tests.storefront.api.schema_client import kind_of, pointers
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db
ORDERS = f"{ADMIN}orders/"


@pytest.fixture
def body(listing, order_request):
    return {
        "email": order_request["email"],
        "ship_to": order_request["ship_to"],
        "lines": [{"sku": listing.variant.sku, "quantity": 2}],
    }


def test_order_is_placed_once_with_a_payment_link(merchant, body):
    first, second = (merchant.post(ORDERS, body, key="n1") for _ in range(2))

    order, shown = Order.objects.get(), first.json()
    assert (first.status_code, shown["number"]) == (201, order.number)
    assert shown["total"] == {"amount": "84.88", "currency": "EUR"}
    assert shown["status"] == "pending_payment"
    assert shown["pay_url"] == order.payments.get().pay_url
    assert second.json() == shown
    assert StockLevel.objects.get().reserved == 2
    assert merchant.get(f"{ORDERS}{order.number}/").json()["channel"] == "shop"


def test_retry_after_a_crash_finds_the_order(merchant, body, monkeypatch):
    def die(**_):
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(sessions, "open_session", die)
        with pytest.raises(SystemExit):
            merchant.post(ORDERS, body, key="n1")

    answer = merchant.post(ORDERS, body, key="n1")

    order = Order.objects.get()
    assert (answer.json()["number"], answer.json()["pay_url"]) == (
        order.number,
        order.payments.get().pay_url,
    )


def test_wrong_orders_are_refused(merchant, body):
    unknown = {**body, "lines": [{"sku": "NOPE", "quantity": 1}]}
    other_channel = {**body, "channel": "none"}
    too_many = {**body, "lines": [{**body["lines"][0], "quantity": 6}]}
    dearer = {**body, "total": {"amount": "80.00", "currency": "EUR"}}
    by_drone = {**body, "delivery": "drone"}

    refusals = [
        merchant.post(ORDERS, each, key=f"n{number}")
        for number, each in enumerate((unknown, other_channel, too_many, dearer, by_drone))
    ]

    assert [(each.status_code, kind_of(each)) for each in refusals] == [
        (422, "unknown-sku"),
        (400, "invalid-fields"),
        (409, "insufficient-stock"),
        (409, "price-changed"),
        (409, "delivery-unavailable"),
    ]
    assert refusals[0].json()["skus"] == ["NOPE"]
    assert pointers(refusals[1]) == ["#/channel"]
    assert pointers(merchant.post(ORDERS, {**body, "lines": []}, key="n9")) == ["#/lines"]
    assert not Order.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_simultaneous_requests_place_one_order(merchant, body):
    all_at_once([partial(merchant.post, ORDERS, body, key="n1")] * 2, refusal=())

    assert (Order.objects.count(), Cart.objects.count()) == (1, 1)
