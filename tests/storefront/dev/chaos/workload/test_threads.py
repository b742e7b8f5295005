"""Workload threads: report an error, and go on with the next fault or purchase."""

from types import SimpleNamespace

from storefront.dev.chaos import runner
from storefront.dev.chaos.nemesis.faults import FaultInjector
from storefront.dev.chaos.plan import (
    FaultKind,
    PaymentOutcome,
    Phase,
    Plan,
    PlannedFault,
    PlannedPurchase,
)
from storefront.dev.chaos.runner import Run
from storefront.dev.runtime.supervisor import Supervisor

FAULTS = [
    PlannedFault(at_s=0, what=FaultKind.CLOCK),  # fails: the shift is missing
    PlannedFault(at_s=0, what=FaultKind.CLOCK, detail={"seconds": 1.0}),
]


def place():
    return SimpleNamespace(
        supervisor=Supervisor(), set_clock=lambda _: None, ports=SimpleNamespace(web=0, gateway=0)
    )


def test_failing_fault_is_reported_and_the_next_one_runs():
    fault_injector = FaultInjector(place=place(), webhook_forger=None, rng=None)

    fault_injector.begin(FAULTS).join()

    assert fault_injector.injected == {FaultKind.CLOCK: 1}
    assert fault_injector.errors == ["clock broke: KeyError('seconds')"]


def test_failing_purchase_is_reported_and_the_next_one_runs(monkeypatch):
    def breaks(*_):
        raise TypeError("no shop")

    monkeypatch.setattr(runner, "Customer", breaks)
    monkeypatch.setattr(runner, "CUSTOMERS_PER_PHASE", 1)
    planned_purchases = [PlannedPurchase(goods=0, outcome=PaymentOutcome.PAYS)] * 2
    phase = Phase(name="base", planned_purchases=planned_purchases, at_most_s=5)
    plan = Plan(seed=1, phases=[phase], failpoints={})
    run = Run(
        place=place(),
        restarter=None,
        plan=plan,
        goods=[None],
        stock=1,
        say=lambda _: None,
        store_orders=0,
    )

    run._phase(phase)

    assert len(run.purchases) == 2
    assert len(run.errors) == 2
