import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import OuterRef

from catalog.exchange_rates import rates
from catalog.models import Channel, Listing, Variant
from orders.routing import stock_query
from storefront.lib.money import Money
from suppliers.inventory import confirmations, publication, stock_rows
from suppliers.inventory.availability import UnavailableReason
from suppliers.models import StockLevel, StockLocation, Supplier, SupplierOffer
from tests.factories.catalog import make_channel, make_exchange_rate, make_price_rule, make_variant
from tests.factories.pricing import make_terms
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier
from tests.support.matrices import thinned

pytestmark = pytest.mark.django_db


@pytest.fixture
def variant():
    """A variant of two suppliers: cheaper from CN with a duty, dearer from DE without."""
    make_price_rule()
    make_terms(channel=make_channel(), duty_amount=None)
    variant = make_variant()
    for code, country, cost in (("across", "CN", "8.00"), ("near", "DE", "9.00")):
        offer = make_offer(variant, supplier=make_supplier(code), cost=cost)
        make_level(offer, quantity=20, location=make_location(offer.supplier, code, country))
    return variant


def test_the_cached_statement_reads_what_the_queryset_reads(variant):
    other = make_variant()
    offer = make_offer(other, supplier=make_supplier("third"), cost="7.00")
    make_level(offer, quantity=3, location=make_location(offer.supplier, "third", "PL"))
    Supplier.objects.update(stock_decay_percent_per_hour=10, cut_off_hour=15)

    for ids in ([variant.pk], [variant.pk, other.pk], [0]):
        for now in (NOON, NOON + timedelta(hours=5), NOON + timedelta(days=9)):
            read = stock_rows.read_rows(ids, now)
            asked = stock_rows.levels_of(ids, now).values_list(*stock_rows.PATHS)
            assert sorted(read) == sorted(tuple(row) for row in asked)
            with_variants = Variant.objects.filter(pk__in=ids).annotate(
                stock=stock_rows.rows_of(OuterRef("pk"), now)
            )
            joined = [row for each in with_variants for row in stock_rows.read_with(each)]
            assert sorted(joined) == sorted(read)
            column = stock_rows.column_of(variant="variant.id", now="%(now)s")
            with connection.cursor() as cursor:
                sql = f"SELECT {column} FROM catalog_variant variant WHERE id = ANY(%(ids)s)"
                cursor.execute(sql, {"ids": ids, "now": now})
                texts = cursor.fetchall()
            parsed = [row for (text,) in texts for row in stock_rows.parse_column(text)]
            assert sorted(parsed) == sorted(read)


def plan(variant, quantity=1, country="DE"):
    found = stock_query.plan_sources(
        lines=[(variant.pk, quantity)], channel=make_channel(), country=country, now=NOON
    )
    [parcel] = found.parcels
    return Supplier.objects.get(pk=parcel.supplier_id).code


def assess(variant, now=NOON):
    return stock_query.assess(
        variant_ids=[variant.pk], channel=make_channel(), country="DE", now=now
    )


def test_the_price_is_of_one_unit_and_the_duty_is_per_line(variant):
    publication.publish(variant_ids=[variant.pk], now=NOON)

    listing = Listing.objects.get()
    assert listing.supplier_code == plan(variant) == "near"
    assert listing.cost_amount == Decimal("9.00")
    assert plan(variant, quantity=10) == "across", "the duty applies once"
    assert plan(variant, country="US") == "across", "no duty is due there"


def test_a_single_candidate_needs_no_costs(variant, django_assert_num_queries):
    SupplierOffer.objects.filter(supplier__code="near").update(status="discontinued")
    channel = make_channel()

    with django_assert_num_queries(1):
        [only] = stock_query.find_candidates(
            variant_ids=[variant.pk], channel=channel, country="DE", now=NOON
        )

    assert only.cost == Money(Decimal(8), "EUR")


