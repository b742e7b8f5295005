from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.listings import refresh as listing_refresh
from catalog.listings.refresh import ListingSupply
from catalog.models import (
    DailySales,
    Listing,
    PriceChange,
    PriceHold,
    PriceRule,
    ProductCard,
)
from storefront.lib.money import Money
from tests.factories.catalog import (
    NOON,
    make_channel,
    make_exchange_rate,
    make_listing,
    make_price_rule,
    make_product,
    make_spec,
    make_variant,
)
from tests.factories.priced_shop import stock_shop, supplied
from tests.factories.pricing import make_price_book

pytestmark = pytest.mark.django_db


def supply(variant, *, cost="10.00", currency="USD", available=20, as_of=NOON, ships_from=None):
    return ListingSupply(
        variant_id=variant.pk,
        cost=cost and Money(Decimal(cost), currency),
        available=available,
        ships_from={"CN": available} if ships_from is None else ships_from,
        as_of=as_of,
        origins=("CN",),
    )


def refresh(*supplies, channel=None, now=NOON):
    return listing_refresh.refresh_listings(
        channel=channel or make_channel(), supplies=supplies, now=now
    )


@pytest.fixture(autouse=True)
def _market():
    make_price_rule()
    make_exchange_rate()


def test_nothing_is_priced_or_held_before_origin_and_rate_are_known():
    """The first complete price is published, however far it is from an incomplete one."""
    limits = {"max_change_per_run": "0.40", "max_change_per_day": "0.50"}
    make_price_book(channel=make_channel(), version=2, status="live", **limits)
    variant = make_variant()

    for incomplete in (
        replace(supply(variant), origins=()),
        supply(variant, currency="JPY"),
    ):
        refresh(incomplete)
        listing = Listing.objects.get()
        assert (listing.price_amount, listing.is_published) == (None, False)
    assert not PriceChange.objects.exists()

    refresh(supply(variant, cost="30.00"))

    assert Listing.objects.get().is_published
    assert PriceChange.objects.get().old_amount is None
    assert not PriceHold.objects.exists()


def test_a_supplied_variant_is_priced_published_and_indexed():
    variant = make_variant()

    touched = refresh(supply(variant))

    listing = Listing.objects.get()
    # (10.00 USD x 0.92 + 2.00) / (1 - 0.33) x 1.19 = 19.89…, up to the next .99
    assert (listing.cost_amount, listing.price_amount) == (Decimal("9.20"), Decimal("19.99"))
    assert (listing.available, listing.ships_from, listing.as_of) == (20, {"CN": 20}, NOON)
    assert listing.is_published
    assert listing.rule == PriceRule.objects.get()
    assert touched == {variant.product_id}
    assert ProductCard.objects.get().price_amount == Decimal("19.99")
    change = PriceChange.objects.get()
    assert (change.amount, change.cost_amount, change.at) == (
        Decimal("19.99"),
        Decimal("9.20"),
        NOON,
    )


def test_the_same_supply_writes_nothing():
    variant = make_variant()
    refresh(supply(variant))

    with CaptureQueriesContext(connection) as queries:
        touched = refresh(supply(variant, as_of=NOON + timedelta(minutes=5)))

    words = {query["sql"].split()[0] for query in queries}
    assert not words & {"INSERT", "UPDATE", "DELETE"}
    assert touched == set()


def test_a_confirmation_is_written_once_an_hour():
    variant = make_variant()
    refresh(supply(variant))

    refresh(supply(variant, as_of=NOON + timedelta(hours=1)))

    assert Listing.objects.get().as_of == NOON + timedelta(hours=1)


def test_changed_availability_changes_no_price():
    variant = make_variant()
    refresh(supply(variant))

    refresh(supply(variant, available=0))

    listing = Listing.objects.get()
    assert (listing.available, listing.ships_from, listing.is_published) == (0, {}, True)
    assert PriceChange.objects.count() == 1
    assert ProductCard.objects.get().available == 0


@pytest.mark.parametrize(
    ("cost", "currency"), [(None, "USD"), ("10.00", "GBP"), ("0.00", "USD"), ("9999999", "USD")]
)
def test_without_a_valid_cost_nothing_is_priced_or_published(cost, currency):
    variant = make_variant()

    refresh(supply(variant, cost=cost, currency=currency))

    listing = Listing.objects.get()
    assert (listing.price_amount, listing.is_published, listing.rule) == (None, False, None)
    assert not ProductCard.objects.exists()
    assert not PriceChange.objects.exists()


def test_a_lost_price_unpublishes_the_product():
    variant = make_variant()
    refresh(supply(variant))

    touched = refresh(supply(variant, cost=None))

    assert touched == {variant.product_id}
    assert not Listing.objects.get().is_published
    assert not ProductCard.objects.exists()


def test_a_delisted_variant_is_never_relisted_by_a_sync():
    variant = make_variant()
    make_listing(variant, is_delisted=True, is_published=False)

    refresh(supply(variant))

    assert not Listing.objects.get().is_published
    assert not ProductCard.objects.exists()


def test_an_incomplete_product_is_unpublished():
    product = make_product()
    make_spec(
        product, power_sources=(), output_lm=None, runtime_high_min=None, runtime_max_min=None
    )
    variant = make_variant(product, cell_wh=None)

    refresh(supply(variant))

    assert not Listing.objects.get().is_published
    assert not ProductCard.objects.exists()


def test_an_unknown_variant_is_skipped():
    assert (
        refresh(ListingSupply(variant_id=0, cost=None, available=1, ships_from={}, as_of=None))
        == set()
    )


def test_many_variants_need_as_many_queries_as_few():
    def refreshing(count):
        supplies = [supply(make_variant()) for _ in range(count)]
        with CaptureQueriesContext(connection) as queries:
            refresh(*supplies)
        return len(queries)

    refreshing(1)

    assert refreshing(3) == refreshing(20)


def test_the_database_rejects_a_price_below_cost_fees_and_tax():
    (listing,) = stock_shop("10.00")

    assert (listing.landed_amount, listing.break_even_amount) == (
        Decimal("12.00"),
        Decimal("14.72"),
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        Listing.objects.update(price_amount=Decimal("14.50"))


def test_a_restock_is_priced_by_the_new_availability():
    (listing,) = stock_shop("10.00")
    scarce = {"low_cover_days": 5, "raise_rate": Decimal("0.5")}
    make_price_book(channel=make_channel(), version=2, status="live", rules=(scarce,))
    DailySales.objects.create(
        channel=make_channel(), variant=listing.variant, day=NOON.date(), units=56
    )

    def priced(available):
        supply = replace(supplied(listing.variant), available=available)
        listing_refresh.refresh_listings(channel=make_channel(), supplies=[supply], now=NOON)
        return Listing.objects.get().price_amount

    assert [priced(1), priced(1000)] == [Decimal("31.99"), Decimal("21.99")]


def test_without_a_price_rule_nothing_is_sold():
    variant = make_variant()

    refresh(supply(variant), channel=make_channel(code="other"))

    assert not Listing.objects.get().is_published
