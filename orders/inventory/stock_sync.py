"""Stock sync: stop subtracting sales that reported stock contains, undo it after a rollback.

Each allocation stores why it is still subtracted, or what proved that the supplier's figure
contains it. A rolled back feed run proves nothing, so its sales are subtracted again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, OuterRef, Q, QuerySet, Subquery, Sum

from orders.inventory import evidence, recounts
from orders.inventory.evidence import Drop, Finding, Manner, Row, Sale
from orders.models import Allocation, PurchaseOrder
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.state_machine import IllegalMoveError
from suppliers.inventory import ledger, levels
from suppliers.models import Countdown, FeedRun, StockLevel, StockMovement, Supplier
from suppliers.quarantine import rollback
from suppliers.sync import webhooks

Status = Allocation.Status
LOOKS_BACK = timedelta(days=14)  # for stocktakes; usually found within a minute


@transaction.atomic(durable=True)
def reconcile(*, supplier: Supplier, now: datetime) -> int:
    """Assess every sale that is still subtracted; return how many the figures contain.

    Locks:  the supplier (so that no drop is claimed twice), the allocations, then the stock
            rows in id order
    """
    Supplier.objects.select_for_update(of=["self"], no_key=True).get(pk=supplier.pk)
    unseen = list(_unseen(supplier))
    if not unseen:
        return 0
    manner = manner_of(supplier)
    findings = _weigh(unseen, manner)
    by_id = {allocation.pk: allocation for allocation in unseen}
    _doubt(by_id, findings)
    return _see(supplier, [each for each in findings if each.seen_by], manner, now)


@transaction.atomic(durable=True)
def declare(*, allocation: Allocation, actor: str, now: datetime) -> None:
    """Record staff's statement that the supplier's figure contains a sale.

    Locks:  the allocation, then the stock row
    Raises: IllegalMoveError  it is not subtracted any more
    """
    row = Allocation.objects.select_for_update(of=["self"]).get(pk=allocation.pk)
    if row.status != Status.UNSEEN:
        raise IllegalMoveError(f"{row}: {row.status}")
    words = str(Allocation.SeenBy.STAFF.label)
    level = StockLevel.objects.with_known_at().get(pk=row.level_id)
    as_of = level.known_at  # type: ignore[attr-defined]  # annotated
    _move(row, Allocation.SeenBy.STAFF, at=now, actor=actor, reason=words, seen_as_of=as_of)
    ledger.see(units={row.level_id: row.quantity}, cause=f"staff:{actor}"[:60], now=now)


def manner_of(supplier: Supplier) -> Manner:
    """Return the more careful of the supplier's configured and measured decrement policy."""
    configured = Supplier.objects.values_list("counts_down_at", flat=True).get(pk=supplier.pk)
    measured = Countdown.objects.filter(supplier=supplier).first()
    return evidence.manner(
        configured=configured,
        measured=measured.at if measured else "",
        tail_s=measured.tail_s if measured else None,
    )


def _unseen(supplier: Supplier) -> QuerySet[Allocation]:
    said_yes = PurchaseOrder.objects.filter(
        lines__order_line=OuterRef("line"), lines__is_live=True
    ).values("accepted_at")
    mine = Allocation.objects.filter(status=Status.UNSEEN, level__offer__supplier=supplier)
    return mine.annotate(accepted_at=Subquery(said_yes[:1])).order_by("pk")


def _weigh(unseen: Sequence[Allocation], manner: Manner) -> list[Finding]:
    sales: dict[int, list[Sale]] = defaultdict(list)
    for each in unseen:
        sales[each.level_id].append(
            Sale(
                id=each.pk,
                quantity=each.quantity,
                sold_at=each.status_since,  # still unseen, so this is the sale
                accepted_at=each.accepted_at,  # type: ignore[attr-defined]  # annotated
                shipped_at=each.shipped_at,
            )
        )
    rows = _rows(sales, manner)
    return [
        finding
        for level_id, row in rows.items()
        for finding in evidence.weigh(sales[level_id], row, manner)
    ]


def _rows(sales: dict[int, list[Sale]], manner: Manner) -> dict[int, Row]:
    """Return the figures, and for rows with assessable sales also their changes."""
    levels = StockLevel.objects.with_known_at().filter(pk__in=sales)
    rows = {
        level.pk: Row(
            known_at=level.known_at,  # type: ignore[attr-defined]  # annotated
            is_silent=level.is_silent,
            reported=level.reported_quantity,
        )
        for level in levels
    }
    begun = {
        level_id: moments
        for level_id, row in rows.items()
        if (
            moments := [
                moment
                for sale in sales[level_id]
                if (moment := evidence.since(sale, manner))
                and not evidence.too_soon(sale, row, manner)
            ]
        )
    }
    if not begun:
        return rows
    if manner.at == evidence.CountsDownAt.NEVER:
        lately = max(row.known_at for row in rows.values()) - LOOKS_BACK
        owed = {level_id: sales[level_id] for level_id in begun}
        counts = recounts.find(owed, manner, since=lately)
        drops = {level_id: [drop] for level_id, drop in counts.items()}
        return rows | {pk: _with(rows[pk], drops[pk], None) for pk in drops}
    since = min(min(moments) for moments in begun.values()) - evidence.HEARD_LATE
    drops, rose = _drops(begun, since), _rises(begun, since)
    return rows | {pk: _with(rows[pk], drops[pk], rose.get(pk)) for pk in begun}