@pytest.mark.parametrize(
    ("reason", "spoil"),
    [
        (UnavailableReason.SUPPLIER, lambda: Supplier.objects.update(status="paused")),
        (
            UnavailableReason.DISCONTINUED,
            lambda: SupplierOffer.objects.update(status="discontinued"),
        ),
        (UnavailableReason.ON_HOLD, lambda: SupplierOffer.objects.update(status="on_hold")),
        (
            UnavailableReason.MISSING_CERTIFICATE,
            lambda: SupplierOffer.objects.update(missing_certificates="un383"),
        ),
        (UnavailableReason.NO_COST, lambda: SupplierOffer.objects.update(cost_amount=None)),
        (UnavailableReason.STALE_COST, lambda: SupplierOffer.objects.update(cost_reported_at=None)),
        (
            UnavailableReason.STALE_STOCK,
            lambda: StockLevel.objects.update(as_of=NOON - timedelta(days=2)),
        ),
        (UnavailableReason.OUT_OF_STOCK, lambda: StockLevel.objects.update(reserved=20)),
        (UnavailableReason.MISSING_RATE, lambda: SupplierOffer.objects.update(currency="JPY")),
    ],
)
def test_a_row_that_is_not_for_sale_has_its_reason(variant, reason, spoil):
    spoil()

    rows = assess(variant)

    assert [(row.reasons, row.candidate) for row in rows] == [([reason], None)] * 2


def test_all_reasons_of_a_row_are_listed_in_their_order(variant):
    Supplier.objects.update(status="paused")
    SupplierOffer.objects.update(status="discontinued", cost_amount=None)
    StockLevel.objects.update(reserved=20)

    rows = assess(variant)

    expected = [
        UnavailableReason.SUPPLIER,
        UnavailableReason.DISCONTINUED,
        UnavailableReason.NO_COST,
        UnavailableReason.OUT_OF_STOCK,
    ]
    assert [row.reasons for row in rows] == [expected] * 2


def test_an_offer_without_exchange_rate_is_refused_until_there_is_one(variant, settings):
    settings.RATES_MAX_AGE_H = 96
    SupplierOffer.objects.filter(supplier__code="near").update(currency="USD")
    make_exchange_rate()

    def shown(now):
        rates.expire_old(now=now)
        Supplier.objects.update(costs_confirmed_at=now)
        StockLocation.objects.update(stock_confirmed_at=now)
        confirmations.queue_aged(now=now)
        publication.publish_pending(now=now)
        listing = Listing.objects.get()
        assert listing.is_published
        return listing.supplier_code, listing.ships_from

    def refused(now):
        rows = assess(variant, now)
        return {row.level.offer.supplier.code: row.reasons for row in rows}

    publication.publish(variant_ids=[variant.pk], now=NOON)
    assert shown(NOON) == ("near", {"CN": 20, "DE": 20})

    old = NOON + timedelta(days=30)
    assert shown(old) == ("across", {"CN": 20})
    assert refused(old) == {"across": [], "near": [UnavailableReason.MISSING_RATE]}

    new_rates = {"USD": Decimal("0.92")}
    rates.import_rates(quote="EUR", rates=new_rates, source="bank", as_of=old, actor="ann", now=old)
    assert shown(old) == ("near", {"CN": 20, "DE": 20})
    assert refused(old) == {"across": [], "near": []}


@pytest.mark.parametrize("seed", thinned(range(8), step=2))
def test_the_shop_shows_the_quantity_that_can_be_ordered(variant, seed):
    dice = random.Random(seed)
    for offer in SupplierOffer.objects.all():
        offer.min_order_units, offer.pack_size = dice.choice([1, 3, 6]), dice.choice([1, 2, 5])
        offer.save()
    for level in StockLevel.objects.all():
        level.reported_quantity, level.safety_stock = dice.randint(3, 12), dice.choice([0, 1])
        level.as_of = NOON - timedelta(hours=dice.choice([0, 2, 5]))
        level.save()
    Channel.objects.update(safety_stock=dice.choice([1, 2, 3]))
    channel = Channel.objects.get()

    publication.publish(variant_ids=[variant.pk], now=NOON)

    def planned(quantity):
        return stock_query.plan_sources(
            lines=[(variant.pk, quantity)], channel=channel, country="DE", now=NOON
        ).parcels

    able = [quantity for quantity in range(1, 14) if planned(quantity)]
    listing = Listing.objects.get()
    assert listing.available == max(able, default=0)
    assert max(listing.ships_from.values(), default=0) == max(able, default=0)
    if able:
        [parcel] = planned(able[0])
        assert listing.supplier_code == Supplier.objects.get(pk=parcel.supplier_id).code
