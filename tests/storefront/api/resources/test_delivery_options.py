"""Delivery options by API include the supplier's live freight for the postcode."""

from contextlib import contextmanager

import pytest

from orders.models import Order
from shipping.models import LiveRateLocation
from tests.shipping.rates.test_live_rates import option
from tests.storefront.api.schema_client import kind_of

pytestmark = pytest.mark.django_db

ISLAND, BERLIN = "27498", "10115"
# Price and total for live freight of 5 and 10 EUR, with tax and fees.
CHEAP, EXPENSIVE = ("6.13", "46.12"), ("12.27", "52.26")


class Ferry:
    """A supplier that charges more for an island."""

    def freight(self, *, ship_to, **_):
        return (option("10.00" if ship_to.postcode == ISLAND else "5.00"),)


@pytest.fixture(autouse=True)
def _live_freight(monkeypatch, listing):
    @contextmanager
    def adapter_for(_):
        yield Ferry()

    monkeypatch.setattr("suppliers.connections.factory.open_connector", adapter_for)
    LiveRateLocation.objects.create(location=listing.level.location)


def island_order(order_request, total):
    there = order_request["ship_to"] | {"postcode": ISLAND, "city": "Helgoland"}
    return order_request | {"ship_to": there, "total": {"amount": total, "currency": "EUR"}}


def shown(answer):
    (one,) = answer.json()["options"]
    return one["price"]["amount"], one["total"]["amount"]


def test_order_to_an_expensive_postcode_needs_the_new_total(api, cart, order_request):
    seen = shown(api.get(f"{cart}delivery/"))

    refused = api.post(f"{cart}checkout/", island_order(order_request, seen[1]), key="k1")
    placed = api.post(f"{cart}checkout/", island_order(order_request, EXPENSIVE[1]), key="k2")

    assert seen == CHEAP
    assert (refused.status_code, kind_of(refused)) == (409, "price-changed")
    assert refused.json()["total"] == {"amount": EXPENSIVE[1], "currency": "EUR"}
    assert placed.status_code == 201
    assert str(Order.objects.get().delivery_amount) == EXPENSIVE[0]


def test_delivery_options_for_a_postcode_have_its_total(api, cart, order_request):
    assert shown(api.get(f"{cart}delivery/", {"postcode": f" {ISLAND} "})) == EXPENSIVE
    assert shown(api.get(f"{cart}delivery/", {"postcode": BERLIN})) == CHEAP
    assert shown(api.get(f"{cart}delivery/", {"postcode": ""})) == CHEAP
    for postcode in ("1" * 21, "x" * 400):
        answer = api.get(f"{cart}delivery/", {"postcode": postcode})
        assert (answer.status_code, kind_of(answer)) == (400, "invalid-parameters")
        assert [each["parameter"] for each in answer.json()["errors"]] == ["postcode"]

    placed = api.post(f"{cart}checkout/", island_order(order_request, EXPENSIVE[1]), key="k1")

    assert placed.status_code == 201
