"""Page batches: share the pages of one run among workers.

The reader stores batches as rows; any free worker may import one. If many wait, and at the end, the
reader imports batches itself: one worker alone can do it all, more workers finish sooner. Helpers
call no supplier, so only the reader has to keep the supplier's limits. If a helper is killed before
it reports, its batch is imported twice; the second time changes nothing.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime

import msgspec

from storefront.lib.db import advisory_locks
from suppliers.models import FeedRun, PageBatch
from suppliers.offers.writer import Batch
from suppliers.runs.runs import OPEN, LeaseLostError, Work
from suppliers.runs.staging import rows
from suppliers.sync import product_intake

SLICE = "pages"
MOST_WAITING = 4
POLL_S = 0.1
COUNTED = ("created", "updated", "unchanged", "gone", "rejected")

ENDED = "DELETE FROM suppliers_pagebatch WHERE run_id = %(run)s AND done IS NOT NULL RETURNING done"


class Handed(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A batch on its way to another worker, with what he must know of the run."""

    batch: Batch
    file_as_of: datetime | None
    is_torn: bool


class Sharing:
    """The reader's side: his batches, those that he handed out, and what came of them."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._is_first = True
        self.done = 0  # pages that are in
        self.skus = 0

    def take(self, batch: Batch) -> None:
        """Have a batch taken in, by somebody else if somebody may come.

        Raises: LeaseLostError  the run is no longer ours
        """
        call = self._work.call_help
        self._collect()
        # A run of one batch is over before help could come.
        if call is None or self._is_first or self._waiting() >= MOST_WAITING:
            self._is_first = False
            self.skus += product_intake.take(self._work, batch)
            self.done += batch.size
            return
        call(PageBatch.objects.create(run=self._work.run, pages=_packed(self._work, batch)).pk)

    def finish(self) -> None:
        """Take in what nobody took, and wait for those who have some, as long as there is time.

        What was read was paid for: time, or points that are spent, end only the waiting.

        Raises: LeaseLostError  the run is no longer ours
        """
        while left := self._left():
            taken = 0
            for batch_id in advisory_locks.free(SLICE, left):
                self._work.keep()
                taken += _take(batch_id, now=self._work.moment())
            self._collect()
            if not taken:
                if self._work.is_late:
                    break
                self._work.keep()
                time.sleep(POLL_S)
        self._collect()

    def _left(self) -> list[int]:
        left = PageBatch.objects.filter(run=self._work.run, done__isnull=True)
        return list(left.order_by("pk").values_list("pk", flat=True))

    def _waiting(self) -> int:
        return PageBatch.objects.filter(run=self._work.run, done__isnull=True).count()

    def _collect(self) -> None:
        """Add up what others did."""
        for (told,) in rows(ENDED, {"run": self._work.run.pk}):
            counts = msgspec.json.decode(told) if isinstance(told, str) else told
            self.done += counts["pages"]
            self.skus += counts["skus"]
            for name in COUNTED:
                setattr(self._work.run, name, getattr(self._work.run, name) + counts[name])


def help_with(batch_id: int, *, now: datetime) -> bool:
    """Take in a batch that another worker read; return whether it was ours to do.

    Nothing is lost if this ends anywhere: the reader takes it in.
    """
    did = False
    with suppress(LeaseLostError):
        for number in advisory_locks.free(SLICE, [batch_id]):
            did = _take(number, now=now)
    return did


def _take(batch_id: int, *, now: datetime) -> bool:
    """Take a batch in; its lock is ours.

    Raises: LeaseLostError  its run is over
    """
    found = PageBatch.objects.filter(
        pk=batch_id, done__isnull=True, run__status=FeedRun.Status.STAGED
    )
    row = found.select_related("run__supplier__connection").first()
    if row is None:
        return False
    handed = msgspec.msgpack.decode(row.pages, type=Handed)
    for name in COUNTED:  # what is counted here is added to what the reader counts
        setattr(row.run, name, 0)
    if handed.file_as_of is not None:
        row.run.profile = {"as_of": handed.file_as_of.isoformat()}
    work = Work(row.run, now=now)
    work.is_torn = handed.is_torn
    skus = product_intake.take(work, handed.batch)
    told = {name: getattr(row.run, name) for name in COUNTED}
    PageBatch.objects.filter(pk=batch_id).update(
        done={"pages": handed.batch.size, "skus": skus, **told}
    )
    return True


def _packed(work: Work, batch: Batch) -> bytes:
    handed = Handed(batch=batch, file_as_of=work.run.file_as_of, is_torn=work.is_torn)
    return msgspec.msgpack.encode(handed)


def forget_ended() -> None:
    """Delete what was handed out in runs that are over."""
    PageBatch.objects.exclude(run__status__in=OPEN).delete()
