"""Subtract sales again whose evidence is gone: the run that showed them is rolled back."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db import transaction

from orders.models import Allocation
from storefront.lib.db.transactions import needs_transaction
from suppliers.inventory import ledger, levels
from suppliers.models import FeedRun, Supplier
from suppliers.quarantine import rollback

Status = Allocation.Status


@transaction.atomic(durable=True)
def unsee(*, supplier: Supplier, now: datetime) -> int:
    """Finish the rollbacks that wait for it; return how many sales are subtracted again.

    In one transaction: the figure that comes back contains units that we sold since.

    Locks:  the supplier (as who judges sales), his locations (as who writes figures), the
            allocations, then the stock rows, each in id order
    """
    if not rollback.unfinished(supplier=supplier):
        return 0
    Supplier.objects.select_for_update(of=["self"], no_key=True).get(pk=supplier.pk)
    levels.hold(supplier=supplier)
    count = 0
    for feed_run in rollback.unfinished(supplier=supplier):
        count += _unsee(feed_run, now)
        rollback.finish(feed_run=feed_run, now=now)
    return count


@needs_transaction
def _unsee(feed_run: FeedRun, now: datetime) -> int:
    """Subtract what this run showed, and what was concluded without a drop from its figure."""
    since = rollback.waiting(feed_run)
    seen = Allocation.objects.filter(status__in=[Status.SEEN, Status.SHIPPED], level__in=since)
    cause = f"run:{feed_run.pk}"
    units: Counter[int] = Counter()
    count = 0
    for row in seen.select_for_update(of=["self"]).select_related("seen_in").order_by("pk"):
        if row.seen_in is None:
            is_by_run = row.seen_as_of is not None and row.seen_as_of >= since[row.level_id]
        else:
            is_by_run = row.seen_in.cause == cause
        if is_by_run:
            reason = f"run {feed_run.pk} is rolled back"
            row.move(
                Status.UNSEEN, at=now, reason=reason, seen_by="", seen_as_of=None, seen_in_id=None
            )
            units[row.level_id] += row.quantity
            count += 1
    ledger.unsee(units=units, cause=f"rollback:{feed_run.pk}", now=now)
    return count
