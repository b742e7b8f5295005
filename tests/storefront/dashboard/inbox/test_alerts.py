import random
from datetime import timedelta

import pytest
from django.urls import reverse

from catalog.models import Listing
from orders.routing import stock_query
from storefront.dashboard.inbox.rules.registry import RULES
from storefront.dashboard.inbox.views import CODES
from suppliers.inventory import publication
from suppliers.models import (
    CostChange,
    PendingPublication,
    QuarantineThresholds,
    StockLevel,
    Supplier,
    SupplierOffer,
)
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel, make_price_rule, make_variant
from tests.factories.inbox_items import items_of
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier

pytestmark = pytest.mark.django_db

A_DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def channel(noon, db):
    return make_channel()


def increase_cost(offer, old, new, at=NOON):
    SupplierOffer.objects.filter(pk=offer.pk).update(cost_amount=new)
    return CostChange.objects.create(offer=offer, old_amount=old, new_amount=new, at=at)


def test_cost_increase_above_the_suppliers_limit_is_an_alert_for_a_week():
    offer = make_offer(make_variant())
    increase_cost(offer, 10, "11.50")
    assert items_of("cost_increased") == []

    increase_cost(offer, 10, "11.60")
    [row] = items_of("cost_increased")
    assert (row.name, row.detail) == (f"Lumen: {offer.supplier_sku}", "10.00 → 11.60 EUR (+16 %)")
    assert row.url == reverse("admin:suppliers_supplieroffer_change", args=[offer.pk])

    limits = QuarantineThresholds.objects.create(
        supplier=offer.supplier, cost_increase_alert_percent=20
    )
    assert items_of("cost_increased") == []
    limits.delete()
    SupplierOffer.objects.update(cost_amount=10)  # it fell again
    assert items_of("cost_increased") == []
    SupplierOffer.objects.update(cost_amount=20)
    CostChange.objects.update(at=NOON - 8 * A_DAY)
    assert items_of("cost_increased") == []


def test_price_below_its_floor_is_an_alert():
    make_price_rule()
    offer = make_offer(make_variant(), cost="10.00")
    make_level(offer)
    publication.publish(variant_ids=[offer.variant_id], now=NOON)
    listing = Listing.objects.get()
    assert listing.landed_amount < listing.floor_amount <= listing.price_amount

    lower = listing.floor_amount - 1
    Listing.objects.update(is_published=True, price_amount=lower, break_even_amount=lower)

    [row] = items_of("price_below_minimum")
    name = f"{listing.variant.sku} · {listing.channel}"
    assert (row.name, str(row.at_risk)) == (name, "1.00 EUR")


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(2, 6))]
)
def test_unroutable_listings_match_what_routing_finds(seed):
    dice = random.Random(seed)
    make_price_rule()
    variants = [make_variant() for _ in range(12)]
    for code in ("one", "two"):
        supplier = make_supplier(code)
        for variant in variants:
            for place in dice.sample(["DE", "CN"], dice.randint(0, 2)):
                offer = variant.offers.filter(supplier=supplier).first()
                offer = offer or make_offer(variant, supplier=supplier)
                make_level(offer, dice.randint(1, 9), make_location(supplier, place, place))
    publication.publish(variant_ids=[variant.pk for variant in variants], now=NOON)
    Listing.objects.filter(available__gt=0).update(is_published=True)
    assert items_of("listing_unroutable") == []

    for offer in SupplierOffer.objects.all():
        offer.status = dice.choice(["active", "active", "on_hold", "discontinued"])
        offer.missing_certificates = dice.choice(["", "", "ce"])
        offer.currency = dice.choice(["EUR", "EUR", "JPY"])
        offer.min_order_units, offer.pack_size = dice.choice([1, 1, 4]), dice.choice([1, 1, 3])
        offer.save()
    for level in StockLevel.objects.all():
        level.reserved = dice.choice([0, 0, level.reported_quantity])
        level.save()
        PendingPublication.objects.create(variant_id=level.offer.variant_id)
    if seed % 3 == 0:
        Supplier.objects.filter(code="one").update(status="paused")
    shown = Listing.objects.filter(available__gt=0, is_published=True)
    routed = {
        one.variant_id
        for one in stock_query.find_candidates(
            variant_ids=[variant.pk for variant in variants],
            channel=make_channel(),
            country="DE",
            now=NOON,
        )
        if one.smallest_sellable(1) is not None
    }

    lost = {one.variant.sku for one in shown if one.variant_id not in routed}
    assert {row.name for row in items_of("listing_unroutable")} == lost
    assert lost


def test_alerts_are_grouped_and_counted_on_the_start_page(staff):
    empty = staff.get(reverse("supply:alerts")).content.decode()
    assert "No alerts. All listed products are available and priced above cost." in empty
    assert "All suppliers updated their stock and costs in time." in empty
    assert reverse("supply:alerts") + '">0' not in staff.get("/admin/").content.decode()

    increase_cost(make_offer(make_variant()), 10, 20)

    groups = staff.get(reverse("supply:alerts")).context["groups"]
    counts = {each.group.code: each.count for each in groups}
    assert counts == {"costs": 1, "margins": 0, "stale": 0, "sold_out": 0}
    assert "1 supply and price alert" in staff.get("/admin/").content.decode()


def test_alerts_need_permission_for_their_table(client):
    assert {cause.code for cause in RULES} >= CODES
    client.force_login(make_staff("lister", "view_listing"))
    assert client.get(reverse("supply:alerts")).status_code == 403
    assert reverse("supply:alerts") not in client.get("/admin/").content.decode()

    client.force_login(make_staff("buyer", "view_listing", "view_supplieroffer"))
    groups = client.get(reverse("supply:alerts")).context["groups"]
    assert [each.group.code for each in groups] == ["costs", "margins", "sold_out"]
