from datetime import timedelta
from functools import partial

import pytest

from catalog.models import Listing
from storefront.lib.http.errors import TemporaryError
from suppliers.connectors.records import EventType, SupplierEvent
from suppliers.models import QuarantineThresholds, StockLevel, StockLocation, StockMovement, SyncRun
from suppliers.sync import stock
from suppliers.sync.concurrent_requests import fetch_concurrently
from suppliers.sync.webhooks import handle_event
from tests.factories.feeds import NOON, stock_world, sync
from tests.suppliers.sync.test_products import open_issues, versions

LATER = NOON + timedelta(minutes=15)


def level_of(sku, country="DE"):
    return StockLevel.objects.get(offer__supplier_sku=sku, location__code=country)


def listing_of(sku):
    return Listing.objects.get(variant__offers__supplier_sku=sku)


def test_a_changed_figure_is_written_with_its_movement_and_published(known, world):
    world.stock["P2-Black"] = {"DE": 7, "CN": 4}

    run = sync(known, "stock", now=LATER)

    assert (run.status, run.updated, run.created) == (SyncRun.Status.APPLIED, 2, 0)
    level = level_of("P2-Black")
    assert (level.reported_quantity, level.location.stock_confirmed_at) == (7, LATER)
    movement = level.movements.order_by("id").last()
    assert (movement.reported_delta, movement.cause) == (-13, f"run:{run.pk}")
    assert listing_of("P2-Black").available == 7
    assert listing_of("P2-Black").ships_from == {"CN": 4, "DE": 7}


def test_unchanged_stock_is_confirmed_without_writing_rows(known, world):
    tables = (StockLevel, StockMovement, Listing)
    before = versions(*tables)

    run = sync(known, "stock", now=LATER)

    assert (run.updated, run.created, run.unchanged) == (0, 0, 10)
    assert versions(*tables) == before
    assert all(location.stock_confirmed_at >= LATER for location in StockLocation.objects.all())
    tomorrow = LATER + timedelta(hours=23, minutes=59)
    assert StockLevel.objects.fresh(tomorrow).count() == 10
    assert StockLevel.objects.fresh(tomorrow + timedelta(minutes=2)).count() == 0


def test_a_listing_gets_its_new_stock_age_before_it_is_stale(known, world):
    sync(known, "stock", now=NOON + timedelta(hours=2))  # no decay so far
    assert listing_of("P1-Black").as_of < NOON + timedelta(minutes=5)

    sync(known, "stock", now=NOON + timedelta(hours=7))
    assert listing_of("P1-Black").as_of >= NOON + timedelta(hours=7)


@pytest.mark.parametrize(
    ("units", "problem", "threshold"),
    [
        (0, "4 of 10 stock rows drop to zero at once (40 %).", {"max_zeroed_percent": 50}),
        # As if prices in cents were read as quantities.
        (
            840,
            "4 of 10 stock rows rise to at least 10 times their quantity at once (40 %).",
            {"surge_factor": 50},
        ),
    ],
)
def test_many_implausible_figures_are_quarantined(known, world, units, problem, threshold):
    for number in range(1, 5):
        world.stock[f"P{number}-Black"]["DE"] = units
    before = versions(StockLevel, StockMovement, Listing)

    run = sync(known, "stock", now=LATER)

    assert run.status == SyncRun.Status.QUARANTINED
    assert run.problem == problem
    assert versions(StockLevel, StockMovement, Listing) == before
    QuarantineThresholds.objects.create(supplier=known, **threshold)
    assert sync(known, "stock", now=LATER).status == SyncRun.Status.APPLIED


def test_an_empty_warehouse_may_be_filled(supplier, world):
    stock_world(world, 10, stock={"DE": 0, "CN": 100})
    sync(supplier)
    for number in range(1, 11):
        world.stock[f"P{number}-Black"]["DE"] = 500

    assert sync(supplier, "stock", now=LATER).status == SyncRun.Status.APPLIED


