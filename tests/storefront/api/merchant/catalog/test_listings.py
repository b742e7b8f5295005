"""Listings and price explanations: costs, margins and suppliers need a scope of their own."""

import pytest

from catalog.models import Listing
from storefront.api.models import Scope
from tests.factories.api import ADMIN, merchant_caller
from tests.factories.catalog import make_channel, make_listing, make_variant
from tests.factories.priced_shop import stock_shop
from tests.storefront.api.schema_client import kind_of

pytestmark = pytest.mark.django_db
LISTINGS = f"{ADMIN}listings/"
COSTS = {"cost", "landed_cost", "break_even_price", "floor_price", "supplier"}


@pytest.fixture
def listing():
    """A listing whose price a rule made from its cost."""
    stock_shop("10.00")
    return Listing.objects.get()


def test_listings_are_filtered_by_channel_and_sku(merchant):
    variant = make_variant(sku="HL-1")
    shop = make_listing(variant)
    other = make_listing(variant, channel=make_channel(code="shop-az", currency="AZN"))
    make_listing(make_variant())

    of_channel = merchant.get(LISTINGS, {"channel": "shop-az"}).json()["results"]
    of_sku = merchant.get(LISTINGS, {"sku": "HL-1"}).json()["results"]

    assert [row["id"] for row in of_channel] == [other.pk]
    assert [row["id"] for row in of_sku] == [shop.pk, other.pk]
    assert of_channel[0]["price"]["currency"] == "AZN"


def test_costs_and_suppliers_need_their_scope(listing):
    with_costs = merchant_caller(Scope.PRICES_READ, Scope.COSTS_READ, name="a")
    without = merchant_caller(Scope.PRICES_READ, name="b")
    path = f"{LISTINGS}{listing.pk}/"

    told, hidden = with_costs.get(path).json(), without.get(path).json()
    asked = without.get(path, {"fields": "cost"}).json()
    explained = without.get(f"{path}explanation/").json()

    assert told["cost"]["amount"] == "10.00"
    assert {*told} - {*hidden} == COSTS
    assert hidden["price"] == told["price"]
    assert asked == {"id": listing.pk}
    assert "steps" not in explained
    assert explained["rules"][0]["number"] == 1


def test_explanation_lists_the_steps_of_the_calculation(merchant, listing):
    explained = merchant.get(f"{LISTINGS}{listing.pk}/explanation/").json()

    amounts = {step["code"]: step["amount"] for step in explained["steps"]}
    assert amounts["wholesale"] == "10.00"
    assert amounts["price"] == explained["price"] == str(listing.price_amount)
    assert explained["held_because"] == ""


def test_unknown_listing_is_not_found(merchant):
    answer = merchant.get(f"{LISTINGS}1/explanation/")

    assert (answer.status_code, kind_of(answer)) == (404, "not-found")
