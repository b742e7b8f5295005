"""Open order limits by API: the token of the last cart identifies the customer."""

import pytest

from orders.checkout import network_limits
from orders.models import Order
from storefront.lib.security import client_ip
from suppliers.models import StockLevel
from tests.storefront.api.schema_client import CART, kind_of

pytestmark = pytest.mark.django_db


def order_again(api, order_request, listing, **opened):
    token = api.open_cart({"country": "DE", **opened})
    api.post(f"{CART}lines/", {"listing_id": listing.pk})
    return api.post(f"{CART}checkout/", order_request, key=f"k-{token}")


def test_previous_cart_token_releases_its_unpaid_order(api, cart, order_request, listing):
    api.post(f"{cart}checkout/", order_request, key="k1")

    for _ in range(2):
        last = Order.objects.latest("pk").cart.token
        answer = order_again(api, order_request, listing, previous_token=last)
        assert answer.status_code == 201

    assert Order.objects.earliest("pk").status == Order.Status.CANCELED
    assert StockLevel.objects.get().reserved == 1


@pytest.mark.parametrize("token", ["", "x" * 43])
def test_unknown_previous_cart_is_another_customer(api, cart, order_request, listing, token):
    api.post(f"{cart}checkout/", order_request, key="k1")

    order_again(api, order_request, listing, previous_token=token)

    assert Order.objects.filter(status=Order.Status.PENDING_PAYMENT).count() == 2


def test_client_without_cookie_is_limited_by_network(api, order_request, listing, monkeypatch):
    monkeypatch.setattr(network_limits, "MAX_OPEN", 1)

    def order_from(address):
        monkeypatch.setattr(client_ip, "client_address", lambda _request: address)
        return order_again(api, order_request, listing)

    order_from("203.0.113.7")
    answer = order_from("203.0.113.8")

    assert (answer.status_code, kind_of(answer)) == (409, "open-order-limit-exceeded")
    assert answer.json()["until"]
    assert Order.objects.count() == 1
    assert order_from("2001:db8::1").status_code == 201