def test_missing_and_impossible_quantities_are_clamped(known, world):
    world.stock["P1-Black"] = {"DE": -5, "CN": 10**9}
    world.stock["P2-Black"] = {"CN": 100}

    sync(known, "stock", now=LATER)

    assert [level_of(f"P{number}-Black").reported_quantity for number in (1, 2, 3)] == [0, 0, 20]
    assert level_of("P1-Black", "CN").reported_quantity == 1_000_000
    assert open_issues() == [("P1-Black", "stock-absurd"), ("P1-Black", "stock-negative")]


def test_stock_missing_from_the_list_is_queried_by_product(known, world):
    world.lists_stock = False
    world.stock["P3-Black"]["DE"] = 1

    run = sync(known, "stock", now=LATER)

    assert sorted(world.asked) == ["product_rows", *(f"stock P{number}" for number in range(1, 6))]
    assert (run.updated, level_of("P3-Black").reported_quantity) == (1, 1)


def test_a_product_without_answer_keeps_its_figure_unconfirmed(known, world):
    world.lists_stock = False

    class Failing(list):
        def append(self, call):
            super().append(call)
            if call == "stock P2":
                world.failures.append(TemporaryError("HTTP 500"))

    world.asked = Failing()
    sync(known, "stock", now=LATER)

    silent = level_of("P2-Black")
    assert (silent.reported_quantity, silent.is_unconfirmed) == (20, True)
    assert open_issues() == [("P2", "stock-no-answer")]
    just_stale = NOON + timedelta(hours=24, minutes=5)
    fresh = StockLevel.objects.fresh(just_stale).values_list("offer__supplier_sku", flat=True)
    assert set(fresh) == {"P1-Black", "P3-Black", "P4-Black", "P5-Black"}

    world.asked = []
    sync(known, "stock", now=LATER + timedelta(minutes=15))

    assert level_of("P2-Black").is_unconfirmed is False
    assert open_issues() == []


def test_a_run_starts_with_the_stalest_products(known, world, monkeypatch):
    monkeypatch.setattr(stock, "fetch_concurrently", partial(fetch_concurrently, max_concurrent=1))
    world.lists_stock = False
    StockLevel.objects.filter(offer__supplier_sku="P2-Black").update(
        as_of=NOON - timedelta(hours=9)
    )

    sync(known, "stock", now=LATER)

    assert world.asked[:2] == ["product_rows", "stock P2"]


def test_the_safety_stock_of_a_supplier_is_never_sold(known, world):
    known.safety_stock = 5
    known.save(update_fields=["safety_stock"])

    sync(known, "stock", now=LATER)

    assert (level_of("P1-Black").safety_stock, level_of("P1-Black").sellable) == (5, 15)
    assert listing_of("P1-Black").ships_from == {"CN": 95, "DE": 15}


def test_a_stock_event_queries_and_publishes_the_stock(known, world):
    world.stock["P1-Black"] = {"DE": 2, "CN": 0}

    event = SupplierEvent(kind=EventType.STOCK, external_id="m-1", skus=("P1-Black",))
    handle_event(supplier=known, event=event, now=LATER)

    assert world.asked == ["stock P1"]
    assert listing_of("P1-Black").ships_from == {"DE": 2}
    assert level_of("P1-Black").movements.last().cause == "event:m-1"


def test_a_run_started_before_an_event_does_not_overwrite_it(known, world):
    StockLevel.objects.filter(offer__supplier_sku="P1-Black").update(
        reported_quantity=3, as_of=LATER + timedelta(minutes=1)
    )

    sync(known, "stock", now=LATER)

    assert level_of("P1-Black").reported_quantity == 3


def test_a_product_event_makes_the_next_runs_read_it(known, world):
    event = SupplierEvent(kind=EventType.PRODUCT, external_id="m-2", product_external_ids=("P3",))

    handle_event(supplier=known, event=event, now=LATER)
    sync(known, now=LATER)
    sync(known, "prices", now=LATER)

    assert "product P3" in world.asked
    assert "costs P3" in world.asked
