"""Threads: report an error, and go on with the next fault or purchase."""

from __future__ import annotations

from types import SimpleNamespace

from storefront.dev.chaos import runner
from storefront.dev.chaos.nemesis.faults import Striker
from storefront.dev.chaos.plan import Blow, Phase, Plan, Way, What, Wish
from storefront.dev.chaos.runner import Run
from storefront.dev.runtime.supervisor import Supervisor

BLOWS = [
    Blow(at_s=0, what=What.CLOCK),  # without the shift
    Blow(at_s=0, what=What.CLOCK, detail={"seconds": 1.0}),
]


def place():
    return SimpleNamespace(
        supervisor=Supervisor(), set_clock=lambda _: None, ports=SimpleNamespace(web=0, gateway=0)
    )


def test_failing_fault_is_reported_and_the_next_one_runs():
    striker = Striker(place=place(), storm=None, luck=None)

    striker.begin(BLOWS).join()

    assert striker.struck == {What.CLOCK: 1}
    assert striker.errors == ["clock broke: KeyError('seconds')"]


def test_failing_purchase_is_reported_and_the_next_one_runs(monkeypatch):
    def breaks(*_):
        raise TypeError("no shop")

    monkeypatch.setattr(runner, "Shopper", breaks)
    monkeypatch.setattr(runner, "SHOPPERS", 1)
    wishes = [Wish(goods=0, way=Way.PAYS)] * 2
    phase = Phase(name="base", wishes=wishes, at_most_s=5)
    plan = Plan(seed=1, phases=[phase], failpoints={})
    run = Run(place=place(), keeper=None, plan=plan, goods=[None], stock=1, say=lambda _: None)

    run._phase(phase)

    assert len(run.purchases) == 2
    assert len(run.errors) == 2
