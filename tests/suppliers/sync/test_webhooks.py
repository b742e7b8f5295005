"""Supplier events: stock events are checked together, so that many zeros are quarantined."""

from datetime import timedelta

import pytest
from django.db.models import Sum

from suppliers.connectors.records import EventType, SupplierEvent
from suppliers.models import Connection, StockLevel, StockMovement, SyncRun
from suppliers.quarantine import review
from suppliers.runs.runs import QuarantinedError
from suppliers.sync.webhooks import handle_event
from tests.factories.feeds import NOON, stock_world, sync

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=15)


def zero_by_events(supplier, world, numbers):
    """Send events that zero these products one by one; return how many were quarantined."""
    refused = 0
    for number in numbers:
        sku = f"P{number}-Black"
        world.stock[sku] = {"DE": 0, "CN": 0}
        event = SupplierEvent(kind=EventType.STOCK, external_id=f"m-{number}", skus=(sku,))
        try:
            handle_event(supplier=supplier, event=event, now=LATER + timedelta(minutes=number))
        except QuarantinedError:
            refused += 1
    return refused


def with_units():
    return StockLevel.objects.filter(reported_quantity__gt=0).count()


@pytest.fixture
def supplier(supplier, world):
    stock_world(world, 20)
    sync(supplier)
    return supplier


def test_a_mass_of_zero_events_is_limited_and_quarantined_until_applied(supplier, world):
    refused = zero_by_events(supplier, world, range(1, 21))

    (quarantined,) = SyncRun.objects.filter(status=SyncRun.Status.QUARANTINED)
    assert (refused, with_units()) == (16, 32)
    assert quarantined.kind == SyncRun.Kind.STOCK
    assert quarantined.problem == (
        "Webhook stock update: 10 of 40 stock rows drop to zero at once (25 %)."
    )
    assert "10 of 40" in Connection.objects.get().problem

    decided = review.apply(sync_run=quarantined, actor="erika", now=LATER + timedelta(hours=1))

    assert (decided.done, decided.skipped, with_units()) == (32, 0, 0)
    sums = StockLevel.objects.annotate(sum=Sum("movements__reported_delta"))
    assert [level.pk for level in sums if level.sum != level.reported_quantity] == []


def test_a_full_run_restarts_the_count_of_zero_events(supplier, world):
    first = zero_by_events(supplier, world, range(1, 5))
    sync(supplier, "stock", now=LATER + timedelta(minutes=4, seconds=30))
    second = zero_by_events(supplier, world, range(5, 8))

    assert (first, second, with_units()) == (0, 0, 26)


def test_a_figure_confirmed_later_is_newer_than_a_pending_run(supplier, world):
    world.stock |= {f"P{number}-Black": {"DE": 0, "CN": 0} for number in range(1, 11)}
    world.stock["P20-Black"] = {"DE": 500, "CN": 100}
    quarantined = sync(supplier, "stock", now=LATER)
    world.stock["P20-Black"] = {"DE": 20, "CN": 100}
    confirmed_at = LATER + timedelta(hours=1)
    event = SupplierEvent(kind=EventType.STOCK, external_id="m-1", skus=("P20-Black",))
    handle_event(supplier=supplier, event=event, now=confirmed_at)

    decided = review.apply(sync_run=quarantined, actor="erika", now=LATER + timedelta(hours=2))

    row = StockLevel.objects.get(offer__supplier_sku="P20-Black", location__code="DE")
    assert (decided.done, decided.skipped, with_units()) == (20, 1, 20)
    assert (row.reported_quantity, row.as_of) == (20, confirmed_at)
    applied = StockMovement.objects.filter(cause=f"run:{quarantined.pk}")
    assert set(applied.values_list("at", flat=True)) == {LATER}  # when the supplier reported it
