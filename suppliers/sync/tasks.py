"""Sync tasks: start due jobs, run a job, import page batches, close runs whose worker stopped."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.lib.tasks import enqueue
from suppliers.models import Supplier
from suppliers.resilience.bulkheads import BulkheadFullError, BulkheadKind, bulkhead
from suppliers.runs import runs
from suppliers.sync import page_batches, schedule
from suppliers.sync.runner import AlreadyRunningError, run_sync

log = logging.getLogger(__name__)
BULKHEAD_RETRY_S = 5
# Below Celery's time limit; the rest is left to the next run.
TIME_LIMIT = timedelta(minutes=10)


@shared_task
def start_due_syncs(**_: Any) -> None:
    """Start the jobs that are due. A job that is already running is not started again."""
    for supplier_id, kind in schedule.due_jobs(now=timezone.now()):
        sync.delay(supplier_id=supplier_id, kind=kind)


@shared_task
def sync(*, supplier_id: int, kind: str, **_: Any) -> None:
    now = timezone.now()
    if (supplier_id, kind) not in schedule.due_jobs(now=now):
        return  # no longer due: another task has started it
    supplier = Supplier.objects.select_related("connection").get(pk=supplier_id)
    with (
        suppress(AlreadyRunningError, BulkheadFullError),
        bulkhead(BulkheadKind.SYNCS, supplier_id),
    ):
        _run(supplier, kind, now=now, list_since=schedule.list_since(supplier, kind, now=now))


@shared_task
def sync_now(*, supplier_id: int, kind: str, then: Sequence[str] = (), **_: Any) -> None:
    """Run a job on request of a user, whether it is due or not; ``then`` are jobs to run after it.

    Prices and stock of a new supplier need its products, so the order matters.
    """
    supplier = Supplier.objects.select_related("connection").get(pk=supplier_id)
    try:
        with suppress(AlreadyRunningError), bulkhead(BulkheadKind.SYNCS, supplier_id):
            _run(supplier, kind, now=timezone.now())
    except BulkheadFullError:  # not in the schedule: retry here
        kwargs = {"supplier_id": supplier_id, "kind": kind, "then": [*then]}
        sync_now.apply_async(kwargs=kwargs, countdown=BULKHEAD_RETRY_S)
        return
    if then:
        enqueue(sync_now, supplier_id=supplier_id, kind=then[0], then=[*then[1:]])


def _run(
    supplier: Supplier, kind: str, *, now: datetime, list_since: datetime | None = None
) -> None:
    run = run_sync(
        supplier=supplier,
        kind=kind,
        now=now,
        time_limit=TIME_LIMIT,
        list_since=list_since,
        dispatch_batch=lambda batch_id: enqueue(import_page_batch, batch_id=batch_id),
    )
    log.info("run %s: %s", run.pk, run.status)


@shared_task
def import_page_batch(*, batch_id: int, **_: Any) -> None:
    """Import pages that another worker fetched; if this task fails, that worker imports them."""
    page_batches.import_dispatched(batch_id, now=timezone.now())


@shared_task
def close_expired_runs(**_: Any) -> None:
    runs.close_expired(now=timezone.now())
    page_batches.delete_closed()


@shared_task
def delete_old_changes(**_: Any) -> None:
    """Delete the pending changes of old runs, except those of quarantined runs."""
    runs.delete_old_changes(now=timezone.now())
