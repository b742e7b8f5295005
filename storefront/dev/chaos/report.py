"""Chaos report: collect the figures of a run, print them as one table."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from orders.models import Backorder
from storefront.dev.chaos.checker.checks import Violation
from storefront.dev.chaos.instance.control import control
from storefront.dev.chaos.observations import outside
from storefront.dev.chaos.observations.history import CustomerPurchase, SupplierOrder
from storefront.dev.chaos.plan import FaultKind
from storefront.dev.chaos.runner import Run
from storefront.dev.chaos.workload.duplicate_requests import REPEATS
from storefront.sales_channels.models import RemoteOrderRecord

KILLS = (
    FaultKind.WORKER_CHILD,
    FaultKind.WORKER,
    FaultKind.WEB,
    FaultKind.BEAT,
    FaultKind.REDIS,
    FaultKind.POSTGRES,
    FaultKind.REDIS_FLUSH,
)
COLUMN = 26


def figures(run: Run, violations: Sequence[Violation], *, names: Sequence[str]) -> dict[str, Any]:
    """Return all figures of one run."""
    hit = run.hit()
    tallies = run.tallies.values()
    requests = sum(each.requests for each in tallies)
    errors = sum(each.errors for each in tallies)
    letters = outside.received_emails(run.place.var)
    orders = [*outside.supplier_orders(run.place.var), *run.wholesaler.supplier_orders()]
    return {
        "customers": len(run.purchases),
        "ends": dict(Counter(one.end for one in run.purchases)),
        "lost": [one.words for one in run.purchases if one.end == "lost"],
        "requests": requests,
        "http_5xx": errors,
        "http_500": sum(each.broken for each in tallies),
        "unanswered": sum(each.unanswered for each in tallies),
        "http_5xx_share": round(errors / requests, 4) if requests else 0,
        "checkout_s": {phase: _percentiles(run.purchases, phase) for phase in run.tallies},
        "kills": {what.value: run.fault_injector.injected[what] for what in KILLS},
        "deaths": dict(run.restarter.deaths),
        "recovery_s": run.restarter.recoveries,
        "planned_faults": {
            what.value: count for what, count in run.fault_injector.injected.items()
        },
        "faults_missed": run.fault_injector.failures,
        "failpoints_hit": hit,
        "failpoints_missed": sorted(set(names) - set(hit)),
        "supplier_attempts": len(outside.attempts(run.place.var)),
        "supplier_orders": _by_supplier(orders),
        "supplier_refusals": _by_supplier([one for one in orders if one.is_canceled]),
        "returns": {
            "asked": len(run.returning_customers.asked),
            "paid": len(run.returning_customers.paid),
        },
        "failed_parcels": {
            "failed": len(run.failed_parcels.failed),
            "late": len(run.failed_parcels.late),
            "refunded": len(run.failed_parcels.refunds()),
        },
        "stores": {
            "orders": len(run.store_customers.orders),
            "not sold there": run.store_customers.refused,
            "refunded": len(run.store_customers.refunded),
            **dict(Counter(RemoteOrderRecord.objects.values_list("status", flat=True))),
            "differences found": run.store_customers.drift_found,
        },
        "events": len(control(run.place.receiver_url, "messages")),
        "text_messages": len(outside.text_messages(run.place.var)),
        "forged_webhooks": dict(run.webhook_forger.sent),
        "mails": len(letters),
        "drain_s": run.drain_result.seconds,
        "drain_waited_s": run.drain_result.waited_s,
        "outage": run.fault_injector.outage.words,
        "refunds": len(run.refunds),
        "claims": len(run.claims),
        "backorders": dict(Counter(Backorder.objects.values_list("status", flat=True))),
        "answers": dict(Counter(run.email_replier.last_choices.values())),
        "pages_s": _rates(sorted(run.probe.took_s)),
        "unpaid_order_statuses": dict(Counter(run.flooder.unpaid_order_statuses)),
        "repeated_orders": [len(one.answers) for one in run.repeater.repeated_orders],
        "decided_by_staff": run.drain_result.by_staff,
        "open_work": run.drain_result.open_work,
        "violations": [each.words for each in violations],
    }


def _percentiles(purchases: Sequence[CustomerPurchase], phase: str) -> dict[str, float]:
    """Return the times of checkouts that reached the gateway, in seconds."""
    taken = sorted(one.seconds for one in purchases if one.phase == phase and one.payment)
    return _rates(taken)


def _by_supplier(orders: Iterable[SupplierOrder]) -> dict[str, int]:
    return dict(Counter(one.supplier for one in orders))


def _rates(taken: Sequence[float]) -> dict[str, float]:
    if not taken:
        return {}
    return {
        name: round(taken[min(len(taken) - 1, int(len(taken) * rate))], 2)
        for name, rate in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))
    }


def format_report(result: dict[str, Any]) -> None:
    hit, missed = result["failpoints_hit"], result["failpoints_missed"]
    rows = {
        "seed": result["seed"],
        "wall": f"{result['wall_s']} s, of which {result['ready_s']} s until all processes were ready",
        "customers": f"{result['customers']}: {_counts(result['ends'])}",
        "requests": (
            f"{result['requests']}, {result['http_5xx']} answered 5xx ({result['http_500']} of them 500),"
            f" {result['unanswered']} without response"
        ),
        "checkout, s": "; ".join(
            f"{phase} {_counts(some)}" for phase, some in result["checkout_s"].items()
        ),
        "kills": _counts(result["kills"]),
        "deaths": _counts(result["deaths"]),
        "back after, s": _counts(result["recovery_s"]),
        "failpoints": f"{len(hit)} of {len(hit) + len(missed)} hit"
        + (f", not {', '.join(missed)}" if missed else ""),
        "suppliers": f"orders: {_counts(result['supplier_orders'])}, of {result['supplier_attempts']}"
        f" calls; canceled by them: {_counts(result['supplier_refusals'])}",
        "returns": _counts(result["returns"]),
        "failed, late parcels": _counts(result["failed_parcels"]),
        "stores": _counts(result["stores"]),
        "events received": result["events"],
        "backorders": f"{_counts(result['backorders'])}; customers' choices:"
        f" {_counts(result['answers']) or 'nothing'}",
        "webhooks posted": _counts(result["forged_webhooks"]),
        "e-mails, text messages": f"{result['mails']}, {result['text_messages']}",
        "drain": f"in {result['drain_s']} s, {result['decided_by_staff']} decided by staff",
        "waited longest, s": _counts(
            dict(sorted(result["drain_waited_s"].items(), key=itemgetter(1))[-3:])
        ),
        "after an outage": result["outage"],
        "gateway hung, page s": _counts(result["pages_s"]),
        "one network": _counts(result["unpaid_order_statuses"]),
        "one key": f"sent {REPEATS} times at once, {result['repeated_orders']} final responses",
        "violations": len(result["violations"]),
    }
    lines = [f"{name:<{COLUMN}}{value}" for name, value in rows.items()]
    lines += [f"  BROKEN  {words}" for words in result["violations"]]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    sys.stdout.flush()


def _counts(some: dict[str, Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in some.items())
