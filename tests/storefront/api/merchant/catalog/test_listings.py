"""Listings and price explanations: costs, margins and suppliers need a scope of their own."""

from decimal import Decimal

import pytest

from catalog.models import Listing
from storefront.api.models import Scope
from tests.factories.api import ADMIN, merchant_caller
from tests.factories.catalog import make_channel, make_listing, make_variant
from tests.factories.priced_shop import drafted, open_and_reprice, stock_shop
from tests.storefront.api.schema_client import kind_of, pointers

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

    shown, hidden = with_costs.get(path).json(), without.get(path).json()
    asked = without.get(path, {"fields": "cost"}).json()
    explained = without.get(f"{path}explanation/").json()

    assert shown["cost"]["amount"] == "10.00"
    assert {*shown} - {*hidden} == COSTS
    assert hidden["price"] == shown["price"]
    assert asked == {"id": listing.pk}
    assert not {"steps", "held_because"} & {*explained}
    assert [{*rule} for rule in explained["rules"]] == [{"book_version", "number"}]


def test_explanation_lists_the_steps_of_the_calculation(merchant, listing):
    explained = merchant.get(f"{LISTINGS}{listing.pk}/explanation/").json()

    amounts = {step["code"]: step["amount"] for step in explained["steps"]}
    assert amounts["wholesale"] == "10.00"
    assert amounts["price"] == explained["price"] == str(listing.price_amount)
    assert explained["held_because"] == ""


def test_unknown_listing_is_not_found(merchant):
    answer = merchant.get(f"{LISTINGS}1/explanation/")

    assert (answer.status_code, kind_of(answer)) == (404, "object-not-found")


def test_price_is_fixed_and_released(merchant, listing):
    path = f"{LISTINGS}{listing.pk}/price/"

    fixed = merchant.call("PUT", path, body={"amount": "29.50", "currency": "EUR"}).json()
    low = merchant.call("PUT", path, body={"amount": "1.00", "currency": "EUR"}).json()
    released = merchant.call("DELETE", path).json()

    assert (fixed["result"], fixed["reason"]) == ("applied", "")
    assert fixed["listing"]["price"]["amount"] == "29.50"
    assert (low["result"], low["reason"]) == ("adjusted", "Raised to the minimum margin")
    assert float(low["listing"]["price"]["amount"]) > 10
    assert released["listing"]["fixed_price"] is None


def test_price_in_another_currency_or_for_a_changed_listing_is_refused(merchant, listing):
    path = f"{LISTINGS}{listing.pk}/"
    body = {"amount": "29.50", "currency": "EUR"}
    etag = merchant.get(path).headers["etag"]

    other = merchant.call("PUT", f"{path}price/", body=body | {"currency": "USD"})
    first = merchant.call("PUT", f"{path}price/", body=body, headers={"if-match": etag})
    stale = merchant.call("PUT", f"{path}price/", body=body, headers={"if-match": etag})

    assert pointers(other) == ["#/currency"]
    assert (first.status_code, stale.status_code) == (200, 412)


def test_held_price_says_why(merchant, listing):
    open_and_reprice(drafted("0.30", max_change_per_run=Decimal("0.10")))
    path = f"{LISTINGS}{listing.pk}/price/"

    shown = merchant.call("PUT", path, body={"amount": "900.00", "currency": "EUR"}).json()

    assert (shown["result"], shown["reason"]) == ("held", "Held: changes too much at once")
