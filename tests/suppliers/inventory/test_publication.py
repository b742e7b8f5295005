from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError

from catalog.listings import repricing
from catalog.models import ExchangeRate, Listing
from storefront.lib.money import Money
from suppliers.inventory import channel_supply, publication
from suppliers.inventory.channel_supply import LocationStock, OfferSupply
from suppliers.models import PendingPublication, StockLevel, SupplierOffer
from suppliers.shipping_services.selection import ParcelLoad
from tests.factories.catalog import make_channel, make_variant
from tests.factories.feeds import NOON
from tests.factories.pricing import costing, terms
from tests.factories.suppliers import make_level, make_location, make_offer, make_supplier

EUR = costing()
ONE = ParcelLoad(weight_g=100, cells=())
best = partial(channel_supply.summarize, services={})


def offered(cost, *locations, currency="EUR", **more):
    return OfferSupply(
        cost=Money(Decimal(cost), currency),
        locations=tuple(
            LocationStock(
                country=country,
                free=free,
                known_at=NOON + timedelta(minutes=age),
                location_id=place,
            )
            for place, (country, free, age) in enumerate(locations)
        ),
        load=ONE,
        **more,
    )


def test_availability_is_that_of_one_location_not_the_sum():
    found = best(1, [offered("9", ("DE", 5, 0), ("CN", 80, 0)), offered("8", ("DE", 7, 0))], EUR)

    assert (found.available, found.ships_from) == (80, {"CN": 80, "DE": 7})


SOLD_OUT, DOZEN = ("DE", 0, 0), {"minimum": 10, "pack": 4}
BY_LAW = costing(known={("*", "*"): replace(terms(), duty_amount=None)})  # 3 EUR per parcel
FROM_GERMANY = costing(known={("DE", "*"): terms()})


def of_cost(cost, currency="EUR", **more):
    return {"cost": Money(Decimal(cost), currency), **more}


@pytest.mark.parametrize(
    ("offers", "options", "expected"),
    [
        pytest.param(
            [offered("9", ("DE", 5, 0)), offered("5", SOLD_OUT), offered("8", ("CN", 1, 0))],
            {},
            of_cost("8"),
            id="the cheapest with stock",
        ),
        pytest.param(
            [offered("9", SOLD_OUT), offered("5", SOLD_OUT)],
            {},
            of_cost("5", available=0),
            id="the cheapest if all are out of stock",
        ),
        pytest.param(
            [offered("5"), offered("8", SOLD_OUT)],
            {},
            of_cost("8", origins=("DE",)),
            id="one with a known origin if all are out of stock",
        ),
        pytest.param(
            [offered("5", ("DE", 2, 0)), offered("9", ("DE", 8, 0))],
            {"safety_stock": 2},
            of_cost("9"),
            id="none within the safety stock",
        ),
        pytest.param(
            [offered("5", ("DE", 2, 0)), offered("9", ("DE", 8, 0))],
            {"safety_stock": 1},
            of_cost("5"),
            id="one above the safety stock",
        ),
        pytest.param(
            [offered("5", ("DE", 60, 0), **DOZEN), offered("9", ("DE", 8, 0))],
            {},
            of_cost("9"),
            id="none sold by the dozen",
        ),
        pytest.param(
            [offered("5", ("DE", 60, 0), **DOZEN), offered("9", ("DE", 8, 0))],
            {"safety_stock": 8},
            of_cost("5"),
            id="one sold by the dozen if no unit is left elsewhere",
        ),
        pytest.param(
            [offered("9.5", ("DE", 1, 0)), offered("10", ("DE", 1, 0), currency="USD")],
            {},
            of_cost("10", "USD"),
            id="the cheapest by exchange rate",
        ),
        pytest.param(
            [offered("8", ("CN", 5, 0)), offered("9", ("DE", 5, 0))],
            {"pricing": BY_LAW},
            of_cost("9"),
            id="the lowest landed cost, of the dearer",
        ),
        pytest.param(
            [offered("8", ("CN", 5, 0)), offered("12", ("DE", 5, 0))],
            {"pricing": BY_LAW},
            of_cost("8"),
            id="the lowest landed cost, of the cheaper",
        ),
        pytest.param(
            [offered("5", ("CN", 5, 0)), offered("9", ("DE", 5, 0))],
            {"pricing": FROM_GERMANY},
            of_cost("9"),
            id="none of unknown landed cost",
        ),
        pytest.param(
            [offered("5", ("CN", 5, 0))],
            {"pricing": FROM_GERMANY},
            of_cost("5"),
            id="one of unknown landed cost if alone",
        ),
    ],
)
def test_the_cheapest_sellable_offer_sets_the_price(offers, options, expected):
    found = best(
        1, offers, options.get("pricing", EUR), safety_stock=options.get("safety_stock", 0)
    )

    assert {name: getattr(found, name) for name in expected} == expected


