"""Chaos campaign: run one seed from the first process to the report, store chaos.json."""

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from storefront.dev.chaos import report
from storefront.dev.chaos.instance import failpoints
from storefront.dev.chaos.instance.control import control
from storefront.dev.chaos.instance.instance import NOTES, Instance
from storefront.dev.chaos.instance.restarts import Restarter
from storefront.dev.chaos.plan import Plan
from storefront.dev.chaos.runner import Run, begin, open_shop, wait
from storefront.dev.chaos.workload import goods as workload_goods

HOT_UNITS = 25


class PlanFactory(Protocol):
    """Draws a plan from a seed."""

    def __call__(self, seed: int, *, failpoints: Iterable[str], variety: int) -> Plan: ...


def arm_failpoints(place: Instance, plan: Plan) -> dict[str, str]:
    """Return the environment that makes each failpoint kill once, after the notes folder exists."""
    kills = ",".join(f"{name}:{turn}" for name, turn in plan.failpoints.items())
    return {"FAILPOINT": kills, "FAILPOINT_NOTES": str(place.var / NOTES)}


def run_campaign(  # noqa: PLR0913 - a run, and its output
    place: Instance,
    *,
    planned: PlanFactory,
    seed: int,
    folder: Path,
    say: Callable[[str], None],
    began: float,
) -> int:
    """Run chaos; print the report, store it in ``chaos.json``; return 1 on a violation."""
    names = failpoints.defined()
    plan = planned(seed, failpoints=names, variety=workload_goods.VARIETY)
    env = arm_failpoints(place, plan)
    with Restarter(place) as restarter:
        begun = begin(place, restarter, **env)  # while the database is created
        open_shop(place, say)
        # Every other seed plays an account that may capture one authorization several times.
        control(place.gateway_url, "account", {"many": seed % 2 == 1})
        goods, stock = workload_goods.choose(place, hot_units=HOT_UNITS)
        wait(place, restarter, begun, **env)
        ready_s = time.monotonic() - began
        say("all processes are ready")
        run = Run(place=place, restarter=restarter, plan=plan, goods=goods, stock=stock, say=say)
        violations = run.execute()
        figures = report.figures(run, violations, names=names)
    figures |= {
        "seed": seed,
        "ready_s": round(ready_s, 1),
        "wall_s": round(time.monotonic() - began, 1),
    }
    report.format_report(figures)
    (folder / "chaos.json").write_text(json.dumps(figures, indent=1, default=str) + "\n")
    return 1 if violations else 0
