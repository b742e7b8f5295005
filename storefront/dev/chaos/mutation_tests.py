"""Mutation tests: run the smallest scenario that shows each mutant, require that checks fail."""

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import redis
from django.db import connection

from storefront.dev.chaos.checker import checks
from storefront.dev.chaos.checker.checks import Violation
from storefront.dev.chaos.instance import instance, mutants
from storefront.dev.chaos.instance.control import control
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.instance.restarts import Restarter
from storefront.dev.chaos.plan import (
    CJ_PRODUCTS,
    FaultKind,
    PaymentOutcome,
    Phase,
    Plan,
    PlannedFault,
    PlannedPurchase,
)
from storefront.dev.chaos.runner import Run, open_shop, start
from storefront.dev.chaos.workload import goods as workload_goods
from storefront.dev.chaos.workload.goods import SellableProduct
from storefront.identity.models import LiveDatabase

HOT_UNITS = 8
NO_MUTANT = "no mutant"
DRAIN_TIMEOUT_S = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario for a mutant, and the promises of which the mutant must violate at least one."""

    customers: int
    expects: frozenset[str]
    is_rush: bool = False  # all customers buy the hot product
    planned_faults: Sequence[PlannedFault] = ()
    failpoint: str = ""
    refund_count: int = 0
    returns: int = 0
    store_orders: int = 0  # in each store

    @property
    def plan(self) -> Plan:
        # Products of CJ, whose answers get lost.
        goods = [0 if self.is_rush else 1 + turn % (CJ_PRODUCTS - 1) for turn in range(100)]
        second_product = 2 if self.returns else 0  # a fully refunded order cannot be refunded again
        planned_purchases = [
            PlannedPurchase(goods=which, second_product=second_product, outcome=PaymentOutcome.PAYS)
            for which in goods[: self.customers]
        ]
        phase = Phase(
            name="scenario",
            planned_purchases=planned_purchases,
            at_most_s=20,
            planned_faults=self.planned_faults,
            is_armed=True,
        )
        return Plan(seed=1, phases=[phase], failpoints={self.failpoint: 1})


LOST_RESPONSES = PlannedFault(
    at_s=0,
    what=FaultKind.SUPPLIER_FAULT,
    detail={"path": "createOrderV2", "kind": "drop_after", "count": 3},
)
# A phase lasts until its last fault, and its end stops the supplier's faults. This fault without
# effect gives the shop ten seconds to submit the orders.
CLOCK_SHIFT = PlannedFault(at_s=10, what=FaultKind.CLOCK, detail={"seconds": 0.0})
REORDERED_WEBHOOKS = PlannedFault(
    at_s=0, what=FaultKind.WEBHOOK_DELIVERY, detail={"mode": "out_of_order"}
)
LOST_EVENTS = PlannedFault(
    at_s=0, what=FaultKind.RECEIVER_FAULT, detail={"path": "*", "kind": "drop_after", "count": 3}
)
IN_STORES = Scenario(customers=4, store_orders=2, expects=frozenset({checks.STORES}))
SCENARIOS: Mapping[str, Scenario] = {
    # Depending on timing it oversells, or only breaks the sum of reservations.
    "stock read, then written": Scenario(
        customers=24, is_rush=True, expects=frozenset({checks.NOT_OVERSOLD, checks.INVARIANTS})
    ),
    "published after commit": Scenario(
        customers=6, failpoint="outbox.after_commit", expects=frozenset({checks.MAILS})
    ),
    "no idempotency key to the supplier": Scenario(
        customers=6,
        planned_faults=[LOST_RESPONSES, CLOCK_SHIFT],
        expects=frozenset({checks.SUBMITTED_ONCE}),
    ),
    "submits again without lookup": Scenario(
        customers=6,
        planned_faults=[LOST_RESPONSES, CLOCK_SHIFT],
        expects=frozenset({checks.SUBMITTED_ONCE}),
    ),
    "last webhook wins": Scenario(
        customers=16, planned_faults=[REORDERED_WEBHOOKS], expects=frozenset({checks.INVARIANTS})
    ),
    "float money": Scenario(customers=8, expects=frozenset({checks.MONEY})),
    "refund without ledger": Scenario(
        customers=4, refund_count=2, expects=frozenset({checks.MONEY})
    ),
    # If the second refund exceeds what was paid, the gateway refuses it and only the sums differ.
    "each click refunds a return": Scenario(
        customers=6, returns=2, expects=frozenset({checks.MONEY, checks.INVARIANTS})
    ),
    "too much stock in stores": IN_STORES,
    "each notice imports a store order": IN_STORES,
    "no idempotency key to stores": IN_STORES,
    "new id per attempt of an event": Scenario(
        customers=2, planned_faults=[LOST_EVENTS], expects=frozenset({checks.EVENTS})
    ),
}


def test_mutants(
    place: Instance, *, only: str, folder: Path, say: Callable[[str], None], began: float
) -> int:
    """Run the scenarios without a mutant, then with each; return 1 if one survives.

    A mutant counts as caught only by a promise of its scenario: a slow machine violates others.
    """
    selected = [name for name in mutants.MUTANTS if only in name]
    if not selected:
        say(f"unknown mutant {only!r}: {', '.join(mutants.MUTANTS)}")
        return 1
    open_shop(place, say)
    goods, stock = workload_goods.choose(place, hot_units=HOT_UNITS)
    copies = _ShopCopies(place=place, goods=goods, stock=stock, say=say)
    found: dict[str, list[Violation]] = {}
    false_alarms: list[str] = []
    with Restarter(place) as restarter:
        for scenario in control_scenarios([SCENARIOS[name] for name in selected]):
            false_alarms += _words(copies.run_scenario(restarter, "", scenario))
            say(f"{NO_MUTANT}: {false_alarms or 'no violations'}"[:300])
        for name in selected:
            found[name] = copies.run_scenario(restarter, name, SCENARIOS[name])
            say(f"{name}: {_words(found[name]) or 'no violations'}"[:300])
    survivors = [name for name in selected if not is_caught(SCENARIOS[name], found[name])]
    result = {
        "mutants": {name: _words(found[name]) for name in selected},
        "caught": len(selected) - len(survivors),
        "survivors": survivors,
        "violations_without_mutant": false_alarms,
        "wall_s": round(time.monotonic() - began, 1),
    }
    (folder / "chaos-mutants.json").write_text(json.dumps(result, indent=1) + "\n")
    say(f"{result['caught']} of {len(selected)} mutants caught, {len(survivors)} survive")
    return 1 if survivors or false_alarms else 0


def is_caught(scenario: Scenario, violations: Sequence[Violation]) -> bool:
    return any(one.promise in scenario.expects for one in violations)


def control_scenarios(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Return the scenarios without a mutant: each rush separately, all others as one."""
    rushes = [scenario for scenario in scenarios if scenario.is_rush]
    others = [scenario for scenario in scenarios if not scenario.is_rush]
    return [*rushes, _joined(others)] if others else rushes


