"""Fixed prices: they replace the rules, within the guards of the price book."""

from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse

from catalog.listings import fixed_prices, refresh, repricing
from catalog.models import Channel, Listing, PriceChange, PriceHold
from tests.factories.catalog import NOON
from tests.factories.priced_shop import drafted, open_and_reprice, stock_shop, supplied

pytestmark = pytest.mark.django_db


@pytest.fixture
def listing():
    return stock_shop("10.00")[0]


def fix(listing, amount):
    with transaction.atomic():
        return fixed_prices.fix_price(
            listing=listing, amount=amount and Decimal(amount), actor="ann", now=NOON
        )


def price():
    return Listing.objects.get().price_amount


def test_fixed_price_is_exact_and_stays_through_repricing_and_syncs(listing):
    fix(listing, "29.50")
    repricing.reprice_channel(channel=Channel.objects.get(), now=NOON)
    supply = supplied(listing.variant, "9.00")
    refresh.refresh_listings(channel=Channel.objects.get(), supplies=[supply], now=NOON)

    assert price() == Decimal("29.50")
    assert Listing.objects.get().fixed_price_by == "ann"
    codes = [step[0] for step in PriceChange.objects.latest("pk").breakdown["steps"]]
    assert "fixed_price" in codes


def test_released_price_follows_the_rules_again(listing):
    by_rule = price()
    fix(listing, "29.50")

    fix(listing, None)

    assert (price(), Listing.objects.get().fixed_price_by) == (by_rule, "")


def test_fixed_price_is_never_below_the_floor(listing):
    done = fix(listing, "5.00")

    listing.refresh_from_db()
    assert [clamp.value for clamp in done.verdict.clamps] == ["floor"]
    assert listing.price_amount >= listing.floor_amount > 5


def test_fixed_price_follows_a_floor_that_rises(listing):
    fix(listing, "20.00")
    supply = supplied(listing.variant, "30.00")

    refresh.refresh_listings(channel=Channel.objects.get(), supplies=[supply], now=NOON)

    listing.refresh_from_db()
    assert listing.price_amount >= listing.break_even_amount > 30


def test_large_change_is_held_and_the_old_price_stays(listing):
    open_and_reprice(drafted("0.30", max_change_per_run=Decimal("0.10")))
    before = price()

    done = fix(listing, "900.00")

    assert (price(), done.is_stopped) == (before, True)
    assert PriceHold.objects.get().proposed_amount == 900


def test_staff_fix_and_release_a_price(staff, listing):
    page = reverse("admin:catalog_listing_fix", args=[listing.pk])
    release = reverse("admin:catalog_listing_release", args=[listing.pk])

    told = staff.post(page, {"amount": "29.50"}, follow=True).content.decode()
    fixed = price()
    low = staff.post(page, {"amount": "1.00"}, follow=True).content.decode()
    staff.post(release)

    assert fixed == Decimal("29.50")
    assert "The price is fixed." in told
    assert "The price was not set as entered." in low
    assert Listing.objects.get().fixed_price_amount is None