def test_a_listing_has_the_date_of_its_oldest_figure():
    assert best(1, [offered("9", ("DE", 0, 3))], EUR).as_of == NOON + timedelta(minutes=3)
    oldest = best(1, [offered("9", ("DE", 5, 7), ("CN", 80, 2), ("US", 0, 0))], EUR)
    assert oldest.as_of == NOON + timedelta(minutes=2)  # of a figure with stock


def test_an_unsellable_variant_has_no_figures():
    none = best(1, [], EUR)
    assert (none.cost, none.available, none.as_of) == (None, 0, None)
    yen = best(1, [offered("1", ("DE", 9, 0), currency="JPY")], EUR)  # without exchange rate
    assert (yen.cost, yen.available, yen.ships_from) == (None, 0, {})


def test_expired_stock_is_not_sold_but_keeps_its_origin(db):
    make_channel()
    offer = make_offer(make_variant())
    level = make_level(offer, as_of=NOON - timedelta(days=60))

    publication.publish(variant_ids=[level.offer.variant_id], now=NOON)

    listing = Listing.objects.get()
    assert (listing.available, listing.origins) == (0, [level.location.country])


def test_the_highest_map_of_offers_with_stock_counts():
    cheap = offered("8", ("DE", 5, 0), map_amount=Decimal(30))
    strict = offered("9", ("DE", 5, 0), map_amount=Decimal(40))
    foreign = offered("11", ("DE", 5, 0), currency="USD", map_amount=Decimal(45))  # 40.50 EUR
    sold_out = offered("9", ("DE", 0, 0), map_amount=Decimal(99))

    def bound(*offers, safety_stock=0):
        found = best(1, offers, EUR, safety_stock=safety_stock)
        return found.cost.amount, found.map_amount, found.map_currency

    assert bound(cheap, strict, sold_out) == (8, 40, "EUR")
    assert bound(cheap, strict, foreign) == (8, 45, "USD")
    assert bound(offered("8", ("DE", 5, 0)), cheap) == (8, 30, "EUR")
    assert bound(cheap, sold_out) == (8, 30, "")
    assert bound(cheap, strict, safety_stock=5) == (8, 30, "")


def test_no_price_is_below_the_map_of_another_offer_with_stock(shop):
    variant = make_variant()
    for code, currency, amount in (("near", "EUR", None), ("strict", "USD", "50.00")):
        offer = make_offer(variant, make_supplier(code=code, currency=currency), cost="12.00")
        SupplierOffer.objects.filter(pk=offer.pk).update(map_amount=amount)
        make_level(offer)
    SupplierOffer.objects.filter(supplier__code="near").update(cost_amount="9.00")
    publication.publish(variant_ids=[variant.pk], now=NOON)
    listing = Listing.objects.get()
    assert (listing.supplier_code, listing.price_amount) == ("near", Decimal("46.99"))  # 50 dollars

    ExchangeRate.objects.update(rate="1.00")
    repricing.reprice_channel(channel=listing.channel, now=NOON)

    listing.refresh_from_db()
    assert listing.price_amount == Decimal("50.99")


def test_an_offer_without_exchange_rate_does_not_block_others():
    faded = replace(EUR, expired_rates={"JPY": Decimal("0.01")})
    yen = offered("1", ("JP", 9, 0), currency="JPY", map_amount=Decimal(9999))
    good, sold_out = offered("9", ("DE", 5, 0)), offered("9", ("DE", 0, 0))

    found = best(1, [yen, good], faded)
    assert (found.cost, found.available, found.ships_from) == (good.cost, 5, {"DE": 5})
    assert found.map_amount is None
    assert (best(1, [yen, sold_out], faded).cost, best(1, [yen], faded).cost) == (
        good.cost,
        yen.cost,
    )
    assert best(1, [yen], faded).available == 0


