from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import Listing, PriceChange
from catalog.records import ImportIssue
from storefront.dev.sandboxes import in_memory_supplier
from suppliers.connectors.records import PriceReport
from suppliers.models import CostChange, SupplierOffer, SupplierProduct, SyncIssue, SyncRun
from suppliers.quarantine import review
from tests.factories.feeds import NOON, stock_world, sync, usd
from tests.suppliers.sync.test_products import open_issues, versions

LATER = NOON + timedelta(hours=1)


def cost_of(sku):
    return SupplierOffer.objects.get(supplier_sku=sku).cost_amount


def price_of(sku):
    return Listing.objects.get(variant__offers__supplier_sku=sku).price_amount


def ask_in_cents(world):
    for sku, cost in world.costs.items():
        world.costs[sku] = replace(cost, amount=cost.amount * 100)


def test_only_a_changed_cost_is_written_and_changes_the_price_of_its_listing(known, world):
    written = versions(SupplierOffer, SupplierProduct, Listing, CostChange)
    run = sync(known, "prices", now=NOON + timedelta(minutes=30))
    assert (run.status, run.updated) == (SyncRun.Status.APPLIED, 0)
    assert versions(SupplierOffer, SupplierProduct, Listing, CostChange) == written
    before = {sku: price_of(sku) for sku in ("P1-Black", "P2-Black")}
    world.costs["P2-Black"] = usd("12.00")

    run = sync(known, "prices", now=LATER)

    assert (run.status, run.updated) == (SyncRun.Status.APPLIED, 1)
    change = CostChange.objects.get()
    assert (change.old_amount, change.new_amount) == (Decimal("8.40"), Decimal("12.00"))
    assert change.run == run
    assert price_of("P2-Black") > before["P2-Black"]
    assert price_of("P1-Black") == before["P1-Black"]
    assert PriceChange.objects.filter(at__gt=NOON + timedelta(minutes=30)).count() == 1


def test_a_price_that_the_list_does_not_show_is_found_within_a_day(known):
    """The list shows only the range of the costs of a product; a cost within it changes."""
    known.connection.prices_every_min = 6 * 60
    known.connection.save()
    SupplierOffer.objects.filter(supplier_sku="P4-Black").update(cost_amount=Decimal("7.00"))

    for hour in range(0, 24, 6):
        sync(known, "prices", now=NOON + timedelta(hours=hour))

    assert cost_of("P4-Black") == Decimal("8.40")


@pytest.mark.parametrize(("cost", "code"), [("840.00", "cost-jumped"), ("0.00", "cost-absurd")])
def test_a_cost_outlier_holds_the_offer(known, world, cost, code):
    world.costs["P2-Black"] = usd(cost)

    run = sync(known, "prices", now=LATER)

    offer = SupplierOffer.objects.get(supplier_sku="P2-Black")
    assert run.status == SyncRun.Status.APPLIED
    assert (offer.cost_amount, offer.status) == (Decimal("8.40"), SupplierOffer.Status.ON_HOLD)
    assert open_issues() == [("P2-Black", code)]
    assert Listing.objects.get(variant=offer.variant).available == 0

    world.costs["P2-Black"] = usd("8.60")
    sync(known, "prices", now=LATER + timedelta(hours=1))

    offer.refresh_from_db()
    assert (offer.cost_amount, offer.status) == (Decimal("8.60"), SupplierOffer.Status.ACTIVE)
    assert open_issues() == []
    assert Listing.objects.get(variant=offer.variant).available == 100


def test_a_feed_in_cents_is_quarantined_until_staff_apply_it(known, world):
    ask_in_cents(world)
    before = versions(SupplierOffer, SupplierProduct, Listing, CostChange, SyncIssue)

    run = sync(known, "prices", now=LATER)

    assert run.status == SyncRun.Status.QUARANTINED
    assert "5 of 5 costs change by a factor of 10 or more" in run.problem
    assert versions(SupplierOffer, SupplierProduct, Listing, CostChange, SyncIssue) == before

    decided = review.apply(sync_run=run, actor="staff", now=LATER)
    run = sync(known, "prices", now=LATER + timedelta(hours=1))

    assert (decided.done, decided.skipped) == (5, 0)
    assert cost_of("P1-Black") == Decimal("840.00")
    assert (run.status, run.updated) == (SyncRun.Status.APPLIED, 0)


