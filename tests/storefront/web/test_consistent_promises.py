"""All interfaces state the same availability, quantity and dates of one light."""

import random
from datetime import timedelta

import pytest

from catalog.models import Category, Channel, Listing, Product, Variant
from orders.models import Cart
from orders.routing import rules
from shipping.rates import quotes
from suppliers.inventory import publication
from suppliers.models import StockLevel, SupplierOffer
from tests.factories.catalog import NOON, make_channel
from tests.storefront.api.schema_client import Caller
from tests.storefront.web.fronts import GONE, SLUG, UNSAID, Fronts
from tests.storefront.web.supply import BOTH, OLD, PACKS, POST, build, far, near

pytestmark = pytest.mark.django_db

# Name: supply, country; then expected: sold out, maximum quantity, days for one unit, minimum
# quantity. Cases with a single source are in tests/shipping/availability.
CASES = {
    "stock of two suppliers adds up": (
        {"stock": [near(), far()], "routes": BOTH, "channel": {"max_split_locations": 2}},
        "DE", False, 29, "28–30 Nov", 1,
    ),
    "one of two suppliers does not ship there": (
        {
            "stock": [near(), far()],
            "routes": (("near", "DE", {**POST, "countries": ["DE"]}), BOTH[1]),
            "channel": {"max_split_locations": 2},
        },
        "FR", False, 20, "5–11 Dec", 1,
    ),
    "no route": (
        {"stock": [near()], "routes": (("near", "DE", {**POST, "countries": ["DE"]}),)},
        "FR", False, 0, None, None,
    ),
    "after the cut-off": (
        {"stock": [near(of_supplier={"cut_off_hour": 12})], "routes": BOTH[:1]},
        "DE", False, 9, "29 Nov\u2009–\u20091 Dec", 1,
    ),
    "cells packed with the light": (
        {
            "stock": [near(), far()],
            "routes": (("near", "DE", {**POST, "accepts_cells_with_equipment": False}), BOTH[1]),
            "variant": {"lithium": "with"},
        },
        "DE", False, 20, "5–11 Dec", 1,
    ),
    "minimum quantity and packs": (
        {"stock": [near(of_offer=PACKS)], "routes": BOTH[:1]}, "DE", False, 8, None, 8,
    ),
    "packs near, single units far": (
        {"stock": [near(of_offer=PACKS), far()], "routes": BOTH}, "DE", False, 20, "5–11 Dec", 1,
    ),
    "stock decayed to zero": (
        {"stock": [near(units=2, of_row=OLD)], "routes": BOTH[:1]}, "DE", True, 0, None, None,
    ),
    "two services at one price": (
        {
            "stock": [near()],
            "routes": (BOTH[0], ("near", "DE", {**POST, "tier": "express", "max_days": 3})),
        },
        "DE", False, 9, "28–29 Nov", 1,
    ),
}  # fmt: skip


def assert_same(fronts):
    """Assert that all interfaces agree; return their common statement."""
    statements = fronts.of_one()
    answer = fronts.availability()
    most, least = answer["max_quantity"], answer["higher_quantity"]
    assert_agreement(statements)
    if least is not None:
        for quantity in {least, most}:
            assert_agreement(in_carts := fronts.of_carts(quantity))
            assert in_carts["API line"].most == most
            if quantity == 1:
                assert_agreement({**statements, **in_carts})
    if most:
        assert fronts.carts_take(most) == {"web": 303, "API": 303}
        assert fronts.carts_take(most + 1) == {"web": most, "API": most}
    if statements["page"].is_sold_out:
        assert fronts.carts_take(1) == {"web": GONE, "API": GONE}
    return statements["page"].is_sold_out, most, statements["page"].days, least


def assert_agreement(statements):
    for field in ("is_sold_out", "most", "days", "packs"):
        values = {name: getattr(one, field) for name, one in statements.items()}
        stated = {name: one for name, one in values.items() if one != UNSAID}
        assert len(set(stated.values())) <= 1, (field, stated)


