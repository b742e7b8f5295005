"""The EU's flat duty is due if any country of a channel requires it, and is paid in euros."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from catalog.exchange_rates import rates
from catalog.listings import refresh, repricing
from catalog.models import Channel, Listing, RepricingRequest
from catalog.pricing.landed_cost import DUTY_FROM
from tests.factories.catalog import NOON, make_channel, make_exchange_rate, make_variant
from tests.factories.priced_shop import supplied
from tests.factories.pricing import make_price_book, make_terms

D = Decimal
DAY = timedelta(days=1)


@pytest.fixture
def shop(db):
    """A channel in dollars that also sells to the EU; items at 10 dollars from two countries."""
    channel = make_channel(code="us", currency="USD", default_country="US", countries=("US", "DE"))
    make_terms(channel=channel, duty_amount=None, handling_amount="0")
    make_price_book(channel=channel, status="live", rules=({"value": "0.30"},))
    make_exchange_rate(base="EUR", quote="USD", rate="1.10", as_of=NOON)
    places = (("CN",), ("ES",))
    variants = [make_variant() for _ in places]
    supplies = [
        supplied(variant, currency="USD", origins=origins)
        for variant, origins in zip(variants, places, strict=True)
    ]
    refresh.refresh_listings(channel=channel, supplies=supplies, now=NOON)
    repricing.reprice_queued(now=NOON)
    return list(Listing.objects.order_by("variant_id"))


def tell(rate, *, as_of=NOON + DAY):
    rates.import_rates(
        quote="USD",
        rates={"EUR": D(rate)},
        source="bank",
        as_of=as_of,
        actor="ann",
        now=as_of,
    )
    queued = set(RepricingRequest.objects.values_list("variant", flat=True))
    repricing.reprice_queued(now=as_of)
    return queued


def landed():
    return list(Listing.objects.order_by("variant_id").values_list("landed_amount", flat=True))


def test_a_new_euro_rate_reprices_variants_that_may_pay_duty(shop):
    assert landed() == [D("13.30"), D("10.00")]
    chinese, _ = shop

    assert tell("1.12") == {chinese.variant_id}

    assert landed() == [D("13.36"), D("10.00")]


def test_an_unconfirmed_duty_sets_no_price(shop):
    chinese = shop[0]
    prices = [one.price_amount for one in shop]

    assert tell("1.30") == {chinese.variant_id}
    cheaper = supplied(chinese.variant, "9.00", "USD")
    refresh.refresh_listings(channel=chinese.channel, supplies=[cheaper], now=NOON + DAY)

    # The current price stays, because it covers the highest plausible duty.
    assert landed() == [D("12.90"), D("10.00")]
    assert [one.price_amount for one in Listing.objects.order_by("variant_id")] == prices
    tell("9", as_of=NOON + 2 * DAY)  # the price does not cover this duty
    found = Listing.objects.order_by("variant_id").values_list("price_amount", flat=True)
    assert list(found) == [None, prices[1]]


def test_the_start_of_the_duty_reprices_channels_that_sell_to_the_eu(shop):
    begins = datetime(DUTY_FROM.year, DUTY_FROM.month, DUTY_FROM.day, tzinfo=UTC)
    Channel.objects.update(repriced_at=begins - timedelta(seconds=1), reprice_requested_at=None)
    channel = Channel.objects.get()

    assert not repricing.is_due(channel, now=begins - timedelta(milliseconds=1))
    assert repricing.is_due(channel, now=begins)
    channel.countries = ["US"]
    assert not repricing.is_due(channel, now=begins)


def test_repricing_uses_the_stored_channel_not_a_stale_one(shop):
    stale = Channel.objects.get()
    Channel.objects.update(countries=["US"])

    repricing.reprice_channel(channel=stale, now=NOON)

    assert landed() == [D("10.00")] * 2