def test_a_run_with_waived_guards_is_applied(known, world):
    ask_in_cents(world)

    run = sync(known, "prices", now=LATER, guards_waived_by="erika")

    assert (run.status, run.updated, run.guards_waived_by) == (SyncRun.Status.APPLIED, 5, "erika")


def test_costs_in_another_currency_are_quarantined(known, world):
    world.costs = {sku: replace(cost, currency="EUR") for sku, cost in world.costs.items()}

    run = sync(known, "prices", now=LATER)

    assert run.status == SyncRun.Status.QUARANTINED
    assert run.problem == "Prices are in EUR; this supplier's currency is USD."
    assert cost_of("P1-Black") == Decimal("8.40")


def test_costs_of_a_truncated_list_are_quarantined(known, world):
    for number in range(2, 6):
        del world.records[f"P{number}"]
    world.costs["P1-Black"] = usd("9.00")

    run = sync(known, "prices", now=LATER)

    assert run.status == SyncRun.Status.QUARANTINED
    assert cost_of("P1-Black") == Decimal("8.40")


@pytest.mark.parametrize(("had_a_cost", "status"), [(False, "applied"), (True, "quarantined")])
def test_rejected_costs_count_only_for_products_that_had_a_cost(known, world, had_a_cost, status):
    bad = [f"P{number}-Black" for number in range(1, 5)]
    world.costs |= {sku: usd("0.00") for sku in bad}
    if not had_a_cost:
        SupplierOffer.objects.filter(supplier_sku__in=bad).update(cost_amount=None)

    run = sync(known, "prices", now=LATER)

    assert run.status == status


@pytest.fixture
def black(supplier, world):
    """Import P1 in black and red; return its page with only the black variant."""
    stock_world(world, 1, colors=("Black", "Red"))
    sync(supplier)
    SupplierProduct.objects.update(cost_digest="")
    record = world.records["P1"]
    return replace(record, variants=record.variants[:1])


def test_a_variant_missing_from_prices_is_held_then_discontinued(supplier, world, black):
    both, world.records["P1"] = world.records["P1"], black

    sync(supplier, "prices", now=LATER)

    red = SupplierOffer.objects.get(supplier_sku="P1-Red")
    assert red.status == SupplierOffer.Status.ON_HOLD
    assert Listing.objects.get(variant=red.variant).available == 0
    assert open_issues() == [("P1-Red", "cost-left-out")]
    assert SupplierOffer.objects.get(supplier_sku="P1-Black").status == "active"

    world.records["P1"] = both  # relisted
    sync(supplier, "prices", now=LATER + timedelta(minutes=1))
    red.refresh_from_db()
    assert (red.status, open_issues()) == (SupplierOffer.Status.ACTIVE, [])

    world.records["P1"] = black
    sync(supplier, "prices", now=LATER + timedelta(minutes=2))
    sync(supplier, "products", now=LATER + timedelta(minutes=3))
    red.refresh_from_db()
    assert red.status == SupplierOffer.Status.DISCONTINUED
    sync(supplier, "prices", now=LATER + timedelta(minutes=4))
    assert open_issues() == []


def test_a_price_row_without_sku_may_be_the_missing_one(supplier, black, monkeypatch):
    torn = (
        PriceReport(sku="P1-Black", cost=usd("8.40")),
        ImportIssue(row="P1 variant 2", code="cost-unreadable", message="No SKU."),
    )
    monkeypatch.setattr(in_memory_supplier.InMemorySupplier, "costs", lambda *_, **__: torn)

    sync(supplier, "prices", now=LATER)

    assert SupplierOffer.objects.get(supplier_sku="P1-Red").status == "active"