@pytest.mark.parametrize("name", CASES)
def test_all_interfaces_agree_and_are_right(customer, name):
    supply, country, *expected = CASES[name]
    listing = build(*supply["stock"], **{key: supply[key] for key in supply if key != "stock"})

    fronts = Fronts(customer, Caller(), listing, country)
    statement = assert_same(fronts)

    assert list(statement) == expected
    assert set(fronts.in_stock()) == {int(statement[1] > 0)}


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=pytest.mark.full if seed > 1 else ()) for seed in range(10)]
)
def test_all_interfaces_agree_on_any_supply(customer, seed):
    dice = random.Random(seed)
    pick = dice.choice

    def stock(code, place, country):
        supplier = {"lead_days": dice.randint(0, 4), "cut_off_hour": pick([None, 9, 12, 15])}
        offer = {"lead_days": pick([None, 1, 6]), "cost_amount": pick(["7.00", "8.00", "9.00"])}
        offer |= {"min_order_units": pick([1, 1, 3]), "pack_size": pick([1, 1, 2])}
        as_of = NOON - timedelta(hours=pick([0, 1, 5, 30]))
        level = {"safety_stock": pick([0, 0, 2]), "as_of": as_of}
        return code, place, country, dice.randint(0, 14), supplier, offer, level

    def route(code, place):
        first = dice.randint(1, 6)
        return (
            code,
            place,
            {
                "tier": pick(["economy", "express"]),
                "countries": pick([[], ["DE"], ["DE", "FR"]]),
                "base_amount": pick(["1.00", "4.90"]),
                "per_kg_amount": pick(["0.00", "6.00"]),
                "min_days": first,
                "max_days": first + dice.randint(0, 6),
                "max_weight_g": pick([300, 1500, 9000]),
                "accepts_cells_with_equipment": pick([True, True, False]),
                "max_cells": pick([None, 5]),
            },
        )

    places = [("near", "DE", "DE"), ("far", "CN", "CN"), ("far", "ES", "ES")]
    listing = build(
        *(stock(*place) for place in places),
        routes=[route(code, place) for code, place, _ in places for _ in range(dice.randint(1, 2))],
        channel={"safety_stock": pick([0, 1]), "max_split_locations": pick([1, 2, 3])},
        variant={"lithium": pick(["none", "inside", "with"])},
    )

    for country in ("DE", "FR"):
        fronts = Fronts(customer, Caller(), listing, country)
        _, most, *_ = assert_same(fronts)
        assert set(fronts.in_stock()) == {int(most > 0)}
        Cart.objects.all().delete()


def test_unprofitable_location_is_promised_nowhere_although_it_is_faster(customer):
    dear = near(of_offer={"cost_amount": "30.00"})
    listing = build(dear, far(), routes=BOTH)
    channel = make_channel()
    soonest = rules.create_draft(channel=channel, criteria=["days"], actor="ada", now=NOON)
    rules.activate(rules=soonest, actor="ada", now=NOON)

    losing = assert_same(Fronts(customer, Caller(), listing, "DE"))
    Cart.objects.all().delete()
    SupplierOffer.objects.filter(supplier__code="near").update(cost_amount="9.00")
    quotes.clear_cache()
    paying = assert_same(Fronts(customer, Caller(), listing, "DE"))

    assert losing == (False, 20, "5–11 Dec", 1)
    assert paying == (False, 20, "28–30 Nov", 1)


def test_without_a_chosen_country_all_interfaces_use_the_default(customer):
    """A cart without a country ships to the default country of the pages."""
    listing = build(near(), far(), routes=(("near", "DE", {**POST, "countries": ["FR"]}), BOTH[1]))
    make_channel()
    Channel.objects.update(default_country="FR")
    api = Caller()
    api.open_cart()

    cart = api.post("/api/v1/cart/lines/", {"listing_id": listing.pk}).json()
    page = customer.get(f"/en/p/{SLUG}/").content.decode()
    asked = api.get("/api/v1/availability/", {"sku": listing.variant.sku}).json()

    assert cart["country"] == asked["country"] == "FR"
    assert "Delivery to France" in page
    assert cart["lines"][0]["available"] == asked["availability"][0]["max_quantity"] == 20


def test_stock_changed_before_publication_is_stated_equally_everywhere(customer):
    listing = build(near(units=2), routes=BOTH[:1])
    fronts = Fronts(customer, Caller(), listing, "DE")
    Variant.objects.update(packed_weight_g=100)
    StockLevel.objects.update(reported_quantity=50)

    assert assert_same(fronts)[1] == 2

    StockLevel.objects.update(reported_quantity=0)
    Cart.objects.all().delete()
    quotes.clear_cache()
    assert assert_same(fronts) == (True, 0, None, None)
    assert Listing.objects.get().available == 2


@pytest.mark.parametrize("of", [Product, Category])
@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ("FR", (False, 0, None, None)),
        pytest.param("DE", (False, 9, "28–30 Nov", 1), marks=pytest.mark.full),
    ],
)
def test_all_interfaces_agree_on_a_country_restriction(customer, of, country, expected):
    listing = build(near(), routes=BOTH[:1])
    of.objects.update(restricted_countries=["FR"])
    publication.publish_pending(now=NOON)

    fronts = Fronts(customer, Caller(), listing, country)

    assert assert_same(fronts) == expected
    assert set(fronts.in_stock()) == {int(expected[1] > 0)}
