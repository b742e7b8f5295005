"""Work for suppliers: find what is due, call one verb."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.lib.waking import wake
from suppliers import (
    aging,
    balances,
    keeping,
    runs,
    sample_fetching,
    scheduling,
    scorecards,
    sharing,
    supply,
    trying,
    vetting,
)
from suppliers.lanes import InHandError, LaneFullError, Work, lane
from suppliers.models import Supplier
from suppliers.sync import AlreadyRunningError, take_in

log = logging.getLogger(__name__)

# Well below the time after which Celery kills a task: what is left is the next run's.
BUDGET = timedelta(minutes=10)
LANE_PATIENCE_S = 5


@shared_task
def start_due_syncs(**_: Any) -> None:
    """Start the jobs that are due; one that is running refuses the second start."""
    for supplier_id, kind in scheduling.due(now=timezone.now()):
        sync.delay(supplier_id=supplier_id, kind=kind)


@shared_task
def sync(*, supplier_id: int, kind: str, **_: Any) -> None:
    now = timezone.now()
    if (supplier_id, kind) not in scheduling.due(now=now):
        return  # two sweeps asked for it, and the other was first
    supplier = Supplier.objects.select_related("connection").get(pk=supplier_id)
    with suppress(AlreadyRunningError, LaneFullError), lane(Work.SYNCS, supplier_id):
        since = scheduling.list_since(supplier, kind, now=now)
        run = take_in(
            supplier=supplier,
            kind=kind,
            now=now,
            budget=BUDGET,
            list_since=since,
            call_help=_call_help,
        )
        log.info("run %s: %s", run.pk, run.status)


@shared_task
def sync_now(*, supplier_id: int, kind: str, **_: Any) -> None:
    """Do a job that a person asked for, whether it is due or not."""
    supplier = Supplier.objects.select_related("connection").get(pk=supplier_id)
    try:
        with suppress(AlreadyRunningError), lane(Work.SYNCS, supplier_id):
            take_in(
                supplier=supplier,
                kind=kind,
                now=timezone.now(),
                budget=BUDGET,
                call_help=_call_help,
            )
    except LaneFullError:  # no sweep knows of it
        again = {"supplier_id": supplier_id, "kind": kind}
        sync_now.apply_async(kwargs=again, countdown=LANE_PATIENCE_S)


@shared_task
def sync_pages(*, batch_id: int, **_: Any) -> None:
    """Take in pages that another worker read; if we do not, he does."""
    sharing.help_with(batch_id, now=timezone.now())


def _call_help(batch_id: int) -> None:
    wake(sync_pages, batch_id=batch_id)


@shared_task
def check(*, supplier_id: int, **_: Any) -> None:
    """Try a connection that a person wants to know about."""
    supplier = Supplier.objects.select_related("connection").get(pk=supplier_id)
    try:
        with lane(Work.SYNCS, supplier_id):
            trying.check(supplier=supplier, now=timezone.now())
    except LaneFullError:  # no sweep knows of it
        check.apply_async(kwargs={"supplier_id": supplier_id}, countdown=LANE_PATIENCE_S)


@shared_task
def fetch_sample(*, supplier_id: int, content: str, **_: Any) -> None:
    """Fetch the file whose mapping a person builds."""
    supplier = Supplier.objects.select_related("connection").get(pk=supplier_id)
    try:
        with suppress(InHandError), lane(Work.SYNCS, supplier_id):
            sample_fetching.fetch(supplier=supplier, content=content, now=timezone.now())
    except LaneFullError:  # no sweep knows of it
        again = {"supplier_id": supplier_id, "content": content}
        fetch_sample.apply_async(kwargs=again, countdown=LANE_PATIENCE_S)


@shared_task
def publish_waiting(**_: Any) -> None:
    """Find supply that changed, and whose listings nobody refreshed."""
    supply.publish_waiting(now=timezone.now())


@shared_task
def follow_age(**_: Any) -> None:
    """Find claims that are worth less by their age; their pages are told next."""
    if aging.follow(now=timezone.now()):
        publish_waiting.delay()


@shared_task
def close_dead_runs(**_: Any) -> None:
    """Find runs whose worker was killed."""
    runs.close_dead(now=timezone.now())
    sharing.forget_ended()


@shared_task
def sweep_changes(**_: Any) -> None:
    """Delete what was kept of feeds that were decided about long ago."""
    keeping.sweep(now=timezone.now())


@shared_task
def look_at_balances(**_: Any) -> None:
    """Find the suppliers who are paid from a balance, and look how much is left."""
    for supplier in balances.holders():
        look_at_balance.delay(supplier_id=supplier.pk)


@shared_task
def look_at_balance(*, supplier_id: int, **_: Any) -> None:
    supplier = Supplier.objects.get(pk=supplier_id)
    with suppress(LaneFullError), lane(Work.SYNCS, supplier_id):  # the next sweep looks again
        balances.look(supplier=supplier, now=timezone.now())


@shared_task
def watch_evidence(**_: Any) -> None:
    """Warn of proofs that end soon, and hold what needs one that is over."""
    vetting.watch(now=timezone.now())


@shared_task
def roll_up(*, first: str, **_: Any) -> None:
    """Make the scorecards anew from a day on, from facts that are there by now."""
    now = timezone.now()
    scorecards.note_costs(now=now)
    for supplier in Supplier.objects.order_by("pk"):
        scorecards.roll_up(supplier=supplier, first=datetime.fromisoformat(first).date(), now=now)
        scorecards.keep_accuracy(supplier=supplier)
