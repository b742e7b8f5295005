from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from catalog.models import Variant
from orders.routing import stock_query
from shipping.rates import quotes
from tests.factories.catalog import make_channel
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON, make_level, make_location

pytestmark = pytest.mark.django_db


def plan_of(*listings, quantity=1, country="DE"):
    lines = [(listing.variant_id, quantity) for listing in listings]
    return stock_query.plan_sources(lines=lines, channel=make_channel(), country=country, now=NOON)


def quoted(plan):
    return quotes.quote_plan(plan=plan, country="DE", now=NOON, pieces=Variant.objects.in_bulk())


def reasons(plan):
    return quotes.refusal_reasons(
        plan=plan, country="DE", now=NOON, pieces=Variant.objects.in_bulk()
    )


def sellable(quantity=50, **variant):
    listing = make_sellable(quantity=quantity)
    for name, value in variant.items():
        setattr(listing.variant, name, value)
    listing.variant.save()
    return listing


def test_each_tier_uses_its_cheapest_route_and_counts_lead_days():
    listing = sellable(packed_weight_g=500)
    make_service(code="post", base_amount="3.00", per_kg_amount="4.00", min_days=3, max_days=6)
    make_service(code="dear", base_amount="9.00", min_days=1, max_days=2)
    make_service(code="air", tier="express", base_amount="12.50", min_days=1, max_days=2)

    economy, express = quoted(plan_of(listing))

    assert (economy.tier, economy.parcels[0].service_code) == ("economy", "post")
    assert str(economy.price) == "5.00 EUR"
    # NOON is 24 November; lead time is two days
    assert (economy.arrives_from, economy.arrives_to) == (date(2026, 11, 29), date(2026, 12, 2))
    assert (express.tier, str(express.price)) == ("express", "12.50 EUR")
    assert economy.parcels[0].accepts == ("inside", "with")


def test_a_route_can_deliver_free():
    listing = sellable()
    make_service(base_amount="0.00")

    (quote,) = quoted(plan_of(listing))

    assert not quote.price


def test_a_spare_cell_ships_only_by_routes_for_loose_cells():
    listing = sellable(lithium="alone", cell_wh=Decimal("12.6"), cell_count=1)
    make_service(code="post", base_amount="1.00")
    make_service(code="road", base_amount="8.00", accepts_cells_alone=True)

    (quote,) = quoted(plan_of(listing))

    assert quote.parcels[0].service_code == "road"


def test_one_parcel_without_a_tier_does_not_remove_the_tier():
    light = sellable()
    far = make_location(code="CN", country="CN")
    spare = sellable(lithium="alone", cell_wh=Decimal("12.6"), cell_count=1)
    spare.level.location = far
    spare.level.save()
    make_service(code="de-post", base_amount="4.00")
    make_service(code="de-air", tier="express", base_amount="9.00")
    make_service(far, code="cn-road", base_amount="6.00", accepts_cells_alone=True)

    economy, express = quoted(plan_of(light, spare))

    assert [parcel.service_code for parcel in economy.parcels] == ["de-post", "cn-road"]
    assert [parcel.service_code for parcel in express.parcels] == ["de-air", "cn-road"]
    assert str(express.price) == "15.00 EUR"


@pytest.mark.parametrize(
    ("service", "variant", "code", "words"),
    [
        ({"countries": ["FR"]}, {}, "no_route", "We have no delivery method within Germany."),
        ({}, {"packed_weight_g": 2500}, "weight", "too heavy"),
        ({}, {"lithium": "alone"}, "way", "loose lithium batteries"),
        ({}, {"cell_wh": Decimal("21.6")}, "cell_energy", "a battery cell this large"),
        ({}, {"cell_wh": Decimal(15), "cell_count": 8}, "battery_energy", "a battery this large"),
        ({"max_cells": 2}, {"cell_count": 3}, "cell_count", "Order fewer at a time"),
        ({}, {"cell_wh": None}, "energy_unknown", "does not state the battery energy"),
        ({"is_active": False}, {}, "no_route", "no delivery method"),
        ({"currency": "USD"}, {}, "no_route", "no delivery method"),
    ],
)
def test_an_undeliverable_parcel_is_not_quoted_and_explained(service, variant, code, words):
    listing = sellable(**variant)
    make_service(**service)
    plan = plan_of(listing)

    (reason,) = reasons(plan)

    assert quoted(plan) == []
    assert (reason.code, reason.tier) == (code, "")
    assert words in reason.sentence


def test_a_missing_tier_is_explained_and_the_other_quoted():
    listing = sellable()
    make_service()
    plan = plan_of(listing)

    (reason,) = reasons(plan)

    assert [quote.tier for quote in quoted(plan)] == ["economy"]
    assert (reason.tier, reason.code) == ("express", "no_route")
    assert reason.sentence == "Express delivery is not available within Germany."


def test_reasons_are_in_the_customers_language():
    make_service(countries=["FR"])
    plan = plan_of(sellable())

    with translation.override("az"):
        (reason,) = reasons(plan)

    assert "Almaniya" in reason.sentence
    assert "no delivery method" not in reason.sentence


def test_the_plan_uses_the_source_of_the_promise():
    listing = sellable()
    listing.level.location = make_location(code="CN", country="CN")
    listing.level.save()
    make_level(listing.level.offer, location=make_location(code="DE", country="DE"))

    (parcel,) = plan_of(listing, country="FR").parcels

    assert parcel.country == "DE"


def test_a_quote_needs_one_query_beside_the_routes(django_assert_num_queries):
    listings = [sellable() for _ in range(5)]
    make_service(max_weight_g=5000)
    plan = plan_of(*listings)

    with django_assert_num_queries(2):
        assert quoted(plan)