def _words(violations: Sequence[Violation]) -> list[str]:
    return [one.words for one in violations]


@dataclass(slots=True, kw_only=True)
class _ShopCopies:
    """The filled shop, from which every scenario gets a fresh copy."""

    place: Instance
    goods: Sequence[SellableProduct]
    stock: int
    say: Callable[[str], None]
    count: int = 0

    def run_scenario(
        self, restarter: Restarter, mutant: str, scenario: Scenario
    ) -> list[Violation]:
        """Run the scenario of one mutant; return the violations."""
        for name in ("web", "worker", "beat"):
            restarter.stop(name)
        url = self._fresh()
        env = {"DATABASE_URL": url, "MUTANT": mutant, "FAILPOINT": scenario.failpoint}
        env["FAILPOINT_NOTES"] = str(self.place.var / instance.NOTES)
        start(self.place, restarter, **env)
        with mutants.injected(mutant):
            run = Run(
                place=self.place,
                restarter=restarter,
                plan=scenario.plan,
                goods=self.goods,
                stock=self.stock,
                say=self.say,
                refund_count=scenario.refund_count,
                complaints=0,
                returns=scenario.returns,
                store_orders=scenario.store_orders,
                is_audited=False,
                drain_timeout_s=DRAIN_TIMEOUT_S,
            )
            found = run.execute()
            if scenario.is_rush:
                found += checks.find_overselling(run.purchases, stock=self.stock)
            return found

    def _fresh(self) -> str:
        """Reset everything to the state at opening; return the URL of the database copy."""
        self.count += 1
        name = f"scenario_{self.count}"
        parts = urlsplit(self.place.stage.env["DATABASE_URL"])
        connection.close()
        connection.settings_dict["NAME"] = "postgres"
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {parts.path[1:]}")
        connection.close()
        connection.settings_dict["NAME"] = name
        LiveDatabase.objects.all().delete()  # in a copy, workers would do nothing
        others = (self.place.sms_url, self.place.labels_url, self.place.receiver_url)
        stores = self.place.store_urls.values()
        for url in (*self.place.supplier_urls.values(), *others, *stores):
            control(url, "reset", {})
        workload_goods.limit_stock(self.place, self.goods[0], units=HOT_UNITS)
        control(self.place.gateway_url, "reset", {})
        control(self.place.gateway_url, "account", {"many": True})
        for file in (self.place.var / "mail").glob("*.eml"):
            file.unlink()
        shutil.rmtree(self.place.var / instance.NOTES, ignore_errors=True)
        self.place.set_clock(0.0)
        with redis.Redis.from_url(self.place.stage.env["REDIS_URL"]) as store:
            store.flushall()
        return urlunsplit(parts._replace(path=f"/{name}"))


def _joined(scenarios: Sequence[Scenario]) -> Scenario:
    """Combine scenarios into one that expects no violation, for the run without a mutant."""
    return Scenario(
        expects=frozenset(),
        customers=max(scenario.customers for scenario in scenarios),
        planned_faults=sorted(
            (planned for one in scenarios for planned in one.planned_faults),
            key=lambda planned: planned.at_s,
        ),
        failpoint=max(scenario.failpoint for scenario in scenarios),
        refund_count=max(scenario.refund_count for scenario in scenarios),
        returns=max(scenario.returns for scenario in scenarios),
        store_orders=max(scenario.store_orders for scenario in scenarios),
    )
