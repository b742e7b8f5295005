from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import Listing, PriceChange
from catalog.records import ImportIssue
from storefront.dev.sandboxes import in_memory_supplier
from suppliers.connectors.records import PriceReport
from suppliers.models import (
    Connection,
    CostChange,
    SupplierOffer,
    SupplierProduct,
    SyncIssue,
    SyncRun,
)
from suppliers.quarantine import review
from tests.factories.feeds import NOON, stock_world, sync, usd
from tests.factories.product_records import make_product_record, make_variant_record
from tests.suppliers.sync.test_products import open_issues, versions

LATER = NOON + timedelta(hours=1)


def cost_of(sku):
    return SupplierOffer.objects.get(supplier_sku=sku).cost_amount


def price_of(sku):
    return Listing.objects.get(variant__offers__supplier_sku=sku).price_amount


def ask_in_cents(world):
    for sku, cost in world.costs.items():
        world.costs[sku] = replace(cost, amount=cost.amount * 100)


def test_a_changed_cost_changes_the_price_of_that_listing_only(supplier, world):
    stock_world(world, 3)
    sync(supplier)
    before = {sku: price_of(sku) for sku in ("P1-Black", "P2-Black")}
    world.costs["P2-Black"] = usd("12.00")

    run = sync(supplier, "prices", now=LATER)

    assert (run.status, run.updated) == (SyncRun.Status.APPLIED, 1)
    change = CostChange.objects.get()
    assert (change.old_amount, change.new_amount) == (Decimal("8.40"), Decimal("12.00"))
    assert change.run == run
    assert price_of("P2-Black") > before["P2-Black"]
    assert price_of("P1-Black") == before["P1-Black"]
    assert PriceChange.objects.filter(at__gt=NOON + timedelta(minutes=30)).count() == 1


def test_unchanged_costs_write_nothing(supplier, world):
    stock_world(world, 5)
    sync(supplier)
    before = versions(SupplierOffer, SupplierProduct, Listing, CostChange)

    run = sync(supplier, "prices", now=LATER)

    assert (run.status, run.updated) == (SyncRun.Status.APPLIED, 0)
    assert versions(SupplierOffer, SupplierProduct, Listing, CostChange) == before


def test_a_price_that_the_list_does_not_show_is_found_within_a_day(supplier, world):
    """The list only shows the range; a cost inside of it changes."""
    stock_world(world, 10)
    Connection.objects.update(prices_every_min=6 * 60)
    supplier.connection.refresh_from_db()
    sync(supplier)
    SupplierOffer.objects.filter(supplier_sku="P4-Black").update(cost_amount=Decimal("7.00"))

    for hour in range(0, 24, 6):
        sync(supplier, "prices", now=NOON + timedelta(hours=hour))

    assert cost_of("P4-Black") == Decimal("8.40")


def test_a_cost_outlier_holds_the_offer(supplier, world):
    stock_world(world, 3)
    sync(supplier)
    world.costs["P2-Black"] = usd("840.00")

    run = sync(supplier, "prices", now=LATER)

    offer = SupplierOffer.objects.get(supplier_sku="P2-Black")
    assert run.status == SyncRun.Status.APPLIED
    assert (offer.cost_amount, offer.status) == (Decimal("8.40"), SupplierOffer.Status.ON_HOLD)
    assert open_issues() == [("P2-Black", "cost-jumped")]
    assert Listing.objects.get(variant=offer.variant).available == 0

    world.costs["P2-Black"] = usd("8.60")
    sync(supplier, "prices", now=LATER + timedelta(hours=1))

    offer.refresh_from_db()
    assert (offer.cost_amount, offer.status) == (Decimal("8.60"), SupplierOffer.Status.ACTIVE)
    assert open_issues() == []
    assert Listing.objects.get(variant=offer.variant).available == 100


def test_a_feed_in_cents_is_quarantined(supplier, world):
    stock_world(world, 10)
    sync(supplier)
    world.costs = {
        sku: replace(cost, amount=cost.amount * 100) for sku, cost in world.costs.items()
    }
    before = versions(SupplierOffer, SupplierProduct, Listing, CostChange, SyncIssue)

    run = sync(supplier, "prices", now=LATER)

    assert run.status == SyncRun.Status.QUARANTINED
    assert "10 of 10 costs change by a factor of 10 or more" in run.problem
    assert versions(SupplierOffer, SupplierProduct, Listing, CostChange, SyncIssue) == before


def test_costs_applied_by_staff_become_the_baseline(supplier, world):
    stock_world(world, 10)
    sync(supplier)
    ask_in_cents(world)
    quarantined = sync(supplier, "prices", now=LATER)

    decided = review.apply(sync_run=quarantined, actor="staff", now=LATER)
    run = sync(supplier, "prices", now=LATER + timedelta(hours=1))

    assert (decided.done, decided.skipped) == (10, 0)
    assert cost_of("P1-Black") == Decimal("840.00")
    assert (run.status, run.updated) == (SyncRun.Status.APPLIED, 0)


