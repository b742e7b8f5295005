from datetime import timedelta
from functools import partial

from catalog.models import Listing
from storefront.lib.http.errors import TemporaryError
from suppliers.connectors.records import EventType, StockReport, SupplierEvent
from suppliers.inventory.levels import clamp_quantity
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


def test_a_changed_figure_is_written_with_its_movement_and_published(supplier, world):
    stock_world(world, 3)
    sync(supplier)
    world.stock["P2-Black"] = {"DE": 7, "CN": 4}

    run = sync(supplier, "stock", now=LATER)

    assert (run.status, run.updated, run.created) == (SyncRun.Status.APPLIED, 2, 0)
    level = level_of("P2-Black")
    assert (level.reported_quantity, level.location.stock_confirmed_at) == (7, LATER)
    movement = level.movements.order_by("id").last()
    assert (movement.reported_delta, movement.cause) == (-13, f"run:{run.pk}")
    assert (listing_of("P2-Black").available, listing_of("P2-Black").ships_from) == (
        7,
        {"CN": 4, "DE": 7},
    )


def test_the_sum_of_movements_is_the_figure(supplier, world):
    stock_world(world, 2)
    sync(supplier)
    for turn, units in enumerate((5, 5, 0, 31), start=1):
        world.stock["P1-Black"]["DE"] = units
        sync(supplier, "stock", now=NOON + turn * timedelta(minutes=15))

    deltas = level_of("P1-Black").movements.values_list("reported_delta", flat=True)
    assert sum(deltas) == level_of("P1-Black").reported_quantity == 31


def test_unchanged_stock_is_confirmed_without_writing_rows(supplier, world):
    stock_world(world, 5)
    sync(supplier)
    tables = (StockLevel, StockMovement, Listing)
    before = versions(*tables)

    run = sync(supplier, "stock", now=LATER)

    assert (run.updated, run.created, run.unchanged) == (0, 0, 10)
    assert versions(*tables) == before
    assert {location.stock_confirmed_at for location in StockLocation.objects.all()} >= {
        LATER
    } or all(location.stock_confirmed_at >= LATER for location in StockLocation.objects.all())
    tomorrow = LATER + timedelta(hours=23, minutes=59)
    assert StockLevel.objects.fresh(tomorrow).count() == 10
    assert StockLevel.objects.fresh(tomorrow + timedelta(minutes=2)).count() == 0


def test_a_listing_gets_its_new_stock_age_before_it_is_stale(supplier, world):
    stock_world(world, 1)
    sync(supplier)

    sync(supplier, "stock", now=NOON + timedelta(hours=2))  # no decay so far
    assert listing_of("P1-Black").as_of < NOON + timedelta(minutes=5)

    sync(supplier, "stock", now=NOON + timedelta(hours=7))
    assert listing_of("P1-Black").as_of >= NOON + timedelta(hours=7)


def test_a_missing_location_has_no_stock(supplier, world):
    stock_world(world, 3)
    sync(supplier)
    world.stock["P2-Black"] = {"CN": 100}

    sync(supplier, "stock", now=LATER)

    assert level_of("P2-Black").reported_quantity == 0
    assert level_of("P1-Black").reported_quantity == 20


def test_zero_stock_everywhere_is_quarantined(supplier, world):
    stock_world(world, 10)
    sync(supplier)
    world.stock = {sku: dict.fromkeys(places, 0) for sku, places in world.stock.items()}
    before = versions(StockLevel, StockMovement, Listing)

    run = sync(supplier, "stock", now=LATER)

    assert run.status == SyncRun.Status.QUARANTINED
    assert run.problem == "20 of 20 stock rows drop to zero at once (100 %)."
    assert versions(StockLevel, StockMovement, Listing) == before


def test_a_surge_of_many_rows_is_quarantined(supplier, world):
    stock_world(world, 10)
    sync(supplier)
    for number in range(1, 7):  # the supplier's price column, in cents
        world.stock[f"P{number}-Black"]["DE"] = 840
    before = versions(StockLevel, StockMovement, Listing)

    run = sync(supplier, "stock", now=LATER)

    assert run.status == SyncRun.Status.QUARANTINED
    assert (
        run.problem == "6 of 20 stock rows rise to at least 10 times their quantity at once (30 %)."
    )
    assert versions(StockLevel, StockMovement, Listing) == before
    QuarantineThresholds.objects.create(supplier=supplier, surge_factor=50)
    assert sync(supplier, "stock", now=LATER).status == SyncRun.Status.APPLIED


def test_an_empty_warehouse_may_be_filled(supplier, world):
    stock_world(world, 10, stock={"DE": 0, "CN": 100})
    sync(supplier)
    for number in range(1, 11):
        world.stock[f"P{number}-Black"]["DE"] = 500

    assert sync(supplier, "stock", now=LATER).status == SyncRun.Status.APPLIED


