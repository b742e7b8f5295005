"""Run rollback: restore exactly the former values, whatever a run changed."""

from datetime import timedelta

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storefront.lib.state_machine import InvalidTransitionError
from suppliers.models import CostChange, StockLevel, StockLocation, Supplier, SupplierOffer, SyncRun
from suppliers.quarantine import rollback
from tests.factories.feeds import NOON, stock_world, sync, usd

COUNT = 6
SKUS = [f"P{number}-Black" for number in range(1, COUNT + 1)]
COSTS = st.lists(st.integers(500, 2_000), min_size=COUNT, max_size=COUNT)
STOCKS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), min_size=COUNT, max_size=COUNT)
RUNS = st.lists(st.tuples(COSTS, STOCKS), min_size=1, max_size=3)
FEW_RUNS = settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def checksum():
    costs = dict(SupplierOffer.objects.values_list("supplier_sku", "cost_amount"))
    levels = StockLevel.objects.exclude(reported_quantity=0)
    stock = {
        (sku, place): units
        for sku, place, units in levels.values_list(
            "offer__supplier_sku", "location__code", "reported_quantity"
        )
    }
    return costs, stock


def movements_match_levels():
    sums = StockLevel.objects.annotate(sum=Sum("movements__reported_delta"))
    return all((level.sum or 0) == level.reported_quantity for level in sums)


@FEW_RUNS
@given(RUNS)
def test_random_runs_rolled_back_one_by_one_restore_the_former_values(supplier, world, drawn_runs):
    SyncRun.objects.filter(supplier=supplier).exclude(kind="products").update(
        started_at=NOON - timedelta(days=9)
    )
    stock_world(world, COUNT)
    moment = NOON + timedelta(days=SyncRun.objects.count())
    sync(supplier, now=moment, guards_waived_by="test")
    befores, runs = [], []
    for hours, (costs, stocks) in enumerate(drawn_runs, start=1):
        world.costs |= {
            sku: usd(f"{cents // 100}.{cents % 100:02}")
            for sku, cents in zip(SKUS, costs, strict=True)
        }
        world.stock |= {
            sku: {"DE": here, "CN": there, f"X{hours}": here}
            for sku, (here, there) in zip(SKUS, stocks, strict=True)
        }
        for kind in ("prices", "stock"):
            befores.append(checksum())
            now = moment + timedelta(hours=hours)
            runs.append(sync(supplier, kind, now=now, guards_waived_by="test"))
            assert runs[-1].status == SyncRun.Status.APPLIED

    for run, before in zip(reversed(runs), reversed(befores), strict=True):
        undone = rollback.roll_back(
            sync_run=run, actor="erika", reason="a test", now=moment + timedelta(days=1)
        )
        assert undone.skipped == 0
        assert checksum() == before
    assert movements_match_levels()


def test_a_run_can_be_rolled_back_once_its_offers_are_held_again(known, world):
    offer = SupplierOffer.objects.filter(supplier_sku="P1-Black")
    offer.update(status="on_hold")
    world.costs["P1-Black"] = usd("9.00")
    run = sync(known, "prices", now=NOON + timedelta(hours=1))
    assert offer.get().status == "active"
    words = {"actor": "erika", "reason": "no", "now": NOON + timedelta(hours=2)}
    rollback.roll_back(sync_run=run, **words)
    assert offer.get().status == "on_hold"

    with pytest.raises(InvalidTransitionError):
        rollback.roll_back(sync_run=run, **words)

    assert list(CostChange.objects.order_by("pk").values_list("cause", flat=True)) == [
        f"run:{run.pk}",
        f"rollback:{run.pk}",
    ]


def test_a_rollback_of_stock_keeps_newer_figures(supplier, world):
    stock_world(world, 3, stock={"DE": 20})
    sync(supplier)
    world.stock |= {"P1-Black": {"DE": 15}, "P2-Black": {"DE": 15}}
    run = sync(supplier, "stock", now=NOON + timedelta(hours=1))
    world.stock["P2-Black"] = {"DE": 14}
    sync(supplier, "stock", now=NOON + timedelta(hours=2))

    words = {"actor": "erika", "reason": "no", "now": NOON + timedelta(hours=3)}
    undone = rollback.roll_back(sync_run=run, **words)

    assert (undone.done, undone.skipped) == (1, 1)
    figures = StockLevel.objects.order_by("offer__supplier_sku")
    assert list(figures.values_list("reported_quantity", flat=True)) == [20, 14, 20]


def test_restored_values_have_their_former_age(supplier, world):
    hour = timedelta(hours=1)
    stock_world(world, 2, stock={"DE": 20})
    sync(supplier)
    sync(supplier, "prices", now=NOON + hour)
    sync(supplier, "stock", now=NOON + hour)
    known = {"cost_confirmed_at": NOON + hour, "known_at": NOON + hour}
    assert ages("P1-Black") == known
    # Later confirmations do not apply to an unconfirmed figure.
    StockLevel.objects.update(is_unconfirmed=True, as_of=NOON + hour)
    SupplierOffer.objects.update(is_cost_unconfirmed=True, cost_reported_at=NOON + hour)
    for number in (2, 3):
        Supplier.objects.update(costs_confirmed_at=NOON + number * hour)
        StockLocation.objects.update(stock_confirmed_at=NOON + number * hour)
    SyncRun.objects.filter(supplier=supplier).update(started_at=NOON + 3 * hour)

    world.costs["P1-Black"], world.stock["P1-Black"] = usd("9.00"), {"DE": 30}
    runs = [sync(supplier, kind, now=NOON + 4 * hour) for kind in ("prices", "stock")]
    assert ages("P1-Black") == dict.fromkeys(known, NOON + 4 * hour)
    for run in runs:
        rollback.roll_back(sync_run=run, actor="erika", reason="no", now=NOON + 5 * hour)

    assert checksum()[1]["P1-Black", "DE"] == 20
    assert ages("P1-Black") == known

    for kind in ("prices", "stock"):  # reported again, so fresh again
        sync(supplier, kind, now=NOON + 6 * hour, guards_waived_by="test")
    assert ages("P1-Black") == dict.fromkeys(known, NOON + 6 * hour)


def ages(sku):
    offer = SupplierOffer.objects.with_cost_confirmed_at().get(supplier_sku=sku)
    level = StockLevel.objects.with_confirmed_at().get(offer=offer)
    return {"cost_confirmed_at": offer.cost_confirmed_at, "known_at": level.known_at}