def test_a_run_with_waived_guards_is_applied(supplier, world):
    stock_world(world, 10)
    sync(supplier)
    ask_in_cents(world)

    run = sync(supplier, "prices", now=LATER, guards_waived_by="erika")

    assert (run.status, run.updated, run.guards_waived_by) == (SyncRun.Status.APPLIED, 10, "erika")


def test_costs_in_another_currency_are_quarantined(supplier, world):
    stock_world(world, 5)
    sync(supplier)
    world.costs = {sku: replace(cost, currency="EUR") for sku, cost in world.costs.items()}

    run = sync(supplier, "prices", now=LATER)

    assert run.status == SyncRun.Status.QUARANTINED
    assert run.problem == "Prices are in EUR; this supplier's currency is USD."
    assert cost_of("P1-Black") == Decimal("8.40")


def test_a_single_zero_cost_holds_its_offer(supplier, world):
    stock_world(world, 5)
    sync(supplier)
    world.costs["P2-Black"] = usd("0.00")

    sync(supplier, "prices", now=LATER)

    offer = SupplierOffer.objects.get(supplier_sku="P2-Black")
    assert (offer.cost_amount, offer.status) == (Decimal("8.40"), SupplierOffer.Status.ON_HOLD)
    assert open_issues() == [("P2-Black", "cost-absurd")]


def test_costs_of_a_truncated_list_are_quarantined(supplier, world):
    stock_world(world, 20)
    sync(supplier)
    for number in range(3, 21):
        del world.records[f"P{number}"]
    world.costs["P1-Black"] = usd("9.00")

    run = sync(supplier, "prices", now=LATER)

    assert run.status == SyncRun.Status.QUARANTINED
    assert cost_of("P1-Black") == Decimal("8.40")


@pytest.mark.parametrize(("had_a_cost", "status"), [(False, "applied"), (True, "quarantined")])
def test_rejected_costs_count_only_for_products_that_had_a_cost(
    supplier, world, had_a_cost, status
):
    stock_world(world, 8)
    sync(supplier)
    bad = [f"P{number}-Black" for number in range(1, 5)]
    world.costs |= {sku: usd("0.00") for sku in bad}
    if not had_a_cost:
        SupplierOffer.objects.filter(supplier_sku__in=bad).update(cost_amount=None)

    run = sync(supplier, "prices", now=LATER)

    assert run.status == status


def make_two_colors(world):
    world.put(
        make_product_record(
            external_id="P1",
            variants=[
                make_variant_record(sku="P1-Black", option_values=("Black",)),
                make_variant_record(sku="P1-Red", option_values=("Red",), gtin="", mpn=""),
            ],
            picture_urls=(),
        ),
        stock={"DE": 100},
        cost=usd("8.40"),
    )


def test_a_variant_missing_from_prices_is_held_then_discontinued(supplier, world):
    make_two_colors(world)
    sync(supplier)
    record = world.records["P1"]
    world.records["P1"] = replace(record, variants=record.variants[:1])
    SupplierProduct.objects.update(cost_digest="")

    sync(supplier, "prices", now=LATER)

    red = SupplierOffer.objects.get(supplier_sku="P1-Red")
    assert red.status == SupplierOffer.Status.ON_HOLD
    assert Listing.objects.get(variant=red.variant).available == 0
    assert open_issues() == [("P1-Red", "cost-left-out")]
    assert SupplierOffer.objects.get(supplier_sku="P1-Black").status == "active"

    sync(supplier, "products", now=LATER + timedelta(minutes=1))
    red.refresh_from_db()
    assert red.status == SupplierOffer.Status.DISCONTINUED
    sync(supplier, "prices", now=LATER + timedelta(minutes=2))
    assert open_issues() == []


def test_a_relisted_variant_is_sold_again(supplier, world):
    make_two_colors(world)
    sync(supplier)
    record = world.records["P1"]
    world.records["P1"] = replace(record, variants=record.variants[:1])
    SupplierProduct.objects.update(cost_digest="")
    sync(supplier, "prices", now=LATER)

    world.records["P1"] = record
    sync(supplier, "prices", now=LATER + timedelta(minutes=1))

    assert SupplierOffer.objects.get(supplier_sku="P1-Red").status == "active"
    assert open_issues() == []


def test_a_price_row_without_sku_may_be_the_missing_one(supplier, world, monkeypatch):
    make_two_colors(world)
    sync(supplier)
    torn = (
        PriceReport(sku="P1-Black", cost=usd("8.40")),
        ImportIssue(row="P1 variant 2", code="cost-unreadable", message="No SKU."),
    )
    monkeypatch.setattr(in_memory_supplier.InMemorySupplier, "costs", lambda *_, **__: torn)
    SupplierProduct.objects.update(cost_digest="")

    sync(supplier, "prices", now=LATER)

    assert SupplierOffer.objects.get(supplier_sku="P1-Red").status == "active"