def _with(row: Row, drops: Sequence[Drop], rose_at: datetime | None) -> Row:
    return Row(
        known_at=row.known_at,
        is_silent=row.is_silent,
        reported=row.reported,
        drops=drops,
        rose_at=rose_at,
    )


def _moved(levels: Iterable[int], since: datetime, which: Q) -> QuerySet[StockMovement]:
    return StockMovement.objects.standing().filter(
        which, kind=StockMovement.Kind.REPORTED, level__in=list(levels), at__gt=since
    )


def _drops(levels: Collection[int], since: datetime) -> dict[int, list[Drop]]:
    """Return the drops of each row, less the units assigned to sales before.

    A figure that we lowered after a rejection is no drop of the supplier's.
    """
    fell = Q(reported_delta__lt=0) & ~Q(cause__startswith=webhooks.REFUSED)
    moves = list(_moved(levels, since, fell).order_by("at", "pk"))
    claimed = dict(
        Allocation.objects.filter(seen_in__in=[move.pk for move in moves])
        .values_list("seen_in")
        .annotate(Sum("quantity"))
    )
    drops: dict[int, list[Drop]] = defaultdict(list)
    for move in moves:
        left = -move.reported_delta - claimed.get(move.pk, 0)
        drops[move.level_id].append(Drop(id=move.pk, at=move.at, left=left))
    return drops


def _rises(levels: Collection[int], since: datetime) -> dict[int, datetime]:
    risen = _moved(levels, since, Q(reported_delta__gt=0))
    return dict(risen.values_list("level").annotate(Max("at")))


def _doubt(allocations: dict[int, Allocation], findings: Iterable[Finding]) -> None:
    """Store changed reasons why sales are still subtracted."""
    news: dict[str, list[int]] = defaultdict(list)
    for finding in findings:
        if finding.doubt and allocations[finding.sale.id].doubt != finding.doubt:
            news[finding.doubt].append(finding.sale.id)
    for doubt, ids in news.items():
        Allocation.objects.filter(pk__in=ids, status=Status.UNSEEN).update(doubt=doubt)


def _see(supplier: Supplier, findings: Iterable[Finding], manner: Manner, now: datetime) -> int:
    found = {finding.sale.id: finding for finding in findings}
    rows = Allocation.objects.filter(pk__in=found, status=Status.UNSEEN)
    seen = list(rows.select_for_update(of=["self"]).order_by("pk"))
    known = dict(
        StockLevel.objects.with_known_at()
        .filter(allocations__in=found)
        .values_list("pk", "known_at")  # type: ignore[misc]  # annotated
    )
    units: Counter[int] = Counter()
    for row in seen:
        finding, as_of = found[row.pk], known[row.level_id]
        words = Allocation.SeenBy(finding.seen_by).label
        _move(
            row,
            finding.seen_by,
            at=now,
            reason=f"{words} (stock as of {as_of:%Y-%m-%d %H:%M}, update delay {manner.lag})",
            seen_as_of=as_of,
            seen_in_id=finding.drop,
        )
        units[row.level_id] += row.quantity
    ledger.see(units=units, cause=f"supplier:{supplier.code}", now=now)
    return len(seen)


def _move(row: Allocation, seen_by: str, *, at: datetime, reason: str, **more: object) -> None:
    """Stop subtracting; close the allocation if it has shipped."""
    to = Status.SEEN if row.shipped_at is None else Status.SHIPPED
    row.move(to, at=at, reason=reason, seen_by=seen_by, doubt="", **more)  # type: ignore[arg-type]


# Feed rollbacks


@transaction.atomic(durable=True)
def unsee(*, supplier: Supplier, now: datetime) -> int:
    """Complete pending feed rollbacks; return how many sales are subtracted again.

    One transaction: the restored figure contains units that we sold since.

    Locks:  the supplier (as ``reconcile``), its locations (as feed runs), the allocations, then the
            stock rows, each in id order
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
    """Subtract again the sales this run showed, or that its figure proved without a drop."""
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
            reason = f"sync run {feed_run.pk} was reverted"
            row.move(
                Status.UNSEEN, at=now, reason=reason, seen_by="", seen_as_of=None, seen_in_id=None
            )
            units[row.level_id] += row.quantity
            count += 1
    ledger.unsee(units=units, cause=f"rollback:{feed_run.pk}", now=now)
    return count
