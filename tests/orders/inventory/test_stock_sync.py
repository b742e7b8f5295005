from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.models import Listing
from orders.inventory import decrement_measurement, stock_sync
from orders.models import Allocation
from orders.purchasing import acknowledgements
from storefront.lib.state_machine import InvalidTransitionError, StatusChange
from suppliers.models import StockDecrement, StockLevel, StockMovement, Supplier, SyncRun
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_state
from tests.factories.stock_reports import buy, figure, ship
from tests.factories.suppliers import NOON, make_level, make_offer, make_supplier

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def reconcile(now=NOON + 9 * DAY):
    return stock_sync.absorb_sales(supplier=make_supplier(), now=now)


def set_decrement(configured, /, **measured):
    supplier = make_supplier()
    Supplier.objects.update(stock_decremented_at=configured)
    if measured:
        StockDecrement.objects.create(supplier=supplier, measured_at=NOON, **measured)


def test_a_drop_after_acceptance_and_lag_ends_the_subtraction(supplier):
    purchase_order = buy(make_sellable(quantity=5))
    figure(3, NOON + 2 * HOUR)
    assert reconcile() == 0
    assert StockLevel.objects.get().available == 1
    assert Allocation.objects.get().doubt == "too_soon"

    set_decrement("order", at="order", median_lag_s=60, max_lag_s=3600)
    assert reconcile() == 1

    allocation = Allocation.objects.get()
    assert StockLevel.objects.get().available == 3
    assert (allocation.status, allocation.absorbed_by, allocation.doubt) == ("seen", "order", "")
    assert allocation.absorbed_as_of == NOON + 2 * HOUR
    assert allocation.absorbed_in == StockMovement.objects.get(cause="run:1")
    trace = StatusChange.objects.get(subject="orders.Allocation", to_status="seen")
    assert "its stock dropped" in trace.reason
    ship(purchase_order, NOON + 3 * HOUR)
    assert Allocation.objects.get().status == "shipped", "the figure contains it"


def test_a_row_missing_from_the_feed_proves_nothing(supplier):
    buy(make_sellable(quantity=5))
    figure(3, NOON + 2 * DAY)

    StockLevel.objects.update(is_unconfirmed=True)
    assert reconcile() == 0
    assert Allocation.objects.get().doubt == "silent"


def test_a_stock_webhook_is_evidence_as_of_its_own_time(supplier):
    set_decrement("order", at="order", median_lag_s=60, max_lag_s=3600)
    listings = [make_sellable(quantity=5), make_sellable(quantity=5)]
    for listing in listings:
        buy(listing)

    figure(3, NOON + 2 * HOUR, listings[0].level, cause="event:1")
    figure(3, NOON + HOUR / 2, listings[1].level, cause="event:2")

    assert reconcile() == 1
    assert Allocation.objects.get(level=listings[0].level).status == "seen"


def test_a_drop_is_assigned_to_one_sale_over_all_runs(supplier):
    set_decrement("order", at="order", median_lag_s=60, max_lag_s=60)
    listing = make_sellable(quantity=9)
    buy(listing)
    figure(7, NOON + HOUR)
    assert reconcile() == 1

    buy(listing, now=NOON + HOUR)
    figure(7, NOON + 3 * HOUR)
    StockLevel.objects.update(as_of=NOON + 4 * HOUR)

    assert reconcile() == 0
    assert Allocation.objects.get(status="unseen").doubt == "no_drop"


def test_a_sale_to_another_buyer_does_not_count_as_ours(supplier):
    """Regression: the first figure after the acceptance counted as containing the sale."""
    set_decrement("order", at="order", median_lag_s=600, max_lag_s=3600)
    buy(make_sellable(quantity=3))

    figure(1, NOON + HOUR / 6)  # two units to another buyer; ours follows after the lag

    assert reconcile() == 0
    assert StockLevel.objects.get().available == 0


@pytest.mark.parametrize(("hours", "seen"), [(-0.5, 0), (0.5, 1)])
def test_only_a_restock_after_the_sale_hides_its_drop(supplier, hours, seen):
    light = make_sellable(quantity=5)
    set_decrement("order", at="order", median_lag_s=60, max_lag_s=600)
    StockLevel.objects.update(as_of=NOON - HOUR)
    if hours < 0:
        figure(9, NOON + hours * HOUR)
    buy(light)
    figure(9, NOON + abs(hours) * HOUR)
    StockLevel.objects.update(as_of=NOON + 2 * HOUR)

    assert reconcile() == seen


def test_a_decrement_at_shipment_is_awaited(supplier):
    set_decrement("shipment", at="shipment", median_lag_s=60, max_lag_s=3600)
    purchase_order = buy(make_sellable(quantity=5))
    figure(4, NOON + 9 * HOUR)
    assert reconcile() == 0
    assert Allocation.objects.get().doubt == "not_shipped"

    ship(purchase_order, NOON + 10 * HOUR)
    figure(2, NOON + 12 * HOUR)
    assert reconcile() == 1

    allocation = Allocation.objects.get()
    assert (allocation.status, allocation.absorbed_by) == ("shipped", "shipment")
    assert allocation.shipped_at == NOON + 10 * HOUR


