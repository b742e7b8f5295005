"""Sync runs: open, extend, apply, quarantine and close the run of a job.

A supplier has at most one open run per job. A run whose worker was killed is closed when its
lease expires.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Coalesce

from storefront.lib.clock import elapsing
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.state_machine import LostRaceError
from suppliers.connectors.records import BudgetSpentError
from suppliers.models import Connection, FeedChange, FeedRun, Supplier
from suppliers.resilience.gate import Meter
from suppliers.runs.staging import rows

KEPT_FOR = timedelta(days=30)

DIGEST = """
SELECT count(*), COALESCE(sum(hashtextextended(
  concat_ws('|', kind, row, place, old::text, new::text), 0)::numeric), 0)
FROM suppliers_feedchange WHERE run_id = %(run)s
"""


log = logging.getLogger(__name__)

HELD = "SELECT id FROM suppliers_feedrun WHERE id = %(run)s AND status = %(status)s FOR SHARE"

Status = FeedRun.Status
COUNTS = ("read", "created", "updated", "unchanged", "gone", "rejected", "remaining")
OPEN = (Status.FETCHED, Status.PARSED, Status.STAGED)
# A run does not extend its lease while it downloads, which may take most of its time. So the lease
# is longer than the task's time limit: an expired lease means a killed worker. Late detection is
# the price; two workers fetching the same data would cost more.
LEASE = timedelta(minutes=16)
EXTEND_AFTER_S = 30
RETRY_AFTER = timedelta(minutes=2)
DIED = "The worker stopped unexpectedly. The next run starts over."


class AlreadyRunningError(Exception):
    """Another worker is running this job of this supplier."""


class LeaseLostError(Exception):
    """The run was closed by another worker, which considered this one dead."""


class QuarantinedError(Exception):
    """A guard rejected the feed; nothing of it was applied."""


class Work:
    """The context of one open run: its lease, counts, time limit and API usage.

    ``moment()`` is ``now`` plus the elapsed time. ``call_help`` queues a batch for another
    worker.
    """

    def __init__(
        self,
        run: FeedRun,
        *,
        now: datetime,
        budget: timedelta | None = None,
        say: Callable[[str], None] = log.info,
        call_help: Callable[[int], None] | None = None,
    ) -> None:
        self.run = run
        self.say = say
        self.call_help = call_help
        self.moment = elapsing(now)
        self.meter = Meter()
        self._clock = self._extended = time.monotonic()
        self._budget_s = None if budget is None else budget.total_seconds()
        self.rest_until: datetime | None = None
        # some rows have no readable SKU: a missing SKU may be one of them and is kept
        self.is_torn = False
        self.remarks: list[str] = []  # notes for staff on an applied run
        # stores the changes if the run is quarantined
        self.keep_changes: Callable[[], None] | None = None

    @property
    def supplier(self) -> Supplier:
        return self.run.supplier

    @property
    def is_believed(self) -> bool:
        """Whether a person waived the guards for this run."""
        return bool(self.run.believed_by)

    @cached_property
    def last_good(self) -> dict[str, Any]:
        """The profile of the last run of the job that was applied in full."""
        good = (
            FeedRun.objects.filter(
                supplier=self.supplier, kind=self.run.kind, status=Status.APPLIED
            )
            .exclude(profile={})
            .exclude(profile__has_key="is_part")
        )
        profile = good.order_by("-status_since", "-pk").values_list("profile", flat=True).first()
        return dict(profile or {})

    @property
    def is_late(self) -> bool:
        return self._budget_s is not None and time.monotonic() - self._clock > self._budget_s

    @property
    def is_out_of_time(self) -> bool:
        return self.is_late or self.rest_until is not None

    def spent(self, error: BudgetSpentError) -> None:
        """Stop calling the supplier: the quota is used up. The rest is left to the next run."""
        self.rest_until = error.until

    def step(self, to: FeedRun.Status) -> None:
        """Change the status and extend the lease.

        Raises: LeaseLostError  the run was closed
        """
        try:
            self.run.move(to, at=self.moment(), lease_until=self.moment() + LEASE)
        except LostRaceError as error:
            raise LeaseLostError(str(self.run)) from error

    def keep(self) -> None:
        """Extend the lease if due; cheap enough to call for every row.

        Raises: LeaseLostError  the run was closed
        """
        if time.monotonic() - self._extended < EXTEND_AFTER_S:
            return
        self._extended = time.monotonic()
        told = {**self.counts(), **self.meter.read(), "lease_until": self.moment() + LEASE}
        if not FeedRun.objects.filter(pk=self.run.pk, status=self.run.status).update(**told):
            raise LeaseLostError(str(self.run))

    @needs_transaction
    def hold(self) -> None:
        """Lock the run, so that it is not closed before the transaction ends.

        Several workers may hold one run, each for its own batch.

        Locks: the run, shared
        Raises: LeaseLostError  the run was closed
        """
        found = rows(HELD, {"run": self.run.pk, "status": self.run.status})
        if not found:
            raise LeaseLostError(str(self.run))

    def believe(self, reason: str) -> None:
        """Quarantine the run if a guard returned a violation and the guards are not waived.

        Raises: QuarantinedError
        """
        if reason and not self.is_believed:
            raise QuarantinedError(reason)

    def counts(self) -> dict[str, int]:
        return {name: getattr(self.run, name) for name in COUNTS}


@transaction.atomic(durable=True)
def begin(*, supplier: Supplier, kind: str, now: datetime, believed_by: str = "") -> FeedRun:
    """Open a run, after closing an expired one of the same job.

    Raises: AlreadyRunningError
    """
    dead = FeedRun.objects.filter(
        supplier=supplier, kind=kind, status__in=OPEN, lease_until__lte=now
    )
    for run in dead:
        # Lost to another worker, or the run is alive: the INSERT decides.
        with suppress(LostRaceError):
            run.move(Status.FAILED, at=now, reason=DIED, problem=DIED, ended_at=now)
    try:
        with transaction.atomic():
            return FeedRun.objects.create(
                supplier=supplier,
                kind=kind,
                status_since=now,
                started_at=now,
                lease_until=now + LEASE,
                believed_by=believed_by[:100],
            )
    except IntegrityError as error:
        raise AlreadyRunningError(f"{kind} of {supplier}") from error


@needs_transaction
def replace_waiting(work: Work) -> None:
    """Lock a run that will be applied; it supersedes pending runs.

    Call before offers or stock rows are locked: a review locks the pending run first.

    Locks: the run, then the pending runs
    Raises: LeaseLostError  the run was closed
    """
    work.hold()
    supersede(work.run, now=work.moment())


@needs_transaction
def apply(work: Work) -> None:
    """Mark the run applied, in the transaction that writes its (last) rows.

    Raises: LeaseLostError  the run was closed
    """
    remarks = list(work.remarks)
    if work.run.remaining:
        remarks.append(f"{work.run.remaining} rows are left to the next run.")
        if work.rest_until is not None:
            remarks.append(
                f"The quota is used up; calls resume at {work.rest_until:%Y-%m-%d %H:%M} UTC."
            )
    _close(work, Status.APPLIED, problem=" ".join(remarks))


def finish(work: Work) -> None:
    """Mark the run applied if it is still open, and clear the problem of the connection.

    Raises: LeaseLostError  the run was closed
    """
    if work.run.status != Status.APPLIED:
        with transaction.atomic(durable=True):
            replace_waiting(work)
            apply(work)
    supplier = Connection.objects.filter(supplier=work.supplier)
    of_this_line = supplier.exclude(problem__startswith=Connection.BALANCE_PROBLEM)
    of_this_line.exclude(problem="").update(problem="", problem_at=None)
    if work.rest_until is not None:
        supplier.update(rest_until=work.rest_until)


def quarantine(work: Work, reason: str) -> None:
    """Quarantine a run: close it and store its changes for review.

    Raises: LeaseLostError  the run was closed
    """
    with transaction.atomic(durable=True):
        _close(work, Status.QUARANTINED, problem=reason)
        if work.keep_changes is not None:
            work.keep_changes()
        settle(work.run, now=work.moment())
    _tell(work, reason)


def fail(work: Work, reason: str) -> None:
    """Mark the run failed; batches that it applied stay.

    A run that was applied in full stays applied.
    """
    if work.run.status == Status.APPLIED:
        work.run.refresh_from_db(fields=["status", "status_since"])  # was it committed?
        if work.run.status == Status.APPLIED:
            return
    _close(work, Status.FAILED, problem=reason)
    _tell(work, reason)


def _close(work: Work, to: FeedRun.Status, *, problem: str) -> None:
    at = work.moment()
    changes: dict[str, Any] = {
        **work.counts(),
        **work.meter.read(),
        "ended_at": at,
        "problem": problem[:500],
        "profile": work.run.profile,
    }
    try:
        work.run.move(to, at=at, reason=problem, **changes)
    except LostRaceError as error:
        raise LeaseLostError(str(work.run)) from error


def _tell(work: Work, reason: str) -> None:
    Connection.objects.filter(supplier=work.supplier).update(
        problem=f"{work.run.kind}: {reason}"[:300], problem_at=work.moment()
    )


def close_dead(*, now: datetime) -> int:
    """Close runs with an expired lease; the next run continues their work. Return the count."""
    closed = 0
    for run in FeedRun.objects.filter(status__in=OPEN, lease_until__lte=now).order_by("pk"):
        try:
            run.move(Status.FAILED, at=now, reason=DIED, problem=DIED, ended_at=now)
        except LostRaceError:
            continue  # it was alive
        closed += 1
    return closed


@needs_transaction
def settle(feed_run: FeedRun, *, now: datetime) -> None:
    """Keep one quarantined run of the job pending: an existing one if it is the same, else this.

    The changes of a delta are never sent again, so they are moved into the pending run.

    Locks: the pending runs
    """
    waiting = waiting_runs(feed_run)
    if feed_run.names_changes and waiting:
        FeedChange.objects.filter(run=feed_run).update(
            run=waiting[-1], told_at=Coalesce("told_at", feed_run.as_of)
        )
        reason = f"Merged into run {waiting[-1].pk}, which awaits review."
        feed_run.move(FeedRun.Status.DISCARDED, at=now, reason=reason)
        return
    same = next((old for old in waiting if _is_same(old, feed_run)), None)
    if same is not None:
        forget(feed_run)
        reason = f"Identical to run {same.pk}, which awaits review."
        feed_run.move(FeedRun.Status.DISCARDED, at=now, reason=reason)
        return
    supersede(feed_run, now=now)


@needs_transaction
def supersede(feed_run: FeedRun, *, now: datetime) -> None:
    """Discard the pending runs of the job: this later one supersedes them, unless it is a delta.

    Locks: the pending runs
    """
    if feed_run.names_changes:
        return
    for old in waiting_runs(feed_run):
        old.move(FeedRun.Status.DISCARDED, at=now, reason=f"Superseded by run {feed_run.pk}.")
        forget(old)


def waiting_runs(feed_run: FeedRun) -> list[FeedRun]:
    """Return the other pending runs of the job, the earliest first, locked."""
    waiting = FeedRun.objects.filter(
        supplier=feed_run.supplier_id, kind=feed_run.kind, status=FeedRun.Status.QUARANTINED
    ).exclude(pk=feed_run.pk)
    return list(waiting.select_for_update(of=["self"], no_key=True).order_by("pk"))


def _is_same(one: FeedRun, other: FeedRun) -> bool:
    return one.problem == other.problem and _digest(one) == _digest(other)


def _digest(feed_run: FeedRun) -> tuple[Any, ...]:
    return rows(DIGEST, {"run": feed_run.pk})[0]


def forget(feed_run: FeedRun) -> None:
    FeedChange.objects.filter(run=feed_run).delete()


def sweep(*, now: datetime) -> int:
    """Delete the changes of runs decided more than ``KEPT_FOR`` ago; return the count."""
    decided = FeedRun.objects.filter(status_since__lt=now - KEPT_FOR).exclude(
        status=FeedRun.Status.QUARANTINED
    )
    deleted, _ = FeedChange.objects.filter(run__in=decided).delete()
    return deleted
