from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.listings import refresh, repricing
from catalog.listings.refresh import ListingSupply
from catalog.models import Listing, PriceChange
from catalog.pricing import history
from catalog.pricing.price_reduction import PricePoint, current_reduction, lowest_before
from catalog.products import detail_query
from storefront.lib.money import Money
from tests.factories.catalog import NOON, make_channel
from tests.factories.priced_shop import drafted, open_and_reprice, stock_shop, supplied
from tests.factories.pricing import make_price_book, make_rule

D = Decimal
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
UNTIL = NOON + 7 * DAY


def points(*rows):
    """Build a history from (days ago, price), and (days ago, price, True) for a reduction."""
    return [PricePoint(NOON - row[0] * DAY, row[1] and D(row[1]), *row[2:]) for row in rows]


@pytest.mark.parametrize(
    ("history", "lowest"),
    [
        ([], None),
        ([(0, "9")], None),  # begins with the reduction itself
        ([(60, "30")], "30"),  # set long before, still current
        ([(60, "30"), (40, "20"), (35, "25")], "25"),  # 20 ended before the window
        ([(60, "20"), (30, "25")], "25"),  # replaced exactly when the window begins
        ([(60, "20"), (29, "25")], "20"),  # still current on its first day
        ([(20, "30"), (10, "18"), (9, "30")], "18"),  # one day is enough
        ([(5, "30")], "30"),  # less than 30 days of history
    ],
)
def test_the_lowest_price_is_that_of_the_30_days_before(history, lowest):
    assert lowest_before(points(*history), since=NOON) == (lowest and D(lowest))


def test_a_reduction_is_computed_from_the_lowest_prior_price():
    history = points((60, "30"), (12, "27"), (8, "30"), (2, "24", True))

    found = current_reduction(history, price=D(24), until=UNTIL, now=NOON)

    assert (found.lowest, found.percent, found.since) == (D(27), 11, NOON - 2 * DAY)


def test_a_reduction_continues_after_a_period_without_a_price():
    history = points((60, "30"), (8, "25", True), (5, None), (2, "24", True))

    found = current_reduction(history, price=D(24), until=UNTIL, now=NOON)

    assert (found.lowest, found.since) == (D(30), NOON - 8 * DAY)


@pytest.mark.parametrize(
    ("history", "price"),
    [
        ([(60, "30"), (2, "25")], "25"),  # not announced
        ([(2, "25", True)], "25"),  # never sold before
        ([(60, "30"), (10, "20"), (9, "30"), (2, "25", True)], "25"),  # it was lower recently
        ([(60, "25"), (2, "25", True)], "25"),
        ([(60, "25"), (2, "26", True)], "26"),
        ([(60, "30"), (5, "25", True), (2, "28")], "28"),  # it is over
        ([(60, "40"), (10, "28", True), (1, "33", True)], "33"),  # lower earlier in the promotion
        ([(200, "50"), (50, None), (1, "40", True)], "40"),  # no price for 30 days
    ],
)
def test_another_change_is_not_shown_as_a_reduction(history, price):
    assert current_reduction(points(*history), price=D(price), until=UNTIL, now=NOON) is None


def test_a_reduction_ends_as_announced():
    history = points((60, "30"), (2, "24", True))

    assert current_reduction(history, price=D(24), until=NOON + SECOND, now=NOON)
    assert current_reduction(history, price=D(24), until=NOON, now=NOON) is None


def test_a_reduction_in_steps_is_one_with_one_prior_price():
    history = points((60, "30"), (9, "27", True), (2, "24", True))

    found = current_reduction(history, price=D(24), until=UNTIL, now=NOON)

    assert (found.lowest, found.since, found.percent) == (D(30), NOON - 9 * DAY, 20)


def test_the_percentage_is_rounded_down():
    found = current_reduction(
        points((60, "30"), (1, "20.10", True)), price=D("20.10"), until=UNTIL, now=NOON
    )

    assert found.percent == 33
    less = current_reduction(
        points((60, "30"), (1, "20.11", True)), price=D("20.11"), until=UNTIL, now=NOON
    )
    assert less.percent == 32


