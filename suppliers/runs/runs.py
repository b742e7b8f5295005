"""Sync runs: open, extend, apply, quarantine and close the run of a job.

A supplier has one open run per job. A run whose worker was killed is closed when its lease ends.
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
# A run is silent while files and lists come, which may take most of its time. So the lease outlives
# the task: who lost it was killed, by Celery or by somebody else. That one is found out late is the
# price; two workers who fetch the same thing would be a higher one.
LEASE = timedelta(minutes=16)
EXTEND_AFTER_S = 30
RETRY_AFTER = timedelta(minutes=2)
DIED = "The worker that did it stopped without a word."


class AlreadyRunningError(Exception):
    """Another worker is doing this job of this supplier."""


class LeaseLostError(Exception):
    """The run was closed under our hands: whoever closed it believed us dead."""


class QuarantinedError(Exception):
    """The feed is not believable; nothing of it was applied."""


class Work:
    """One open run in the hands of a worker: its lease, its counts and its time.

    ``moment()`` is our ``now``, and what has passed since. ``call_help`` asks another worker to
    take in a batch.
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
        self.is_torn = False  # what the list leaves out may be in rows that name nothing: it stays
        self.remarks: list[str] = []  # what staff should know of a run that is applied
        self.keep_changes: Callable[[], None] | None = None  # should it not be believed

    @property
    def supplier(self) -> Supplier:
        return self.run.supplier

    @property
    def is_believed(self) -> bool:
        """A person believes this feed: the guard is not asked."""
        return bool(self.run.believed_by)

    @cached_property
    def last_good(self) -> dict[str, Any]:
        """Return the profile of the last run of the job that was applied whole."""
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
        """Ask no more: what the supplier lets us ask is used up; the rest is the next run's."""
        self.rest_until = error.until

    def step(self, to: FeedRun.Status) -> None:
        """Move on.

        Raises: LeaseLostError  the run is no longer ours
        """
        try:
            self.run.move(to, at=self.moment(), lease_until=self.moment() + LEASE)
        except LostRaceError as error:
            raise LeaseLostError(str(self.run)) from error

    def keep(self) -> None:
        """Extend the lease when it is time; cheap enough to call for every row.

        Raises: LeaseLostError  the run is no longer ours
        """
        if time.monotonic() - self._extended < EXTEND_AFTER_S:
            return
        self._extended = time.monotonic()
        told = {**self.counts(), **self.meter.read(), "lease_until": self.moment() + LEASE}
        if not FeedRun.objects.filter(pk=self.run.pk, status=self.run.status).update(**told):
            raise LeaseLostError(str(self.run))

    @needs_transaction
    def hold(self) -> None:
        """Make sure, until the transaction ends, that nobody closes the run.

        Several workers may hold one run at once: each writes its own slice.

        Locks:  the run, shared
        Raises: LeaseLostError  the run is no longer ours
        """
        found = rows(HELD, {"run": self.run.pk, "status": self.run.status})
        if not found:
            raise LeaseLostError(str(self.run))

    def believe(self, reason: str) -> None:
        """Stop when a guard gave a reason and no person believes the feed all the same.

        Raises: QuarantinedError
        """
        if reason and not self.is_believed:
            raise QuarantinedError(reason)

    def counts(self) -> dict[str, int]:
        return {name: getattr(self.run, name) for name in COUNTS}


@transaction.atomic(durable=True)
def begin(*, supplier: Supplier, kind: str, now: datetime, believed_by: str = "") -> FeedRun:
    """Open a run, after closing a dead one that stands in its way.

    Raises: AlreadyRunningError
    """
    dead = FeedRun.objects.filter(
        supplier=supplier, kind=kind, status__in=OPEN, lease_until__lte=now
    )
    for run in dead:
        # Somebody else closed it, or it was alive after all: then it still stands in our way.
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
    """Hold a run that is to be applied; what waits of earlier runs is out of date by it.

    Before any offer or stock row is locked: who decides about what waits locks that first.

    Locks:  the run, then those that wait
    Raises: LeaseLostError  the run is no longer ours
    """
    work.hold()
    supersede(work.run, now=work.moment())


@needs_transaction
def apply(work: Work) -> None:
    """Close a run in the transaction that applies its rows, or its last ones.

    Raises: LeaseLostError  the run is no longer ours
    """
    remarks = list(work.remarks)
    if work.run.remaining:
        remarks.append(f"{work.run.remaining} rows are left to the next run.")
        if work.rest_until is not None:
            remarks.append(f"He lets us ask again at {work.rest_until:%Y-%m-%d %H:%M} UTC.")
    _close(work, Status.APPLIED, problem=" ".join(remarks))


def finish(work: Work) -> None:
    """Close a run whose rows are applied, if it is still open; the supplier's line is in order.

    Raises: LeaseLostError  the run is no longer ours
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
    """Close a run that is not believable, with what it would have done, for staff to look at.

    Raises: LeaseLostError  the run is no longer ours
    """
    with transaction.atomic(durable=True):
        _close(work, Status.QUARANTINED, problem=reason)
        if work.keep_changes is not None:
            work.keep_changes()
        settle(work.run, now=work.moment())
    _tell(work, reason)


def fail(work: Work, reason: str) -> None:
    """Close a run that came to nothing; what it had applied is good and stays.

    One that was applied whole before the trouble came is no failure.
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
    """Close the runs whose worker was killed; the next run finds what they left undone."""
    closed = 0
    for run in FeedRun.objects.filter(status__in=OPEN, lease_until__lte=now).order_by("pk"):
        try:
            run.move(Status.FAILED, at=now, reason=DIED, problem=DIED, ended_at=now)
        except LostRaceError:
            continue  # it was alive after all
        closed += 1
    return closed


@needs_transaction
def settle(feed_run: FeedRun, *, now: datetime) -> None:
    """Let one quarantined run of the job wait: the one that is there, or else this one.

    Nobody tells again what lists of changes told: the later one is added to what waits.

    Locks:  the runs that wait
    """
    waiting = waiting_runs(feed_run)
    if feed_run.names_changes and waiting:
        FeedChange.objects.filter(run=feed_run).update(
            run=waiting[-1], told_at=Coalesce("told_at", feed_run.as_of)
        )
        reason = f"Added to run {waiting[-1].pk}, which waits for staff."
        feed_run.move(FeedRun.Status.DISCARDED, at=now, reason=reason)
        return
    same = next((old for old in waiting if _is_same(old, feed_run)), None)
    if same is not None:
        forget(feed_run)
        reason = f"The same as run {same.pk}, which waits for staff."
        feed_run.move(FeedRun.Status.DISCARDED, at=now, reason=reason)
        return
    supersede(feed_run, now=now)


@needs_transaction
def supersede(feed_run: FeedRun, *, now: datetime) -> None:
    """Close the runs of the job that wait for staff: this later one says more.

    A list of changes does not: it is silent of what they told.

    Locks:  the runs that wait
    """
    if feed_run.names_changes:
        return
    for old in waiting_runs(feed_run):
        old.move(FeedRun.Status.DISCARDED, at=now, reason=f"Run {feed_run.pk} came after it.")
        forget(old)


def waiting_runs(feed_run: FeedRun) -> list[FeedRun]:
    """Return the other runs of the job that wait for staff, the earliest first, and lock them."""
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
    """Delete what was kept of runs that were decided long ago; return how many rows."""
    decided = FeedRun.objects.filter(status_since__lt=now - KEPT_FOR).exclude(
        status=FeedRun.Status.QUARANTINED
    )
    deleted, _ = FeedChange.objects.filter(run__in=decided).delete()
    return deleted
