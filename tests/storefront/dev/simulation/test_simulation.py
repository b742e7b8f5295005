from __future__ import annotations

import pytest

from orders.inventory import evidence
from orders.inventory.evidence import Assessment
from storefront.dashboard.invariants import registry
from storefront.dev.sandboxes.in_memory_supplier import reset_data
from storefront.dev.simulation import runner
from storefront.dev.simulation.engine import Play
from storefront.dev.simulation.policies import SIMPLE, SimpleShop
from storefront.dev.simulation.scenario import DAY_S, Script
from storefront.dev.simulation.shop_under_test import RealShop, moment
from storefront.dev.simulation.supplier_model import MODES, Warehouse

pytestmark = pytest.mark.django_db


def script():
    return Script(orders=120, seed=3, articles=12, per_day=40)


def play(mode, configured=None):
    reset_data()
    days = script()
    shop = RealShop(name=f"{mode}-x", skus=days.skus, configured=configured or mode)
    warehouse = Warehouse(mode=mode, export_s=runner.EXPORT_S, delay_s=runner.DELAY_S)
    return Play(days, shop, warehouse).run()


def everything_is_seen_at_once(sales, _row, _manner):
    return [Assessment(sale=sale, absorbed_by=evidence.AbsorbedBy.LAG) for sale in sales]


@pytest.mark.parametrize("mode", MODES)
def test_no_unit_is_promised_twice_however_the_supplier_counts(mode):
    score = play(mode)

    assert score.promised > 75
    assert (score.oversold, score.promised_twice, score.exposed) == (0, 0, 0)
    broken = [each for each in registry.check_all(now=moment(0)) if each.count]
    assert [
        each.invariant.code for each in broken if each.invariant.code.startswith("stock.")
    ] == []


def test_a_supplier_who_was_believed_to_count_earlier_is_not_oversold_either():
    assert play("never", configured="order").promised_twice == 0


def test_what_sees_everything_at_once_offers_units_twice(monkeypatch):
    monkeypatch.setattr(evidence, "assess", everything_is_seen_at_once)

    assert play("never").exposed > 0


def test_what_is_there_is_sold_on_the_last_day_as_on_the_first():
    reset_data()
    days = Script(orders=4, seed=3, articles=1, per_day=1)
    shop = RealShop(name="long", skus=days.skus, configured="order")
    wish = next(days.wishes())
    for day in range(4):
        shop.feed({wish.sku: 50}, day * DAY_S)

    assert shop.promise(wish, 3 * DAY_S + 60)


@pytest.mark.parametrize("policy", SIMPLE)
def test_each_simple_rule_oversells(policy):
    days = Script(orders=4_000, seed=1)

    scores = [
        Play(
            days,
            SimpleShop(policy),
            Warehouse(mode=mode, export_s=runner.EXPORT_S, delay_s=runner.DELAY_S),
        ).run()
        for mode in MODES
    ]

    assert max(score.oversold for score in scores) > 0
