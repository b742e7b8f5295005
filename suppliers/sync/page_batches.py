"""Page batches: share the product pages of one run among workers.

The fetching worker stores batches as rows; any free worker may import one as a helper. If many
batches wait, and at the end, the fetching worker imports batches itself, so that it can finish the
run alone. Helpers do not call the supplier, so only the fetching worker applies the supplier's
limits. If a helper is killed before it reports, its batch is imported twice; the second time
changes nothing.
"""

import time
from contextlib import suppress
from datetime import datetime

import msgspec

from storefront.lib.db import advisory_locks
from suppliers.models import PageBatch, SyncRun
from suppliers.offers.writer import Batch
from suppliers.quarantine import guards
from suppliers.quarantine.thresholds import run_thresholds
from suppliers.runs.runs import OPEN_STATUSES, LeaseLostError, RunContext
from suppliers.runs.staging import rows
from suppliers.sync import product_intake

LOCK_NAME = "pages"
MAX_QUEUED = 4
POLL_S = 0.1
COUNT_FIELDS = ("created", "updated", "unchanged", "gone", "rejected")

COLLECT_DONE = (
    "DELETE FROM suppliers_pagebatch WHERE run_id = %(run)s AND done IS NOT NULL RETURNING done"
)


class BatchMessage(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A serialized batch, with what a helper needs to know of the run."""

    batch: Batch
    file_as_of: datetime | None
    has_unidentified_rows: bool


class BatchDispatcher:
    """The fetching worker's side: queue batches, import the remaining ones, sum up the results."""

    def __init__(self, run_context: RunContext) -> None:
        self._run_context = run_context
        self._is_first = True
        self.done = 0  # imported pages
        self.skus = 0

    def take(self, batch: Batch) -> None:
        """Queue a batch for a helper, or import it here if there are too many.

        Raises: LeaseLostError  the run was closed
            QuarantinedError  too many records raised unexpected exceptions
        """
        call = self._run_context.dispatch_batch
        self._collect()
        # The first batch is imported here: a run of one batch needs no helper.
        if call is None or self._is_first or self._waiting() >= MAX_QUEUED:
            self._is_first = False
            self.skus += product_intake.import_batch(self._run_context, batch)
            self.done += batch.size
            self._check_failed()
            return
        call(
            PageBatch.objects.create(
                run=self._run_context.run, pages=_serialize(self._run_context, batch)
            ).pk
        )

    def finish(self) -> None:
        """Import the batches that no helper took, and wait for those in progress.

        The fetched pages used up quota, so they are imported even after the time limit, which only
        ends the waiting for helpers.

        Raises: LeaseLostError  the run was closed
        """
        while open_ids := self._left():
            imported = 0
            for batch_id in advisory_locks.lock_free_slices(LOCK_NAME, open_ids):
                self._run_context.heartbeat()
                imported += _import_batch(batch_id, now=self._run_context.clock())
            self._collect()
            if not imported:
                if self._run_context.is_over_time:
                    break
                self._run_context.heartbeat()
                time.sleep(POLL_S)
        self._collect()

    def _left(self) -> list[int]:
        open_batches = PageBatch.objects.filter(run=self._run_context.run, done__isnull=True)
        return list(open_batches.order_by("pk").values_list("pk", flat=True))

    def _waiting(self) -> int:
        return PageBatch.objects.filter(run=self._run_context.run, done__isnull=True).count()

    def _collect(self) -> None:
        """Add the counts of batches that helpers imported."""
        for (encoded,) in rows(COLLECT_DONE, {"run": self._run_context.run.pk}):
            counts = msgspec.json.decode(encoded)
            self.done += counts["pages"]
            self.skus += counts["skus"]
            self._run_context.failed_records += counts["failed"]
            for name in COUNT_FIELDS:
                setattr(
                    self._run_context.run, name, getattr(self._run_context.run, name) + counts[name]
                )
        self._check_failed()

    def _check_failed(self) -> None:
        failed = self._run_context.failed_records
        self._run_context.quarantine_if(
            guards.failed_records_violation(
                read=self.done, failed=failed, limits=run_thresholds(self._run_context)
            )
        )


def import_dispatched(batch_id: int, *, now: datetime) -> bool:
    """Import a batch of another worker; return whether it was imported here. Safe to be killed."""
    is_imported = False
    with suppress(LeaseLostError):
        for number in advisory_locks.lock_free_slices(LOCK_NAME, [batch_id]):
            is_imported = _import_batch(number, now=now)
    return is_imported


def _import_batch(batch_id: int, *, now: datetime) -> bool:
    """Import a batch whose advisory lock is held. Raises LeaseLostError: the run was closed."""
    open_batches = PageBatch.objects.filter(
        pk=batch_id, done__isnull=True, run__status=SyncRun.Status.STAGED
    )
    row = open_batches.select_related("run__supplier__connection").first()
    if row is None:
        return False
    message = msgspec.msgpack.decode(row.pages, type=BatchMessage)
    for name in COUNT_FIELDS:  # count this batch alone; the fetching worker adds the counts
        setattr(row.run, name, 0)
    if message.file_as_of is not None:
        row.run.profile = {"as_of": message.file_as_of.isoformat()}
    run_context = RunContext(row.run, now=now)
    run_context.has_unidentified_rows = message.has_unidentified_rows
    skus = product_intake.import_batch(run_context, message.batch)
    counts = {name: getattr(row.run, name) for name in COUNT_FIELDS}
    PageBatch.objects.filter(pk=batch_id).update(
        done={
            "pages": message.batch.size,
            "skus": skus,
            "failed": run_context.failed_records,
            **counts,
        }
    )
    return True


def _serialize(run_context: RunContext, batch: Batch) -> bytes:
    message = BatchMessage(
        batch=batch,
        file_as_of=run_context.run.file_as_of,
        has_unidentified_rows=run_context.has_unidentified_rows,
    )
    return msgspec.msgpack.encode(message)


def delete_closed() -> None:
    PageBatch.objects.exclude(run__status__in=OPEN_STATUSES).delete()
