"""Rollback of a sync run: a sale contained in only that run's figures is subtracted again."""

from datetime import timedelta

import pytest
from django.db import transaction

from orders.inventory import stock_sync
from orders.models import Allocation
from suppliers.inventory import levels
from suppliers.models import StockLevel, SyncRun
from suppliers.quarantine import rollback
from tests.factories.orders import make_sellable
from tests.factories.stock_reports import buy, figure, ship
from tests.factories.suppliers import NOON, make_supplier
from tests.support.concurrency import Rival

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("supplier")]

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LATER = NOON + 2 * DAY + 3 * HOUR


def reconcile():
    return stock_sync.absorb_sales(supplier=make_supplier(), now=LATER)


def roll_back(moment, *, quantity=3):
    """Yield an applied run with this figure, then its rollback."""
    run = SyncRun.objects.create(
        supplier=make_supplier(),
        kind="stock",
        status="applied",
        status_since=moment,
        started_at=moment,
        lease_until=moment,
    )
    figure(quantity, moment, cause=f"run:{run.pk}")
    yield run
    yield rollback.roll_back(sync_run=run, actor="ann", reason="no", now=moment + HOUR)


@pytest.mark.parametrize("has_shipped", [False, True])
def test_a_rollback_subtracts_the_sale_again(has_shipped):
    purchase_order = buy(make_sellable(quantity=5))
    steps = roll_back(NOON + 2 * DAY)
    next(steps)
    assert reconcile() == 1
    if has_shipped:
        ship(purchase_order, NOON + 2 * DAY)
    level = StockLevel.objects.with_available(LATER)
    assert level.get().free == 3

    decided = next(steps)

    assert (decided.done, decided.skipped, decided.waiting) == (0, 0, 1)
    assert level.get().free == 0  # no unit is free before the subtraction
    assert stock_sync.undo_absorbed(supplier=make_supplier(), now=LATER) == 1
    row, allocation = level.get(), Allocation.objects.get()
    assert (row.reported_quantity, row.allocated_outstanding) == (5, 2)
    assert row.as_of == NOON
    assert (allocation.status, allocation.absorbed_by) == ("unseen", "")
    assert allocation.absorbed_in is None
    assert not rollback.runs_with_deferred(supplier=make_supplier())

    StockLevel.objects.update(is_unconfirmed=False, as_of=LATER + HOUR)
    assert reconcile() == 0  # the restored drop proves nothing
    figure(3, LATER + 2 * HOUR, cause="run:0")
    assert reconcile() == 1
    assert Allocation.objects.get().status == ("shipped" if has_shipped else "seen")


def test_a_newer_figure_survives_the_rollback():
    buy(make_sellable(quantity=5))
    steps = roll_back(NOON + 2 * DAY)
    next(steps)
    assert reconcile() == 1
    next(steps)

    figure(3, LATER + HOUR, cause="run:0")
    stock_sync.undo_absorbed(supplier=make_supplier(), now=LATER + HOUR)

    level = StockLevel.objects.get()
    assert (level.reported_quantity, level.is_unconfirmed) == (3, False)


def test_an_earlier_run_cannot_be_rolled_back_before_a_later_rollback_is_complete():
    buy(make_sellable(quantity=5))
    first = roll_back(NOON + 2 * DAY, quantity=90)
    second = roll_back(NOON + 2 * DAY + HOUR, quantity=88)
    next(first)
    next(second)
    assert reconcile() == 1
    assert next(second).waiting == 1

    with pytest.raises(rollback.NotReversibleError, match="30 seconds"):
        next(first)
    assert SyncRun.objects.filter(status="rolled_back").count() == 1


@pytest.mark.django_db(transaction=True)
def test_rollback_and_feed_run_exclude_each_other():
    buy(make_sellable(quantity=5))
    steps = roll_back(NOON + 2 * DAY)
    next(steps)
    assert reconcile() == 1
    assert next(steps).waiting == 1
    other = Rival(lambda: stock_sync.undo_absorbed(supplier=make_supplier(), now=LATER))

    with transaction.atomic():
        levels.lock_locations(supplier=make_supplier())
        other.begin()
        list(StockLevel.objects.select_for_update(of=["self"]).order_by("pk"))

    assert other.finish() == 1
