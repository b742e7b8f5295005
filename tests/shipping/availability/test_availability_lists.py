"""Availability in lists: cards show the promise of the product page, cached for a minute."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from catalog.models import Listing
from shipping.availability import availability
from suppliers.models import StockLevel, Supplier
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON, make_level, make_location
from tests.shipping.availability.test_availability import ask, quoted

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Lamp:
    """The values that a card shows."""

    price_amount: Decimal = Decimal("39.99")
    available: int = 5
    packed_weight_g: int | None = 140
    lithium: str = "inside"
    cell_wh: Decimal | None = Decimal("4.44")
    cell_count: int = 1
    as_of: datetime = NOON
    ships_from: tuple[str, ...] = ("DE",)

    def is_available(self, now):
        return self.available > 0 and self.as_of > now - timedelta(days=1)


def listed(listing, now=NOON, country="DE", **changes):
    shown = {listing.variant_id: Lamp(**changes)}
    found = availability.check_listed_variants(
        shown=shown, country=country, channel=listing.channel, now=now
    )
    return found[listing.variant_id]


def test_a_card_is_promised_from_the_nearest_source_in_stock():
    listing = make_sellable()
    far = make_location(code="CN", country="CN")
    make_level(listing.level.offer, 5, far)
    make_service(far, code="far", base_amount="1.00", min_days=9, max_days=15)
    make_service(min_days=2, max_days=4)

    near = listed(listing, ships_from=("CN", "DE")).promise
    StockLevel.objects.filter(pk=listing.level.pk).update(reported_quantity=0)
    only_far = listed(listing, ships_from=("CN",)).promise  # changed origins are not cached

    assert (near.country_from, str(near.price)) == ("DE", "4.90 EUR")
    assert (near.leaves_on, near.arrives_from, near.arrives_to) == (
        date(2026, 11, 26),
        date(2026, 11, 28),
        date(2026, 11, 30),
    )
    assert (only_far.country_from, only_far.arrives_to) == ("CN", date(2026, 12, 11))


def test_a_card_without_a_route_has_no_promise_and_is_not_sold_out():
    listing = make_sellable()
    make_service(countries=["FR"])

    assert (listed(listing).promise, listed(listing).is_sold_out) == (None, False)
    assert listed(listing, available=0).is_sold_out


def test_a_list_queries_once_a_minute_and_again_for_changed_supply(django_assert_num_queries):
    listings = [make_sellable() for _ in range(24)]
    make_service()
    shown = {listing.variant_id: Lamp() for listing in listings}
    there = {"country": "DE", "channel": listings[0].channel}

    with django_assert_num_queries(3):  # routes, rules, and stock
        first = availability.check_listed_variants(shown=shown, now=NOON, **there)
    with django_assert_num_queries(0):
        assert (
            availability.check_listed_variants(
                shown=shown, now=NOON + timedelta(seconds=59), **there
            )
            == first
        )
    with django_assert_num_queries(1):
        fewer = availability.check_listed_variants(
            shown={**shown, listings[0].variant_id: Lamp(available=2)}, now=NOON, **there
        )
    assert [fewer[one.variant_id].most for one in listings[:2]] == [2, 5]


def test_landed_costs_are_read_once_for_all_lists(django_assert_num_queries):
    listing = make_sellable()
    for location in (make_location(), make_location(code="ES", country="ES")):
        make_service(location, code=location.code)
    make_level(listing.level.offer, 5, make_location(code="ES", country="ES"))

    with django_assert_num_queries(7):  # and also costs, rates, scores and tax
        listed(listing)
    with django_assert_num_queries(1):
        listed(listing, available=4)


def test_at_equal_cost_the_faster_source_is_promised_as_in_the_cart():
    listing = make_sellable()
    make_service(min_days=6, max_days=8)
    quick = make_location(code="DE2")
    make_level(listing.level.offer, 5, quick)
    make_service(quick, code="quick", base_amount="9.90", min_days=1, max_days=2)

    assert listed(listing).promise.arrives_to == NOON.date() + timedelta(days=4)


def test_a_list_shows_the_newer_promise_of_a_page():
    listing = make_sellable()
    make_service()
    before = listed(listing)
    Supplier.objects.update(lead_days=9)

    (page,) = availability.check_shown_variants(
        shown={listing.variant_id: Lamp()}, country="DE", channel=listing.channel, now=NOON
    ).values()

    assert listed(listing) == page
    assert page.promise.arrives_to == before.promise.arrives_to + timedelta(days=7)


def test_a_list_is_recomputed_when_a_cut_off_hour_begins():
    listing = make_sellable()
    make_service()
    Supplier.objects.update(cut_off_hour=12)

    before = listed(listing, now=NOON - timedelta(seconds=20)).promise
    after = listed(listing).promise

    assert after.leaves_on == before.leaves_on + timedelta(days=1)


def test_changed_routes_apply_after_a_minute():
    listing = make_sellable()
    service = make_service(base_amount="4.90")
    before = listed(listing).promise.price
    service.base_amount = Decimal("5.90")
    service.save()

    soon = listed(listing, now=NOON + timedelta(seconds=59)).promise.price
    later = listed(listing, now=NOON + timedelta(seconds=60)).promise.price

    assert [str(price) for price in (before, soon, later)] == ["4.90 EUR", "4.90 EUR", "5.90 EUR"]


def test_no_answer_exceeds_the_listed_quantity():
    listing = make_sellable(quantity=50)
    make_service(max_weight_g=90_000)
    Listing.objects.update(available=7)

    found = ask(listing, quantity=8)

    assert (found.most, found.promise, found.fewer, found.more) == (7, None, 7, None)
    assert quoted(listing, 8) == []


@pytest.mark.parametrize(
    "change",
    [
        {"available": 0},
        {"as_of": NOON - timedelta(days=2)},
        {"is_delisted": True, "is_published": False},
    ],
)
def test_a_listing_that_is_not_for_sale_has_no_answer(change):
    listing = make_sellable()
    make_service()
    Listing.objects.update(**change)

    with pytest.raises(KeyError):
        ask(listing)


def test_at_equal_price_the_faster_method_is_promised():
    listing = make_sellable()
    make_service(code="slow", tier="economy", min_days=3, max_days=9)
    make_service(code="fast", tier="express", min_days=1, max_days=2)

    assert ask(listing).promise.arrives_to == date(2026, 11, 28)
