"""Sync tasks: start due jobs, run a job, import page batches, close dead runs."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.lib.tasks import wake
from suppliers.models import Supplier
from suppliers.resilience.bulkheads import LaneFullError, Work, lane
from suppliers.runs import runs
from suppliers.sync import page_batches, schedule
from suppliers.sync.runner import AlreadyRunningError, take_in

log = logging.getLogger(__name__)
LANE_PATIENCE_S = 5
# Below Celery's time limit; the rest is left to the next run.
BUDGET = timedelta(minutes=10)


@shared_task
def start_due_syncs(**_: Any) -> None:
    """Start the jobs that are due. A job that is running refuses a second start."""
    for supplier_id, kind in schedule.due(now=timezone.now()):
        sync.delay(supplier_id=supplier_id, kind=kind)


@shared_task
def sync(*, supplier_id: int, kind: str, **_: Any) -> None:
    now = timezone.now()
    if (supplier_id, kind) not in schedule.due(now=now):
        return  # another sweep started it first
    supplier = Supplier.objects.select_related("connection").get(pk=supplier_id)
    with suppress(AlreadyRunningError, LaneFullError), lane(Work.SYNCS, supplier_id):
        since = schedule.list_since(supplier, kind, now=now)
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
    """Run a job on request of a user, whether it is due or not."""
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
    except LaneFullError:  # no sweep retries it
        again = {"supplier_id": supplier_id, "kind": kind}
        sync_now.apply_async(kwargs=again, countdown=LANE_PATIENCE_S)


@shared_task
def sync_pages(*, batch_id: int, **_: Any) -> None:
    """Import pages that another worker fetched; if this fails, that worker does it."""
    page_batches.help_with(batch_id, now=timezone.now())


def _call_help(batch_id: int) -> None:
    wake(sync_pages, batch_id=batch_id)


@shared_task
def close_dead_runs(**_: Any) -> None:
    """Close runs whose worker died."""
    runs.close_dead(now=timezone.now())
    page_batches.forget_ended()


@shared_task
def sweep_changes(**_: Any) -> None:
    """Delete the kept changes of runs decided long ago."""
    runs.sweep(now=timezone.now())