def test_a_more_careful_measurement_overrides_the_configuration(supplier):
    buy(make_sellable(quantity=5))
    figure(3, NOON + 2 * DAY)
    set_decrement("order", at="never")

    assert reconcile() == 0
    assert Allocation.objects.get().doubt == "not_shipped"


def test_a_stocktake_ends_the_subtraction_of_shipped_units(supplier):
    set_decrement("never")
    sold = [make_sellable(quantity=20) for _ in range(9)]
    for _ in range(100):
        make_level(make_offer(None), quantity=20)
    for listing in sold:
        ship(buy(listing, quantity=3), NOON + HOUR)
    waits = buy(sold[0], quantity=1)

    figure(19, NOON + 3 * DAY, *[listing.level for listing in sold[:1]], cause="run:1")
    assert reconcile() == 0
    figure(17, NOON + 4 * DAY, *[listing.level for listing in sold], cause="run:2")
    assert reconcile() == 8  # the first fell by two only
    figure(14, NOON + 5 * DAY, *[listing.level for listing in sold], cause="run:3")

    assert Allocation.objects.get(line__purchase_lines__purchase_order=waits).doubt == "not_shipped"
    assert set(
        Allocation.objects.filter(status="shipped").values_list("absorbed_by", flat=True)
    ) == {"count"}


def test_queries_do_not_grow_with_runs_that_are_no_stocktake(supplier):
    sold = [make_sellable(quantity=30) for _ in range(9)]
    for listing in sold:
        ship(buy(listing, quantity=1), NOON)
    set_decrement("never")
    StockLevel.objects.update(as_of=NOON + 1.5 * DAY)
    levels = [listing.level for listing in sold]

    asked = []
    for run in range(2, 5):  # other buyers reduce five of our nine rows each day
        figure(30 - run, NOON + run * DAY, *levels[:5], cause=f"run:{run}")
        with CaptureQueriesContext(connection) as queries:
            reconcile()
        asked.append(len(queries))

    assert len(set(asked[1:])) == 1, asked
    assert not Allocation.objects.exclude(absorbed_by="").exists()


def test_only_an_unseen_allocation_returns_units_on_release(supplier):
    set_decrement("order", at="order", median_lag_s=60, max_lag_s=3600)
    listing = make_sellable(quantity=9)
    seen = buy(listing)
    figure(7, NOON + 2 * HOUR)
    reconcile()
    unseen = buy(listing, now=NOON + 3 * HOUR)
    assert StockLevel.objects.get().available == 5

    for purchase_order in (seen, unseen):
        acknowledgements.apply(
            purchase_order=purchase_order,
            state=make_state(purchase_order, "canceled"),
            now=NOON + 4 * HOUR,
        )

    assert StockLevel.objects.get().available == 7
    figure(9, NOON + 6 * HOUR)
    assert StockLevel.objects.get().available == 9
    assert list(Allocation.objects.order_by("pk").values_list("status", "absorbed_by")) == [
        ("released", "order"),
        ("released", ""),
    ]


def test_the_database_requires_evidence_and_staff_declare_a_sale_contained_once(supplier):
    buy(make_sellable(quantity=5))
    allocation = Allocation.objects.get()
    refused = pytest.raises(IntegrityError, match="allocation_absorbed_has_evidence")
    with refused, transaction.atomic():
        Allocation.objects.update(status="seen")

    stock_sync.mark_absorbed(allocation=allocation, actor="ann", now=NOON)

    assert StockLevel.objects.get().allocated_outstanding == 0
    assert Allocation.objects.get().absorbed_by == "staff"
    with pytest.raises(InvalidTransitionError):
        stock_sync.mark_absorbed(allocation=allocation, actor="ann", now=NOON)


def read_at(moment):
    """Store an applied stock run: all figures were read at ``moment`` and did not change."""
    SyncRun.objects.create(
        supplier=make_supplier(),
        kind="stock",
        status="applied",
        status_since=moment,
        started_at=moment,
        lease_until=moment,
        ended_at=moment,
    )


def test_decrements_are_measured_from_orders_and_figures(supplier):
    listings = [make_sellable(quantity=50) for _ in range(5)]
    for week in range(4):
        for listing in listings:
            begin = NOON + week * 2 * DAY
            Listing.objects.update(as_of=begin)
            StockLevel.objects.filter(as_of__lt=begin).update(as_of=begin)
            buy(listing, quantity=1, now=begin)
            figure(50 - week - 1, begin + HOUR / 2, listing.level)
        read_at(begin + 1.5 * HOUR)
    StockLevel.objects.update(as_of=NOON + 11 * DAY)

    found = decrement_measurement.measure(supplier=make_supplier(), now=NOON + 11 * DAY)

    assert (found.at, found.median_lag_s, found.max_lag_s) == ("order", 1800, 2250)
    assert found.decrements_observed_after_order == 20
    assert found.decrements_not_observed_after_order == 0


def test_a_measurement_survives_a_time_without_sales(supplier):
    set_decrement("order", at="shipment", median_lag_s=5, max_lag_s=50)

    found = decrement_measurement.measure(supplier=make_supplier(), now=NOON)

    assert (found.at, found.max_lag_s, found.measured_at) == ("shipment", 50, NOON)
