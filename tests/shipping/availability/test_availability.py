"""Availability: quantities and promises on pages are those that checkout accepts."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from catalog.models import Channel, Listing
from orders.cart import carts
from orders.checkout import checkout
from shipping.availability import availability, reach
from shipping.rates import quotes
from suppliers.models import StockLevel, Supplier, SupplierOffer
from suppliers.shipping_services.selection import (
    max_units,
    parcel_load,
    reasons_against,
)
from tests.factories.catalog import make_channel
from tests.factories.orders import HOME, make_sellable
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier
from tests.support.matrices import thinned

pytestmark = pytest.mark.django_db

PLACES = (("CN", "CN"), ("DE", "DE"), ("ES", "ES"))


def ask(listing, *, country="DE", quantity=1, by=None, now=NOON):
    found = availability.check_variants(
        variant_ids=[listing.variant_id],
        country=country,
        channel=listing.channel,
        quantity=quantity,
        by=by,
        now=now,
    )
    return found[listing.variant_id]


def quoted(listing, quantity, *, country="DE", by=None, now=NOON):
    """Plan and quote a quantity as a cart would."""
    listing.refresh_from_db()
    plan = reach.load_reach(
        pieces={listing.variant_id: listing.variant},
        listed={listing.variant_id: listing.available},
        channel=listing.channel,
        country=country,
        by=by,
        now=now,
    ).plan([(listing.variant_id, quantity)])
    if plan.missing:
        return []
    pieces = {listing.variant_id: listing.variant}
    return quotes.quote_plan(plan=plan, country=country, by=by, now=now, pieces=pieces)


def test_a_location_without_a_route_does_not_count():
    listing = make_sellable(quantity=5)
    far = make_location(code="CN", country="CN")
    make_level(listing.level.offer, 50, far)
    Listing.objects.update(available=50)
    make_service(countries=["DE"])

    assert (ask(listing).most, ask(listing, country="FR").most) == (5, 0)
    make_service(far, code="world")
    quotes.clear_cache()
    assert ask(listing, country="FR").most == 14  # 2 kg of 140 g


def test_a_parcel_is_limited_by_battery_rules_weight_and_cells():
    listing = make_sellable(quantity=50)
    make_service(max_cells=4)
    make_service(code="none", accepts_cells_in_equipment=False, max_weight_g=90_000)

    found = ask(listing, quantity=6)

    assert (found.most, found.promise, found.fewer, found.more) == (4, None, 4, None)


def test_packs_are_sold_in_multiples_of_the_pack_size():
    listing = make_sellable(quantity=11)
    make_service(max_weight_g=90_000)
    SupplierOffer.objects.update(min_order_units=6, pack_size=4)

    answers = {number: ask(listing, quantity=number) for number in (1, 8, 9)}

    assert [(one.most, one.fewer, one.more) for one in answers.values()] == [
        (8, 0, 8),
        (8, 8, 8),
        (8, 8, None),
    ]
    assert answers[8].promise
    assert not answers[1].promise


@pytest.mark.parametrize(
    ("lead", "cut_off", "arrives_to"),
    [(None, None, "2026-12-02"), (5, None, "2026-12-05"), (None, 12, "2026-12-03")],
)
def test_lead_days_and_cut_off_delay_the_promise(lead, cut_off, arrives_to):
    listing = make_sellable()
    make_service()
    SupplierOffer.objects.update(lead_days=lead)
    Supplier.objects.update(cut_off_hour=cut_off)
    last = date.fromisoformat(arrives_to)

    assert ask(listing).promise.arrives_to == last
    assert ask(listing, by=last).most == 5
    assert ask(listing, by=last - timedelta(days=1)).most == 0
    assert quoted(listing, 1)[0].arrives_to == last


def test_safety_stock_is_not_available():
    listing = make_sellable(quantity=5)
    make_service()
    Channel.objects.update(safety_stock=2)
    listing.channel.refresh_from_db()

    assert ask(listing).most == 3


def test_an_unpublished_listing_is_not_available():
    listing = make_sellable()
    make_service()
    Listing.objects.update(is_delisted=True, is_published=False)

    with pytest.raises(KeyError):
        ask(listing)


def test_24_variants_need_as_many_queries_as_one(django_assert_num_queries):
    listings = [make_sellable() for _ in range(24)]
    make_service()
    ask(listings[0])

    with django_assert_num_queries(2):
        found = availability.check_variants(
            variant_ids=[one.variant_id for one in listings],
            country="DE",
            channel=listings[0].channel,
            now=NOON,
        )
    assert {one.most for one in found.values()} == {5}


def scatter(dice):
    """Create a light with random suppliers, stock rows and routes."""
    listing = make_sellable(quantity=dice.randint(0, 9))
    variant = listing.variant
    variant.packed_weight_g = dice.choice([90, 300, 700])
    variant.lithium = dice.choice(["none", "inside", "alone"])
    variant.cell_count = dice.randint(0, 3)
    variant.save()
    variant.refresh_from_db()
    for number in range(dice.randint(0, 2)):
        supplier = make_supplier(code=f"s{number}")
        offer = make_offer(variant, supplier, cost=dice.choice(["8.00", "10.00", "12.00"]))
        for code, country in dice.sample(PLACES, dice.randint(1, 2)):
            make_level(offer, dice.randint(0, 12), make_location(supplier, code, country))
    for offer in SupplierOffer.objects.all():
        offer.min_order_units, offer.pack_size = dice.choice([1, 1, 2, 5]), dice.choice([1, 1, 3])
        offer.lead_days = dice.choice([None, 1, 6])
        offer.save()
    for level in StockLevel.objects.all():
        level.as_of = NOON - timedelta(hours=dice.choice([0, 2, 5, 26]))
        level.save()
        for number in range(dice.randint(0, 2)):
            make_service(
                level.location,
                code=f"{level.pk}-{number}",
                tier=dice.choice(["economy", "express"]),
                countries=dice.choice([[], ["DE"], ["FR"]]),
                base_amount=dice.choice(["1.00", "5.00"]),
                min_days=1,
                max_days=dice.choice([2, 6, 12]),
                max_weight_g=dice.choice([300, 1500, 9000]),
                accepts_cells_in_equipment=dice.choice([True, False]),
                accepts_cells_alone=dice.choice([True, False]),
                max_cells=dice.choice([None, 4]),
            )
    Supplier.objects.update(live_check_after_min=10_000, live_check_below_units=0)
    Listing.objects.update(available=99)
    return listing


def brute(listing, country, by):
    """Return the possible quantities by trying every quantity, stock row and route."""
    able = set()
    for level in StockLevel.objects.with_available(NOON).select_related("offer__supplier"):
        offer = level.offer
        lead = offer.supplier.lead_days if offer.lead_days is None else offer.lead_days
        routes = [
            route
            for route in quotes.routes_from(
                level.location_id, country=country, currency="EUR", now=NOON
            )
            if by is None or NOON.date() + timedelta(days=lead + route.max_days) <= by
        ]
        able |= {
            number
            for number in range(1, level.free + 1)
            if number >= offer.min_order_units
            and number % offer.pack_size == 0
            and any(
                not reasons_against(route, parcel_load(listing.variant, number)) for route in routes
            )
        }
    return able


@pytest.mark.parametrize("seed", thinned(range(40), step=5))
def test_availability_matches_brute_force_over_stock_and_routes(seed):
    dice = random.Random(seed)
    listing = scatter(dice)
    country = dice.choice(["DE", "FR"])
    by = dice.choice([None, NOON.date() + timedelta(days=dice.randint(3, 14))])
    able = brute(listing, country, by)

    for quantity in range(1, 15):
        found = ask(listing, country=country, quantity=quantity, by=by)

        assert found.most == max(able, default=0)
        assert (found.promise is not None) is (quantity in able)
        assert found.fewer == max((one for one in able if one <= quantity), default=0)
        assert found.more == min((one for one in able if one >= quantity), default=None)
        assert bool(quoted(listing, quantity, country=country, by=by)) is (quantity in able)
        if found.promise and by:
            assert found.promise.arrives_to <= by


@pytest.mark.parametrize("seed", thinned(range(12), step=3))
def test_the_maximum_can_be_ordered_and_one_more_cannot(seed):
    listing = scatter(random.Random(seed + 1000))
    most = ask(listing).most
    Listing.objects.update(available=99, as_of=NOON)
    cart = carts.open_cart(channel=make_channel(), country="DE", locale="en", now=NOON)
    if most:
        carts.add(cart=cart, listing_id=listing.pk, quantity=most, now=NOON)
        quote = quoted(listing, most)[0]
        order, _ = checkout.place(
            cart=cart, email="a@example.org", ship_to=HOME, quote=quote, now=NOON
        )
        assert order.lines.get().quantity == most
    else:
        assert not any(quoted(listing, number) for number in range(1, 15))
    StockLevel.objects.update(reserved=0)

    assert quoted(listing, most + 1) == []


def test_the_maximum_of_a_route_is_the_last_load_it_accepts():
    dice = random.Random(7)
    listing = make_sellable()
    for _ in range(20):
        service = make_service(
            code=f"r{dice.random()}",
            max_weight_g=dice.choice([100, 300, 1499, 9000]),
            max_cells=dice.choice([None, 1, 4, 9]),
        )
        variant = listing.variant
        variant.packed_weight_g = dice.choice([90, 100, 300])
        variant.lithium = dice.choice(["none", "inside"])
        variant.cell_count = dice.randint(0, 3)
        variant.cell_wh = dice.choice([None, Decimal("4.44")])
        quotes.clear_cache()
        (route,) = [
            one
            for one in quotes.routes_from(
                service.location_id, country="DE", currency="EUR", now=NOON
            )
            if one.code == service.code
        ]
        able = [
            number
            for number in range(1, 120)
            if not reasons_against(route, parcel_load(variant, number))
        ]

        assert max_units(route, parcel_load(variant, 1)) == max(able, default=0)
