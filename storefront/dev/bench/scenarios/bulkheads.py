"""Bulkhead scenario: hang one supplier, measure the effect on another, with and without bulkheads.

Two sandboxes are the suppliers; the workers are real processes. The work of the hanging supplier is
queued first: the worst case.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from django.utils import timezone

from catalog.models import Channel
from orders.models import PurchaseOrder
from storefront.dev.bench.harness.orders import sell
from storefront.dev.bench.harness.suppliers import Company, company
from storefront.dev.bench.harness.workers import broker, queue_sync, workers
from storefront.dev.runtime.processes import wait_until
from suppliers.models import CircuitBreaker, Supplier, SyncRun

PROCESSES = 4
PATIENCE_S = 60.0
KINDS = ("stock", "prices")
# Without bulkheads: more slots than any worker has processes, and smaller workers.
NO_LANES = 1000
NAIVE_PROCESSES = 2
NAIVE_PATIENCE_S = 8.0

type Sold = dict[Supplier, list[PurchaseOrder]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Seconds that the steady supplier's work took: its orders, and its syncs together."""

    order_p95_s: float
    sync_s: float

    def over(self, base: "Round") -> "Round":
        return Round(
            order_p95_s=self.order_p95_s / base.order_p95_s, sync_s=self.sync_s / base.sync_s
        )


def measure(  # noqa: PLR0913 - the parts of a measurement
    *,
    channel: Channel,
    folder: Path,
    env: Mapping[str, str],
    products: int,
    orders: int,
    say: Callable[[str], None],
) -> dict[str, Round]:
    """Measure a steady supplier alone, beside a hanging one, and the same without bulkheads.

    Shape: ``env`` is the environment of the workers. Without bulkheads, work that is not done after
    ``NAIVE_PATIENCE_S`` counts as that long.
    """

    def sold_by(*companies: Company) -> Sold:
        return {
            each.supplier: sell(
                channel=channel, supplier=each.supplier, count=orders, now=timezone.now()
            )
            for each in companies
        }

    rounds: dict[str, Round] = {}
    with ExitStack() as stack:
        steady = stack.enter_context(company("steady", 1, folder=folder, products=products))
        hanging = stack.enter_context(company("hanging", 2, folder=folder, products=products))
        with workers(folder, env, processes=PROCESSES):
            say("Orders and syncs of a supplier alone")
            # This round warms up the workers, and does not count.
            _round(steady.supplier, sold_by(steady), patience_s=PATIENCE_S)
            rounds["alone"] = _round(steady.supplier, sold_by(steady), patience_s=PATIENCE_S)
            say("The same while another supplier hangs")
            sold = sold_by(steady, hanging)
            hanging.hang()
            rounds["one hangs"] = _round(steady.supplier, sold, patience_s=PATIENCE_S)
        hanging.recover()
        forget(hanging.supplier)
        say("The same without bulkheads")
        sold = sold_by(steady, hanging)
        hanging.hang()
        with workers(
            folder, {**env, "BULKHEAD_SLOTS_PER_SUPPLIER": str(NO_LANES)}, processes=NAIVE_PROCESSES
        ):
            rounds["no bulkheads"] = _round(steady.supplier, sold, patience_s=NAIVE_PATIENCE_S)
    return rounds


def forget(supplier: Supplier) -> None:
    """Reset the supplier to its state before it hung."""
    CircuitBreaker.objects.filter(connection__supplier=supplier).delete()
    SyncRun.objects.filter(supplier=supplier, ended_at__isnull=True).delete()


def _round(steady: Supplier, sold: Sold, *, patience_s: float) -> Round:
    """Queue the work of all suppliers; return how long that of the steady one took."""
    for other in sold:
        if other != steady:
            ask_for(other, sold[other])
            time.sleep(1.0)  # until the workers run the work of the other supplier
    last_run = SyncRun.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    started = timezone.now()
    ask_for(steady, sold[steady])
    numbers = [each.pk for each in sold[steady]]
    answered = PurchaseOrder.objects.filter(pk__in=numbers, accepted_at__isnull=False)
    runs = SyncRun.objects.filter(supplier=steady, pk__gt=last_run, ended_at__isnull=False)
    wait_until(
        lambda: answered.count() == len(numbers) and runs.count() == len(KINDS), seconds=patience_s
    )
    waits = [
        (accepted_at - started).total_seconds()
        for accepted_at in answered.values_list("accepted_at", flat=True)
        if accepted_at is not None
    ]
    waits = sorted([*waits, *[patience_s] * (len(numbers) - len(waits))])
    ends = [end for end in runs.values_list("ended_at", flat=True) if end is not None]
    return Round(
        order_p95_s=waits[int(len(waits) * 0.95)],
        sync_s=(max(ends) - started).total_seconds() if len(ends) == len(KINDS) else patience_s,
    )


def ask_for(supplier: Supplier, sold: Sequence[PurchaseOrder]) -> None:
    """Queue the syncs of a supplier, and the submissions of its purchase orders."""
    for kind in KINDS:
        queue_sync(supplier, kind)
    for purchase_order in sold:
        broker().send_task(
            "orders.purchasing.tasks.submit",
            kwargs={"purchase_order_id": purchase_order.pk},
            queue="celery",
        )
