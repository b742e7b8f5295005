"""Price lists: runs that are killed, and concurrent workers."""

from datetime import timedelta

import pytest

from suppliers.inventory import levels
from suppliers.models import (
    CostChange,
    StockLevel,
    StockMovement,
    SupplierOffer,
    SupplierProduct,
    SyncRun,
)
from suppliers.offers import bulk_matching, price_list
from suppliers.runs import runs
from suppliers.sync.runner import AlreadyRunningError
from tests.factories.feeds import NOON, sync
from tests.suppliers.offers.test_price_list import GTIN, list_row, offer, owner
from tests.support import crashes
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("at", "after", "left"),
    [("create_offers", 0, 0), ("lock_offer_creation", 2, 1), ("match_offers", 0, 301)],
)
def test_a_killed_price_run_is_completed_by_the_next(wholesaler, monkeypatch, at, after, left):
    monkeypatch.setattr(price_list, "PAGES_PER_SLICE", 1)
    variant = owner()
    list_rows = [list_row(f"A-{number}") for number in range(300)]
    wholesaler.put(list_row("B-1", gtin=GTIN), *list_rows)

    killed(
        wholesaler,
        "prices",
        module=bulk_matching if at == "match_offers" else price_list,
        at=at,
        after=after,
    )
    made = SupplierOffer.objects.count()
    runs.close_expired(now=NOON + timedelta(hours=1))
    run = sync(wholesaler, "prices", now=NOON + timedelta(hours=1))

    assert run.status == "applied"
    assert left <= made < left + 300  # complete slices stay
    assert SupplierOffer.objects.count() == 301
    assert offer("B-1").variant == variant


@pytest.mark.parametrize("at", ["lock_locations", "run"])
def test_a_killed_stock_run_writes_nothing_or_all(wholesaler, at):
    wholesaler.put(*(list_row(f"A-{number}") for number in range(300)))
    sync(wholesaler, "prices")

    killed(wholesaler, "stock", module=levels, at=at, after=5 if at == "run" else 0)
    assert StockLevel.objects.count() == 0
    runs.close_expired(now=NOON + timedelta(hours=1))
    run = sync(wholesaler, "stock", now=NOON + timedelta(hours=1))

    assert (run.status, run.created) == ("applied", 300)
    assert StockMovement.objects.count() == 300


@pytest.mark.parametrize("kind", ["prices", "stock"])
def test_a_run_killed_after_its_commit_is_applied(wholesaler, kind):
    """It can then be rolled back."""
    wholesaler.put(list_row("A-1"))
    sync(wholesaler, "prices")
    wholesaler.put(list_row("A-1", price="9.00"))

    killed(wholesaler, kind, module=runs, at="finish_run", after=0)

    run = SyncRun.objects.latest("pk")
    assert (run.status, run.created + run.updated) == ("applied", 1)
    assert run.ended_at is not None


def test_two_workers_never_run_one_job_concurrently(wholesaler):
    wholesaler.put(*(list_row(f"A-{number}") for number in range(500)))
    ended = []

    refused = all_at_once(
        [lambda: ended.append(sync(wholesaler, "prices"))] * 2, AlreadyRunningError
    )

    assert len(ended) + refused == 2
    assert sum(run.created for run in ended) == 500
    assert SupplierOffer.objects.count() == 500
    assert CostChange.objects.count() == 0


def test_price_and_product_jobs_create_each_offer_once(wholesaler, monkeypatch):
    monkeypatch.setattr(price_list, "PAGES_PER_SLICE", 1)
    wholesaler.put(*(list_row(f"A-{number}") for number in range(200)))
    ended = []

    all_at_once(
        [lambda kind=kind: ended.append(sync(wholesaler, kind)) for kind in ("products", "prices")],
        (),
    )

    assert [run.status for run in ended] == ["applied", "applied"]
    assert SupplierOffer.objects.count() == SupplierProduct.objects.count() == 200


def killed(supplier, kind, *, module, at, after):
    """Run a job in a process that is killed at a given call of ``at``."""
    crashes.killed(lambda: sync(supplier, kind), module=module, at=at, after=after)