@pytest.fixture
def promotion(db):
    """A variant at 21.99 since NOON; from the fifth day a promotion lowers it for a week."""
    (listing,) = stock_shop("10.00")
    book = drafted("0.30")
    make_rule(
        book,
        number=2,
        value="0.10",
        starts_at=NOON + 5 * DAY,
        ends_at=NOON + 12 * DAY,
        is_promotion=True,
    )
    open_and_reprice(book)
    return listing


def shown(now):
    Listing.objects.update(as_of=now, is_published=True)
    product = Listing.objects.get().variant.product
    (variant,) = detail_query.load_product(
        channel=make_channel(), slug=product.slug, now=now
    ).variants
    return variant


def test_the_product_page_shows_a_reduction_only_while_announced(promotion):
    before = shown(NOON)
    repricing.reprice_due_channels(now=NOON + 5 * DAY)
    during = shown(NOON + 6 * DAY)
    late = shown(NOON + 12 * DAY)  # not repriced yet

    assert (before.reduction, late.reduction) == (None, None)
    assert during.price == Money(D("16.99"), "EUR")
    assert during.lowest_before == Money(D("21.99"), "EUR")
    assert during.reduction.percent == 22
    repricing.reprice_due_channels(now=NOON + 12 * DAY)
    assert shown(NOON + 12 * DAY).reduction is None


def test_a_lower_price_without_an_announcement_is_no_reduction(promotion):
    book = drafted("0.05")
    book.rules.filter(number=2).delete()
    open_and_reprice(book)

    assert shown(NOON).reduction is None


def test_a_new_book_with_the_same_promotion_continues_it(promotion):
    repricing.reprice_due_channels(now=NOON + 5 * DAY)
    book = drafted("0.30")
    book.rules.filter(number=2).update(value=D("0.05"))
    open_and_reprice(book, now=NOON + 6 * DAY)

    during = shown(NOON + 6 * DAY)

    assert during.price.amount < D("16.99")
    assert during.lowest_before == Money(D("21.99"), "EUR")


def test_only_relevant_rows_of_a_long_history_are_read(promotion):
    listing = Listing.objects.get()
    for days, amount in ((400, "5.00"), (300, "40.00")):
        PriceChange.objects.create(
            listing=listing,
            amount=D(amount),
            cost_amount=1,
            rule=listing.rule,
            at=NOON - days * DAY,
        )
    repricing.reprice_due_channels(now=NOON + 5 * DAY)

    assert shown(NOON + 6 * DAY).lowest_before == Money(D("21.99"), "EUR")


def test_the_history_records_periods_without_a_price(promotion):
    variant = Listing.objects.get().variant
    PriceChange.objects.update(at=NOON - 60 * DAY)
    lost = ListingSupply(variant_id=variant.pk, cost=None, available=0, ships_from={}, as_of=NOON)
    refresh.refresh_listings(channel=make_channel(), supplies=[lost], now=NOON - 40 * DAY)
    refresh.refresh_listings(
        channel=make_channel(), supplies=[supplied(variant)], now=NOON + 5 * DAY
    )

    during = shown(NOON + 6 * DAY)

    assert (during.price, during.reduction) == (Money(D("16.99"), "EUR"), None)
    assert list(PriceChange.objects.order_by("at").values_list("amount", flat=True)) == [
        D("21.99"),
        None,
        D("16.99"),
    ]


pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def test_the_newest_price_in_the_history_is_the_current_one_although_a_clock_is_late():
    (listing,) = stock_shop("10.00")
    make_price_book(
        channel=make_channel(), version=2, status="live", rules=({"value": "0.40"},), at=NOON
    )
    refresh.refresh_listings(
        channel=make_channel(),
        supplies=[supplied(listing.variant, "12.00")],
        now=NOON + 5 * MINUTE,
    )
    Listing.objects.update(wholesale_amount=Decimal("10.00"))
    # A run that began before that update and reaches this listing after it.
    repricing.reprice_channel(channel=make_channel(), now=NOON + MINUTE)

    (listing,) = Listing.objects.all()
    assert PriceChange.objects.order_by("at", "id").last().amount == listing.price_amount
    assert history.load_prices(listing=listing)[-1].price == listing.price_amount