def test_impossible_quantities_are_clamped_with_an_issue(supplier, world):
    stock_world(world, 5)
    sync(supplier)
    world.stock["P1-Black"] = {"DE": -5, "CN": 10**9}

    sync(supplier, "stock", now=LATER)

    assert level_of("P1-Black").reported_quantity == 0
    assert level_of("P1-Black", "CN").reported_quantity == 1_000_000
    assert open_issues() == [("P1-Black", "stock-absurd"), ("P1-Black", "stock-negative")]


def test_a_valid_quantity_is_unchanged():
    record = StockReport(sku="S", location="DE", country="DE", quantity=12)

    assert clamp_quantity(record) == (record, None)


def test_stock_missing_from_the_list_is_queried_by_product(supplier, world):
    stock_world(world, 3)
    sync(supplier)
    world.tells_stock_in_list = False
    world.stock["P3-Black"]["DE"] = 1
    world.asked.clear()

    run = sync(supplier, "stock", now=LATER)

    assert sorted(world.asked) == ["product_rows", "stock P1", "stock P2", "stock P3"]
    assert (run.updated, level_of("P3-Black").reported_quantity) == (1, 1)


def test_a_product_without_answer_keeps_its_figure_unconfirmed(supplier, world):
    stock_world(world, 2)
    sync(supplier)
    world.tells_stock_in_list = False

    class Failing(list):
        def append(self, call):
            super().append(call)
            if call == "stock P2":
                world.failures.append(TemporaryError("HTTP 500"))

    world.asked = Failing()
    sync(supplier, "stock", now=LATER)

    silent = level_of("P2-Black")
    assert (silent.reported_quantity, silent.is_unconfirmed) == (20, True)
    assert open_issues() == [("P2", "stock-no-answer")]
    just_stale = NOON + timedelta(hours=24, minutes=5)
    fresh = StockLevel.objects.fresh(just_stale).values_list("offer__supplier_sku", flat=True)
    assert set(fresh) == {"P1-Black"}

    world.asked = []
    sync(supplier, "stock", now=LATER + timedelta(minutes=15))

    assert level_of("P2-Black").is_unconfirmed is False
    assert open_issues() == []


def test_a_run_starts_with_the_stalest_products(supplier, world, monkeypatch):
    monkeypatch.setattr(stock, "fetch_concurrently", partial(fetch_concurrently, max_concurrent=1))
    stock_world(world, 3)
    sync(supplier)
    world.tells_stock_in_list = False
    StockLevel.objects.filter(offer__supplier_sku="P2-Black").update(
        as_of=NOON - timedelta(hours=9)
    )
    world.asked.clear()

    sync(supplier, "stock", now=LATER)

    assert world.asked[:2] == ["product_rows", "stock P2"]


def test_the_safety_stock_of_a_supplier_is_never_sold(supplier, world):
    stock_world(world, 1)
    sync(supplier)
    supplier.safety_stock = 5
    supplier.save(update_fields=["safety_stock"])

    sync(supplier, "stock", now=LATER)

    assert (level_of("P1-Black").safety_stock, level_of("P1-Black").sellable) == (5, 15)
    assert listing_of("P1-Black").ships_from == {"CN": 95, "DE": 15}


def test_a_stock_event_queries_and_publishes_the_stock(supplier, world):
    stock_world(world, 2)
    sync(supplier)
    world.stock["P1-Black"] = {"DE": 2, "CN": 0}
    world.asked.clear()

    news = SupplierEvent(kind=EventType.STOCK, external_id="m-1", skus=("P1-Black",))
    handle_event(supplier=supplier, news=news, now=LATER)

    assert world.asked == ["stock P1"]
    assert listing_of("P1-Black").ships_from == {"DE": 2}
    assert level_of("P1-Black").movements.last().cause == "news:m-1"


def test_a_run_started_before_an_event_does_not_overwrite_it(supplier, world):
    stock_world(world, 2)
    sync(supplier)
    StockLevel.objects.filter(offer__supplier_sku="P1-Black").update(
        reported_quantity=3, as_of=LATER + timedelta(minutes=1)
    )

    sync(supplier, "stock", now=LATER)

    assert level_of("P1-Black").reported_quantity == 3


def test_a_product_event_makes_the_next_runs_read_it(supplier, world):
    stock_world(world, 4)
    sync(supplier)
    news = SupplierEvent(kind=EventType.PRODUCT, external_id="m-2", product_external_ids=("P3",))

    handle_event(supplier=supplier, news=news, now=LATER)
    world.asked.clear()
    sync(supplier, now=LATER)
    sync(supplier, "prices", now=LATER)

    assert "product P3" in world.asked
    assert "costs P3" in world.asked
