import pytest

from orders.inventory import evidence
from orders.inventory.evidence import Assessment
from storefront.dashboard.invariants import registry
from storefront.dev.sandboxes.in_memory_supplier import reset_data
from storefront.dev.simulation import runner
from storefront.dev.simulation.engine import SimulationRun
from storefront.dev.simulation.policies import SIMPLE, SimpleShop
from storefront.dev.simulation.scenario import DAY_S, Script
from storefront.dev.simulation.shop_under_test import RealShop, moment
from storefront.dev.simulation.supplier_model import MODES, Warehouse

pytestmark = pytest.mark.django_db


PER_DAY = 40
DAYS = [1, pytest.param(3, marks=pytest.mark.full)]


def simulate(mode, configured=None, days=1):
    reset_data()
    script = Script(orders=PER_DAY * days, seed=3, articles=12, per_day=PER_DAY)
    shop = RealShop(name=f"{mode}-x", skus=script.skus, configured=configured or mode)
    warehouse = Warehouse(mode=mode, export_s=runner.EXPORT_S, delay_s=runner.DELAY_S)
    return SimulationRun(script, shop, warehouse).run()


def count_all_sales_as_seen(sales, _row, _manner):
    return [Assessment(sale=sale, absorbed_by=evidence.AbsorbedBy.LAG) for sale in sales]


@pytest.mark.parametrize("days", DAYS)
@pytest.mark.parametrize("mode", MODES)
def test_no_unit_is_promised_twice_however_the_supplier_counts(mode, days):
    score = simulate(mode, days=days)

    assert score.promised > 25 * days
    assert (score.oversold, score.promised_twice, score.exposed) == (0, 0, 0)
    broken = [each for each in registry.check_all(now=moment(0)) if each.count]
    assert [
        each.invariant.code for each in broken if each.invariant.code.startswith("stock.")
    ] == []


@pytest.mark.parametrize("days", DAYS)
def test_supplier_configured_to_count_earlier_than_it_does_is_not_oversold(days):
    assert simulate("never", configured="order", days=days).promised_twice == 0


@pytest.mark.parametrize("days", DAYS)
def test_counting_all_sales_as_seen_offers_units_twice(monkeypatch, days):
    monkeypatch.setattr(evidence, "assess", count_all_sales_as_seen)

    assert simulate("never", days=days).exposed > 0


def test_stock_can_be_sold_on_every_day():
    reset_data()
    script = Script(orders=4, seed=3, articles=1, per_day=1)
    shop = RealShop(name="long", skus=script.skus, configured="order")
    planned = next(script.planned_orders())
    for day in range(4):
        shop.feed({planned.sku: 50}, day * DAY_S)

    assert shop.promise(planned, 3 * DAY_S + 60)


@pytest.mark.parametrize("policy", SIMPLE)
def test_each_simple_rule_oversells(policy):
    script = Script(orders=4_000, seed=1)

    scores = [
        SimulationRun(
            script,
            SimpleShop(policy),
            Warehouse(mode=mode, export_s=runner.EXPORT_S, delay_s=runner.DELAY_S),
        ).run()
        for mode in MODES
    ]

    assert max(score.oversold for score in scores) > 0
