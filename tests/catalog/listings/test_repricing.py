from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from catalog.listings import price_explanation, refresh, repricing
from catalog.models import Channel, Listing, PriceChange, ProductCard
from catalog.price_books import versions
from tests.factories.catalog import (
    NOON,
    make_channel,
    make_listing,
    make_price_rule,
    make_product,
    make_spec,
    make_variant,
)
from tests.factories.priced_shop import drafted, open_and_reprice, prices, stock_shop, supplied
from tests.factories.pricing import make_rule, make_terms

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_prices_are_recalculated_when_a_rule_begins_and_ends():
    stock_shop("10.00")
    book = drafted("0.30")
    start = NOON + timedelta(hours=1)
    make_rule(
        book,
        number=2,
        value="0.10",
        starts_at=start,
        ends_at=start + DAY,
        is_promotion=True,
    )
    open_and_reprice(book)
    assert repricing.reprice_due_channels(now=start - timedelta(seconds=1)) == {}

    repricing.reprice_due_channels(now=start)
    during = Listing.objects.get()
    repricing.reprice_due_channels(now=start + DAY)

    assert (during.price_amount, during.rule.is_promotion) == (Decimal("16.99"), True)
    assert prices() == [Decimal("21.99")]


def test_unchanged_prices_are_not_written():
    stock_shop("10.00", "20.00")
    xmin = "SELECT array_agg(xmin::text ORDER BY id) FROM catalog_listing"

    def versions():
        with connection.cursor() as cursor:
            cursor.execute(xmin)
            return cursor.fetchone()

    repricing.reprice_channel(channel=make_channel(), now=NOON)
    before = versions()
    repricing.reprice_channel(channel=make_channel(), now=NOON + DAY)

    assert versions() == before
    assert PriceChange.objects.count() == 2


def test_two_workers_do_not_reprice_one_channel_at_once():
    stock_shop("10.00")
    Channel.objects.update(
        reprice_requested_at=NOON, reprice_locked_until=NOON + timedelta(minutes=1)
    )

    assert repricing.reprice_due_channels(now=NOON) == {}
    assert list(repricing.reprice_due_channels(now=NOON + timedelta(minutes=2))) == ["shop"]


def test_a_request_made_during_a_run_is_handled_afterwards(monkeypatch):
    stock_shop("10.00")
    versions.request_repricing(channel=make_channel(), now=NOON)
    reprice = repricing.reprice_channel

    def asked_meanwhile(**known):
        done = reprice(**known)
        versions.request_repricing(channel=make_channel(), now=NOON + DAY)
        return done

    monkeypatch.setattr(repricing, "reprice_channel", asked_meanwhile)
    repricing.reprice_due_channels(now=NOON)

    assert Channel.objects.get().reprice_requested_at == NOON + DAY


def test_a_listing_that_regains_its_price_is_published_only_if_complete():
    make_price_rule()
    whole = make_variant()
    bare = make_product()
    make_spec(bare, power_sources=(), output_lm=None, runtime_high_min=None, runtime_max_min=None)
    for variant in (whole, make_variant(bare)):
        make_listing(
            variant,
            price_amount=None,
            cost_amount=None,
            is_published=False,
        )
    Listing.objects.update(wholesale_amount=Decimal(10), wholesale_currency="EUR", origins=["CN"])

    repricing.reprice_channel(channel=make_channel(), now=NOON)

    assert dict(Listing.objects.values_list("variant", "is_published"))[whole.pk] is True
    assert Listing.objects.filter(is_published=True).count() == 1
    assert ProductCard.objects.get().product == whole.product


def test_many_listings_need_as_many_queries_as_few(django_assert_max_num_queries):
    stock_shop("10.00")
    with django_assert_max_num_queries(40) as few:
        repricing.reprice_channel(channel=make_channel(), now=NOON)
    refresh.refresh_listings(
        channel=make_channel(),
        supplies=[supplied(make_variant()) for _ in range(15)],
        now=NOON,
    )
    with django_assert_max_num_queries(len(few)):
        repricing.reprice_channel(channel=make_channel(), now=NOON)


def test_an_explanation_ends_in_the_published_price():
    (listing,) = stock_shop("10.00")

    found = price_explanation.explain(listing=Listing.objects.get(), now=NOON)

    amounts_by_step = {step.code: step.amount for step in found.steps}
    assert amounts_by_step["price"] == listing.price_amount == Decimal("21.99")
    assert amounts_by_step["landed"] == Decimal("12.00")
    assert [rule.number for rule in found.rules] == [1]
    assert found.hold is None


def test_costs_of_a_supplier_and_an_origin_reach_the_price():
    make_price_rule()
    make_terms(channel=make_channel(), origin="CN", duty_amount=None, handling_amount="0")
    make_terms(channel=make_channel(), supplier_code="dear", handling_amount="20.00")
    here, there, dear = (make_variant() for _ in range(3))

    refresh.refresh_listings(
        channel=make_channel(),
        supplies=[
            supplied(here, origins=("DE",)),
            supplied(there),
            supplied(dear, supplier_code="dear"),
        ],
        now=NOON,
    )

    landed = dict(Listing.objects.values_list("variant", "landed_amount"))
    assert landed == {here.pk: Decimal(12), there.pk: Decimal(13), dear.pk: Decimal(30)}
