"""A price change beyond the limits is published if another offer or supplier explains it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.listings import refresh
from catalog.models import Listing, PriceChange, PriceHold
from tests.factories.catalog import NOON, make_channel, make_price_rule, make_variant
from tests.factories.priced_shop import supplied
from tests.factories.pricing import make_price_book, make_terms

pytestmark = pytest.mark.django_db
SECONDS_LATER = NOON + timedelta(seconds=5)
BIGBUY = {"supplier_code": "bigbuy", "origins": ("ES",)}


@pytest.fixture
def variant():
    """Sell one variant of a supplier in China: 3 EUR of its 4.58 EUR landed cost is duty."""
    make_price_rule(extra_amount="0.00")
    make_terms(channel=make_channel(), origin="CN", duty_amount=None, handling_amount="0.00")
    book(2)
    variant = make_variant()
    assert offered(variant, "1.58", at=NOON) == Decimal("8.14")
    return variant


def book(version, *more, **rule):
    """Open a book with prices exact to the cent, unless its rule says otherwise."""
    make_price_book(
        channel=make_channel(),
        version=version,
        status="live",
        max_change_per_run="0.40",
        max_change_per_day="0.50",
        rules=({"step": "0.01", "ending": "0", **rule}, *more),
    )


def offered(variant, cost, *, at=SECONDS_LATER, **more):
    supply = supplied(variant, cost, **more)
    refresh.refresh_listings(channel=make_channel(), supplies=[supply], now=at)
    return Listing.objects.get().price_amount


def reasons():
    return list(PriceHold.objects.filter(status="open").values_list("reason", flat=True))


def test_a_second_supplier_without_duty_sets_the_price_at_once(variant):
    price = offered(variant, "1.33", **BIGBUY)

    change = PriceChange.objects.latest("pk")
    assert (price, reasons()) == (Decimal("2.37"), [])
    assert (change.old_amount, change.amount) == (Decimal("8.14"), Decimal("2.37"))
    assert ["offer_changed", None, "cj, CN: 1.58 EUR"] in change.breakdown["steps"]


def test_the_price_rises_again_when_only_the_first_supplier_is_left(variant):
    offered(variant, "1.33", **BIGBUY)

    assert (offered(variant, "1.58"), reasons()) == (Decimal("8.14"), [])


@pytest.mark.parametrize(
    ("cost", "more", "reason"),
    [
        ("0.16", BIGBUY, "moved_too_far"),  # a tenth of the cost: the price would be 0.29
        ("15.80", BIGBUY, "moved_too_far"),
        ("0.94", BIGBUY, "moved_too_far"),  # 40.5 % less
        ("1.33", {**BIGBUY, "map_amount": Decimal(30)}, "moved_too_far"),
        ("1.33", {**BIGBUY, "msrp_amount": Decimal("1.50")}, "floor_above_msrp"),
    ],
)
def test_a_wrong_figure_of_any_supplier_is_held(variant, cost, more, reason):
    offered(variant, cost, **more)

    assert reasons() == [reason]


def test_the_same_offer_is_held_although_its_cost_is_within_the_limit(variant):
    book(3, step="1", ending="0.99")
    offered(variant, "1.00", **BIGBUY)

    assert offered(variant, "1.39", **BIGBUY) == Decimal("1.99")  # 2.99 would be 50 % more
    assert reasons() == ["moved_too_far"]


def test_a_wrong_rule_is_held_although_another_supplier_wins(variant):
    book(3, value="0.90")

    assert (offered(variant, "1.33", **BIGBUY), reasons()) == (Decimal("8.14"), ["moved_too_far"])


def test_a_wrong_msrp_that_sets_the_price_is_held(variant):
    book(3, {"basis": "msrp", "method": "markup", "value": "-0.10"}, number=5)

    offered(variant, "1.33", **BIGBUY, msrp_amount=Decimal(500))

    assert reasons() == ["moved_too_far"]


def test_a_held_cost_is_no_reference_for_the_next_offer(variant):
    offered(variant, "0.16", **BIGBUY)

    price = offered(variant, "0.15", supplier_code="feed", origins=("PL",))

    assert (price, reasons()) == (Decimal("8.14"), ["moved_too_far"])


def test_costs_that_rise_in_steps_reach_the_daily_limit(variant):
    offered(variant, "2.20", **BIGBUY)
    offered(variant, "3.05", supplier_code="feed", origins=("PL",))
    price = offered(variant, "4.20")  # 38 % more than 3.05, and 166 % more than in the morning

    assert (price, reasons()) == (None, ["moved_too_far"])

    price = offered(variant, "4.20", at=NOON + timedelta(days=1, seconds=6))

    assert (price, reasons()) == (Decimal("12.79"), [])


def test_the_offer_of_a_day_ago_is_the_reference(variant):
    for days, cost in enumerate(("2.50", "3.80", "5.50"), start=1):
        offered(variant, cost, at=NOON + timedelta(days=days))

    price = offered(variant, "4.00", at=NOON + timedelta(days=9), **BIGBUY)

    assert (price, reasons()) == (Decimal("7.11"), [])


def test_a_price_without_a_known_offer_is_held(variant):
    PriceChange.objects.update(breakdown={})

    assert (offered(variant, "1.33", **BIGBUY), reasons()) == (Decimal("8.14"), ["moved_too_far"])
