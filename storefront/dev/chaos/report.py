"""Chaos report: collect the figures of a run, print them as one table."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from orders.models import Backorder
from storefront.dev.chaos.checker.checks import Violation
from storefront.dev.chaos.observations import outside
from storefront.dev.chaos.observations.history import CustomerPurchase, SupplierOrder
from storefront.dev.chaos.plan import FaultKind
from storefront.dev.chaos.runner import Run
from storefront.dev.chaos.workload.duplicate_requests import REPEATS

KILLS = (
    FaultKind.WORKER_CHILD,
    FaultKind.WORKER,
    FaultKind.WEB,
    FaultKind.BEAT,
    FaultKind.REDIS,
    FaultKind.POSTGRES,
    FaultKind.FLUSH,
)
COLUMN = 26


def figures(run: Run, violations: Sequence[Violation], *, names: Sequence[str]) -> dict[str, Any]:
    """Return all figures of one run."""
    hit = run.hit()
    tallies = run.tallies.values()
    requests = sum(each.requests for each in tallies)
    errors = sum(each.errors for each in tallies)
    letters = outside.received_emails(run.place.var)
    told = [*outside.supplier_orders(run.place.var), *run.wholesaler.told()]
    return {
        "customers": len(run.purchases),
        "ends": dict(Counter(one.end for one in run.purchases)),
        "lost": [one.words for one in run.purchases if one.end == "lost"],
        "requests": requests,
        "http_5xx": errors,
        "http_500": sum(each.broken for each in tallies),
        "unheard": sum(each.unheard for each in tallies),
        "http_5xx_share": round(errors / requests, 4) if requests else 0,
        "checkout_s": {phase: _percentiles(run.purchases, phase) for phase in run.tallies},
        "kills": {what.value: run.fault_injector.injected[what] for what in KILLS},
        "deaths": dict(run.restarter.deaths),
        "recovery_s": run.restarter.recoveries,
        "planned_faults": {
            what.value: count for what, count in run.fault_injector.injected.items()
        },
        "blows_missed": run.fault_injector.failures,
        "failpoints_hit": hit,
        "failpoints_missed": sorted(set(names) - set(hit)),
        "supplier_attempts": len(outside.attempts(run.place.var)),
        "supplier_orders": _by_supplier(told),
        "supplier_refusals": _by_supplier([one for one in told if one.is_off]),
        "returns": {
            "asked": len(run.returning_customers.asked),
            "paid": len(run.returning_customers.paid),
        },
        "letters_posted": dict(run.webhook_forger.sent),
        "mails": len(letters),
        "drain_s": run.drain_result.seconds,
        "drain_waited_s": run.drain_result.waited_s,
        "outage": run.fault_injector.outage.words,
        "refunds": len(run.refunds),
        "claims": len(run.claims),
        "backorders": dict(Counter(Backorder.objects.values_list("status", flat=True))),
        "answers": dict(Counter(run.email_replier.said.values())),
        "pages_s": _rates(sorted(run.probe.took_s)),
        "flooded": dict(Counter(run.flooder.flooded)),
        "pressed": [len(one.answers) for one in run.repeater.pressed],
        "decided_by_staff": run.drain_result.by_staff,
        "left": run.drain_result.left,
        "violations": [each.words for each in violations],
    }


def _percentiles(purchases: Sequence[CustomerPurchase], phase: str) -> dict[str, float]:
    """Return the times of checkouts that reached the gateway, in seconds."""
    taken = sorted(one.seconds for one in purchases if one.phase == phase and one.payment)
    return _rates(taken)


def _by_supplier(told: Iterable[SupplierOrder]) -> dict[str, int]:
    return dict(Counter(one.supplier for one in told))


def _rates(taken: Sequence[float]) -> dict[str, float]:
    if not taken:
        return {}
    return {
        name: round(taken[min(len(taken) - 1, int(len(taken) * rate))], 2)
        for name, rate in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))
    }


def format_report(told: dict[str, Any]) -> None:
    hit, missed = told["failpoints_hit"], told["failpoints_missed"]
    rows = {
        "seed": told["seed"],
        "wall": f"{told['wall_s']} s, of which {told['ready_s']} s until all processes were ready",
        "customers": f"{told['customers']}: {_counts(told['ends'])}",
        "requests": (
            f"{told['requests']}, {told['http_5xx']} answered 5xx ({told['http_500']} of them 500),"
            f" {told['unheard']} without response"
        ),
        "checkout, s": "; ".join(
            f"{phase} {_counts(some)}" for phase, some in told["checkout_s"].items()
        ),
        "kills": _counts(told["kills"]),
        "deaths": _counts(told["deaths"]),
        "back after, s": _counts(told["recovery_s"]),
        "failpoints": f"{len(hit)} of {len(hit) + len(missed)} hit"
        + (f", not {', '.join(missed)}" if missed else ""),
        "suppliers": f"orders: {_counts(told['supplier_orders'])}, of {told['supplier_attempts']}"
        f" calls; canceled by them: {_counts(told['supplier_refusals'])}",
        "returns": _counts(told["returns"]),
        "backorders": f"{_counts(told['backorders'])}; customers' choices:"
        f" {_counts(told['answers']) or 'nothing'}",
        "webhooks posted": _counts(told["letters_posted"]),
        "e-mails": told["mails"],
        "drain_result": f"in {told['drain_s']} s, {told['decided_by_staff']} decided by staff",
        "waited longest, s": _counts(
            dict(sorted(told["drain_waited_s"].items(), key=itemgetter(1))[-3:])
        ),
        "after an outage": told["outage"],
        "gateway hung, page s": _counts(told["pages_s"]),
        "one network": ", ".join(f"{n} × {status}" for status, n in told["flooded"].items()),
        "one key": f"pressed by {REPEATS} at once, {told['pressed']} final responses",
        "violations": len(told["violations"]),
    }
    lines = [f"{name:<{COLUMN}}{value}" for name, value in rows.items()]
    lines += [f"  BROKEN  {words}" for words in told["violations"]]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    sys.stdout.flush()


def _counts(some: dict[str, Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in some.items())