def test_the_earliest_restock_date_counts_without_any_stock():
    early, late = NOON.date(), NOON.date() + timedelta(days=9)
    sold_out = [offered("9", ("DE", 0, 0), restock_on=late), offered("8", restock_on=early)]

    assert best(1, [*sold_out, offered("7", ("DE", 0, 0))], EUR).restock_on == early
    assert best(1, [*sold_out, offered("7", ("DE", 1, 0))], EUR).restock_on is None


@pytest.mark.parametrize(
    ("days", "age_h", "is_listed"),
    [(0, 0, True), (365, 0, True), (-1, 0, False), (366, 0, False), (9, 25, False)],
)
def test_a_restock_date_is_listed_if_in_the_future_with_fresh_stock(shop, days, age_h, is_listed):
    restock_on = NOON.date() + timedelta(days=days)
    offer = make_offer(make_variant())
    SupplierOffer.objects.update(restock_on=restock_on)
    make_level(offer, quantity=0, as_of=NOON - timedelta(hours=age_h))

    publication.publish(variant_ids=[offer.variant_id], now=NOON)

    listing = Listing.objects.get()
    assert (listing.available, listing.restock_on) == (0, restock_on if is_listed else None)

    StockLevel.objects.update(reported_quantity=5, as_of=NOON)
    publication.publish(variant_ids=[offer.variant_id], now=NOON)
    listing.refresh_from_db()
    assert (listing.available, listing.restock_on) == (5, None)
    with pytest.raises(IntegrityError):
        Listing.objects.update(restock_on=NOON.date())


def test_held_stale_and_paused_offers_are_not_sold(shop):
    variant = make_variant()
    held = [("on_hold", "a", 0), ("discontinued", "b", 0), ("active", "c", 25), ("active", "d", 0)]
    for status, code, age in held:
        offer = make_offer(variant, supplier=make_supplier(code=code), cost="9.00")
        offer.status = status
        offer.save(update_fields=["status"])
        make_level(offer, quantity=5, as_of=NOON - timedelta(hours=age))
    make_supplier(code="d").move("paused", at=NOON)

    publication.publish(variant_ids=[variant.pk], now=NOON)

    assert Listing.objects.get(variant=variant).available == 0


def test_the_number_of_queries_does_not_depend_on_the_batch_size(
    shop, django_assert_max_num_queries
):
    def publishing(count):
        variants = [make_variant() for _ in range(count)]
        for variant in variants:
            make_level(make_offer(variant), quantity=5)
        return [variant.pk for variant in variants]

    few, many = publishing(2), publishing(30)
    with django_assert_max_num_queries(60) as counted:
        publication.publish(variant_ids=few, now=NOON)
    with django_assert_max_num_queries(len(counted) + 3):
        publication.publish(variant_ids=many, now=NOON)


def test_an_unpublished_change_is_found_by_the_sweep(shop):
    variant = make_variant()
    offer = make_offer(variant, cost="9.00")
    make_level(offer, quantity=5)
    make_level(offer, quantity=50, location=make_location(offer.supplier, "CN", "CN"))
    PendingPublication.objects.bulk_create(PendingPublication(variant=variant) for _ in range(3))

    assert publication.publish_pending(now=NOON, within=timedelta()) == 0, "no time is left"
    assert publication.publish_pending(now=NOON) == 1

    listing = Listing.objects.get(variant=variant)
    assert (listing.available, listing.ships_from) == (50, {"CN": 50, "DE": 5})
    assert not PendingPublication.objects.exists()
    assert publication.publish_pending(now=NOON) == 0


def test_a_change_during_publication_is_not_lost(shop, monkeypatch):
    variant = make_variant()
    level = make_level(make_offer(variant), quantity=5)
    PendingPublication.objects.create(variant=variant)
    refresh = publication.refresh.refresh_listings
    changes = []

    def refresh_during_a_change(**words):
        touched = refresh(**words)
        if not changes:
            changes.append(1)
            level.reported_quantity = 2
            level.save(update_fields=["reported_quantity"])
            PendingPublication.objects.create(variant=variant)
        return touched

    monkeypatch.setattr(publication.refresh, "refresh_listings", refresh_during_a_change)

    publication.publish_pending(now=NOON)

    assert Listing.objects.get(variant=variant).available == 2
