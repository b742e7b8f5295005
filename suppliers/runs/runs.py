"""Sync runs: open, extend, apply, quarantine and close the run of a job.

A supplier has at most one open run per job. A run whose worker was killed is closed when its lease
expires. Each function that writes for an open run raises LeaseLostError if it was closed.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Coalesce

from storefront.lib.clock import running_clock
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.state_machine import ConcurrentUpdateError
from suppliers.connectors.records import QuotaExceededError
from suppliers.models import Connection, PendingChange, Supplier, SyncRun
from suppliers.resilience.gate import UsageMeter
from suppliers.runs.staging import rows

CHANGES_RETENTION = timedelta(days=30)

CHANGES_DIGEST = """
SELECT count(*), COALESCE(sum(hashtextextended(
  concat_ws('|', kind, row, place, old::text, new::text), 0)::numeric), 0)
FROM suppliers_pendingchange WHERE run_id = %(run)s
"""
LOCK_RUN = "SELECT id FROM suppliers_syncrun WHERE id = %(run)s AND status = %(status)s FOR SHARE"

Status = SyncRun.Status
COUNTS = ("read", "created", "updated", "unchanged", "gone", "rejected", "deferred_rows")
OPEN_STATUSES = (Status.FETCHING, Status.PARSED, Status.STAGED)
# A run does not extend its lease while it downloads, which may take most of its time. So the lease
# is longer than the task's time limit: an expired lease means a killed worker. Late detection is
# the price; two workers fetching the same data would cost more.
LEASE = timedelta(minutes=16)
EXTEND_AFTER_S = 30
RETRY_AFTER = timedelta(minutes=2)
WORKER_DIED = "The worker stopped unexpectedly. The next run starts over."


class AlreadyRunningError(Exception):
    """Another worker is running this job of this supplier."""


class LeaseLostError(Exception):
    """The run was closed by another worker, which considered this one dead."""


class QuarantinedError(Exception):
    """A guard rejected the feed; nothing of it was applied."""


class RunContext:
    """The context of one open run: its lease, counts, time limit and API usage.

    ``clock()`` starts at ``now`` and runs with real time. ``dispatch_batch`` queues a batch for
    another worker.
    """

    def __init__(
        self,
        run: SyncRun,
        *,
        now: datetime,
        time_limit: timedelta | None = None,
        dispatch_batch: Callable[[int], object] | None = None,
    ) -> None:
        self.run = run
        self.dispatch_batch = dispatch_batch
        self.clock = running_clock(now)
        self.meter = UsageMeter()
        self._started = self._extended = time.monotonic()
        self._time_limit_s = None if time_limit is None else time_limit.total_seconds()
        self.paused_until: datetime | None = None
        # some rows have no readable SKU: a missing SKU may be one of them and is kept
        self.has_unidentified_rows = False
        self.failed_records = 0  # records that raised an unexpected exception
        self.notes: list[str] = []  # notes for staff on an applied run
        # stores the changes if the run is quarantined
        self.save_pending_changes: Callable[[], None] | None = None

    @property
    def supplier(self) -> Supplier:
        return self.run.supplier

    @property
    def guards_waived(self) -> bool:
        return bool(self.run.guards_waived_by)

    @cached_property
    def last_accepted_baseline(self) -> dict[str, Any]:
        """The profile of the last run of the job that was applied in full."""
        good = (
            SyncRun.objects.filter(
                supplier=self.supplier, kind=self.run.kind, status=Status.APPLIED
            )
            .exclude(profile={})
            .exclude(profile__has_key="is_part")
        )
        profile = good.order_by("-status_since", "-pk").values_list("profile", flat=True).first()
        return dict(profile or {})

    @property
    def is_over_time(self) -> bool:
        return (
            self._time_limit_s is not None and time.monotonic() - self._started > self._time_limit_s
        )

    @property
    def should_stop(self) -> bool:
        return self.is_over_time or self.paused_until is not None

    def stop_at_quota(self, error: QuotaExceededError) -> None:
        """Stop calling the supplier: the quota is used up. The rest is left to the next run."""
        self.paused_until = error.until

    def advance(self, to: SyncRun.Status) -> None:
        """Change the status and extend the lease."""
        try:
            self.run.move(to, at=self.clock(), lease_until=self.clock() + LEASE)
        except ConcurrentUpdateError as error:
            raise LeaseLostError(str(self.run)) from error

    def heartbeat(self) -> None:
        """Extend the lease if due; cheap enough to call for every row."""
        if time.monotonic() - self._extended < EXTEND_AFTER_S:
            return
        self._extended = time.monotonic()
        values = {**self.counts(), **self.meter.read(), "lease_until": self.clock() + LEASE}
        if not SyncRun.objects.filter(pk=self.run.pk, status=self.run.status).update(**values):
            raise LeaseLostError(str(self.run))

    @requires_transaction
    def lock(self) -> None:
        """Lock the run in share mode: other workers can share the lock, but not close the run.

        Raises: LeaseLostError  the run was closed
        """
        locked = rows(LOCK_RUN, {"run": self.run.pk, "status": self.run.status})
        if not locked:
            raise LeaseLostError(str(self.run))

    def quarantine_if(self, reason: str) -> None:
        """Raise QuarantinedError if a guard returned a violation and no person waived the guards."""
        if reason and not self.guards_waived:
            raise QuarantinedError(reason)

    def counts(self) -> dict[str, int]:
        return {name: getattr(self.run, name) for name in COUNTS}


@transaction.atomic(durable=True)
def open_run(
    *, supplier: Supplier, kind: str, now: datetime, guards_waived_by: str = ""
) -> SyncRun:
    """Open a run, after closing an expired one of the same job. Raises AlreadyRunningError."""
    close_expired(now=now, supplier=supplier, kind=kind)
    try:
        with transaction.atomic():
            return SyncRun.objects.create(
                supplier=supplier,
                kind=kind,
                status_since=now,
                started_at=now,
                lease_until=now + LEASE,
                guards_waived_by=guards_waived_by[:100],
            )
    except IntegrityError as error:
        raise AlreadyRunningError(f"{kind} of {supplier}") from error


@requires_transaction
def lock_and_supersede(run_context: RunContext) -> None:
    """Lock a run that will be applied; it supersedes pending runs.

    Call before offers or stock rows are locked: a review locks the pending run first.

    Locks: the run, then the pending runs
    Raises: LeaseLostError  the run was closed
    """
    run_context.lock()
    supersede_pending(run_context.run, now=run_context.clock())


@requires_transaction
def mark_applied(run_context: RunContext) -> None:
    """Mark the run applied, in the transaction that writes its (last) rows."""
    notes = list(run_context.notes)
    if run_context.run.deferred_rows:
        notes.append(f"{run_context.run.deferred_rows} rows are left to the next run.")
        if run_context.paused_until is not None:
            notes.append(
                f"The quota is used up; calls resume at {run_context.paused_until:%Y-%m-%d %H:%M} UTC."
            )
    _close(run_context, Status.APPLIED, problem=" ".join(notes))


def finish_run(run_context: RunContext) -> None:
    """Mark the run applied if it is still open, and clear the problem of the connection."""
    if run_context.run.status != Status.APPLIED:
        with transaction.atomic(durable=True):
            lock_and_supersede(run_context)
            mark_applied(run_context)
    supplier = Connection.objects.filter(supplier=run_context.supplier)
    solved = supplier.exclude(problem__startswith=Connection.BALANCE_PROBLEM_PREFIX)
    solved.exclude(problem="").update(problem="", problem_at=None)
    if run_context.paused_until is not None:
        supplier.update(paused_until=run_context.paused_until)


def quarantine(run_context: RunContext, reason: str) -> None:
    """Quarantine a run: close it and store its changes for review."""
    with transaction.atomic(durable=True):
        _close(run_context, Status.QUARANTINED, problem=reason)
        if run_context.save_pending_changes is not None:
            run_context.save_pending_changes()
        merge_pending(run_context.run, now=run_context.clock())
    _record_problem(run_context, reason)


def fail(run_context: RunContext, reason: str) -> None:
    """Mark the run failed; batches that it applied stay. A run applied in full stays applied."""
    if run_context.run.status == Status.APPLIED:
        run_context.run.refresh_from_db(fields=["status", "status_since"])  # was it committed?
        if run_context.run.status == Status.APPLIED:
            return
    _close(run_context, Status.FAILED, problem=reason)
    _record_problem(run_context, reason)


def _close(run_context: RunContext, to: SyncRun.Status, *, problem: str) -> None:
    at = run_context.clock()
    changes: dict[str, Any] = {
        **run_context.counts(),
        **run_context.meter.read(),
        "ended_at": at,
        "problem": problem[:500],
        "profile": run_context.run.profile,
    }
    try:
        run_context.run.move(to, at=at, reason=problem, **changes)
    except ConcurrentUpdateError as error:
        raise LeaseLostError(str(run_context.run)) from error


def _record_problem(run_context: RunContext, reason: str) -> None:
    Connection.objects.filter(supplier=run_context.supplier).update(
        problem=f"{run_context.run.kind}: {reason}"[:300], problem_at=run_context.clock()
    )


def close_expired(*, now: datetime, **which: Any) -> int:
    """Close runs with an expired lease; the next run continues their work. Return the count."""
    closed = 0
    expired = SyncRun.objects.filter(status__in=OPEN_STATUSES, lease_until__lte=now, **which)
    for run in expired.order_by("pk"):
        with suppress(ConcurrentUpdateError):  # closed by another worker, or alive
            run.move(Status.FAILED, at=now, reason=WORKER_DIED, problem=WORKER_DIED, ended_at=now)
            closed += 1
    return closed


@requires_transaction
def merge_pending(sync_run: SyncRun, *, now: datetime) -> None:
    """Keep one quarantined run of the job pending: an identical earlier one, else this one.

    The changes of a delta are never sent again, so they are moved into the pending run.

    Locks: the pending runs
    """
    waiting = pending_runs(sync_run)
    if sync_run.is_delta and waiting:
        PendingChange.objects.filter(run=sync_run).update(
            run=waiting[-1], reported_at=Coalesce("reported_at", sync_run.as_of)
        )
        reason = f"Merged into run {waiting[-1].pk}, which awaits review."
        sync_run.move(SyncRun.Status.DISCARDED, at=now, reason=reason)
        return
    same = next((old for old in waiting if _is_same(old, sync_run)), None)
    if same is not None:
        delete_pending(sync_run)
        reason = f"Identical to run {same.pk}, which awaits review."
        sync_run.move(SyncRun.Status.DISCARDED, at=now, reason=reason)
        return
    supersede_pending(sync_run, now=now)


@requires_transaction
def supersede_pending(sync_run: SyncRun, *, now: datetime) -> None:
    """Discard the pending runs of the job: this later one supersedes them, unless it is a delta.

    Locks: the pending runs
    """
    if sync_run.is_delta:
        return
    for old in pending_runs(sync_run):
        old.move(SyncRun.Status.DISCARDED, at=now, reason=f"Superseded by run {sync_run.pk}.")
        delete_pending(old)


def pending_runs(sync_run: SyncRun) -> list[SyncRun]:
    """Return the other pending runs of the job, the earliest first, locked."""
    waiting = SyncRun.objects.filter(
        supplier=sync_run.supplier_id, kind=sync_run.kind, status=SyncRun.Status.QUARANTINED
    ).exclude(pk=sync_run.pk)
    return list(waiting.select_for_update(of=["self"], no_key=True).order_by("pk"))


def _is_same(run: SyncRun, other: SyncRun) -> bool:
    return run.problem == other.problem and _digest(run) == _digest(other)


def _digest(sync_run: SyncRun) -> tuple[Any, ...]:
    return rows(CHANGES_DIGEST, {"run": sync_run.pk})[0]


def delete_pending(sync_run: SyncRun) -> None:
    PendingChange.objects.filter(run=sync_run).delete()


def delete_old_changes(*, now: datetime) -> int:
    """Delete the changes of decided runs whose status is older than ``CHANGES_RETENTION``."""
    decided = SyncRun.objects.filter(status_since__lt=now - CHANGES_RETENTION).exclude(
        status=SyncRun.Status.QUARANTINED
    )
    deleted, _ = PendingChange.objects.filter(run__in=decided).delete()
    return deleted
