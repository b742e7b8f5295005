"""Stock sync: stop subtracting sales that reported stock contains, undo that after a rollback.

Each allocation stores why it is still subtracted, or what proved that the supplier's figure
contains it. A rolled back feed run proves nothing, so its sales are subtracted again.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, OuterRef, Q, QuerySet, Subquery, Sum

from orders.inventory import evidence, recounts
from orders.inventory.evidence import Assessment, DecrementPolicy, Sale, StockDrop, StockFigures
from orders.models import Allocation, PurchaseOrder
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.state_machine import InvalidTransitionError
from suppliers.inventory import ledger, levels
from suppliers.models import StockDecrement, StockLevel, StockMovement, Supplier, SyncRun
from suppliers.quarantine import rollback
from suppliers.sync import webhooks

Status = Allocation.Status
STOCKTAKE_LOOKBACK = timedelta(days=14)  # a stocktake is usually found within a minute


@transaction.atomic(durable=True)
def absorb_sales(*, supplier: Supplier, now: datetime) -> int:
    """Assess every sale that is still subtracted; return how many the figures contain.

    Locks:  the supplier (so that no drop is claimed twice), the allocations, then the stock
            rows in id order
    """
    Supplier.objects.select_for_update(of=["self"], no_key=True).get(pk=supplier.pk)
    unseen = list(_outstanding_allocations(supplier))
    if not unseen:
        return 0
    policy = decrement_policy(supplier)
    findings = _assess(unseen, policy)
    by_id = {allocation.pk: allocation for allocation in unseen}
    _store_reasons(by_id, findings)
    return _absorb(supplier, [finding for finding in findings if finding.absorbed_by], policy, now)


@transaction.atomic(durable=True)
def mark_absorbed(*, allocation: Allocation, actor: str, now: datetime) -> None:
    """Record staff's statement that the supplier's figure contains a sale.

    Locks:  the allocation, then the stock row
    Raises: InvalidTransitionError  it is not subtracted any more
    """
    row = Allocation.objects.select_for_update(of=["self"]).get(pk=allocation.pk)
    if row.status != Status.UNSEEN:
        raise InvalidTransitionError(f"{row}: {row.status}")
    label = str(Allocation.AbsorbedBy.STAFF.label)
    level = StockLevel.objects.with_confirmed_at().get(pk=row.level_id)
    as_of = level.known_at  # type: ignore[attr-defined]  # annotated
    _mark(row, Allocation.AbsorbedBy.STAFF, at=now, actor=actor, reason=label, absorbed_as_of=as_of)
    ledger.mark_absorbed(units={row.level_id: row.quantity}, cause=f"staff:{actor}"[:60], now=now)


def decrement_policy(supplier: Supplier) -> DecrementPolicy:
    """Return the more careful of the supplier's configured and measured decrement policy."""
    configured = Supplier.objects.values_list("stock_decremented_at", flat=True).get(pk=supplier.pk)
    measured = StockDecrement.objects.filter(supplier=supplier).first()
    return evidence.choose_policy(
        configured=configured,
        measured=measured.at if measured else "",
        max_lag_s=measured.max_lag_s if measured else None,
    )


def _outstanding_allocations(supplier: Supplier) -> QuerySet[Allocation]:
    acceptances = PurchaseOrder.objects.filter(
        lines__order_line=OuterRef("line"), lines__is_active=True
    ).values("accepted_at")
    allocations = Allocation.objects.filter(status=Status.UNSEEN, level__offer__supplier=supplier)
    return allocations.annotate(accepted_at=Subquery(acceptances[:1])).order_by("pk")


def _assess(unseen: Sequence[Allocation], policy: DecrementPolicy) -> list[Assessment]:
    sales: dict[int, list[Sale]] = defaultdict(list)
    for allocation in unseen:
        sales[allocation.level_id].append(
            Sale(
                id=allocation.pk,
                quantity=allocation.quantity,
                sold_at=allocation.status_since,  # of the sale, or of a later rollback
                accepted_at=allocation.accepted_at,  # type: ignore[attr-defined]  # annotated
                shipped_at=allocation.shipped_at,
            )
        )
    rows = _read_figures(sales, policy)
    return [
        finding
        for level_id, row in rows.items()
        for finding in evidence.assess(sales[level_id], row, policy)
    ]


def _read_figures(sales: dict[int, list[Sale]], policy: DecrementPolicy) -> dict[int, StockFigures]:
    """Return the figures by stock row, with their changes for rows whose sales can be assessed."""
    levels = StockLevel.objects.with_confirmed_at().filter(pk__in=sales)
    rows = {
        level.pk: StockFigures(
            known_at=level.known_at,  # type: ignore[attr-defined]  # annotated
            is_unconfirmed=level.is_unconfirmed,
            reported=level.reported_quantity,
        )
        for level in levels
    }
    sale_times = {
        level_id: moments
        for level_id, row in rows.items()
        if (
            moments := [
                moment
                for sale in sales[level_id]
                if (moment := evidence.decremented_at(sale, policy))
                and not evidence.reason_to_wait(sale, row, policy)
            ]
        )
    }
    if not sale_times:
        return rows
    if policy.at == evidence.StockDecrementedAt.NEVER:
        lookback_start = max(row.known_at for row in rows.values()) - STOCKTAKE_LOOKBACK
        allocated = {level_id: sales[level_id] for level_id in sale_times}
        counts = recounts.find_stocktakes(allocated, policy, since=lookback_start)
        drops = {level_id: [drop] for level_id, drop in counts.items()}
        return rows | {pk: replace(rows[pk], drops=drops[pk]) for pk in drops}
    since = min(min(moments) for moments in sale_times.values()) - evidence.REPORTING_DELAY
    drops, increases = _drops(sale_times, since), _increases(sale_times, since)
    return rows | {
        pk: replace(rows[pk], drops=drops[pk], increased_at=increases.get(pk)) for pk in sale_times
    }


def _changes(levels: Iterable[int], since: datetime, condition: Q) -> QuerySet[StockMovement]:
    return StockMovement.objects.effective().filter(
        condition, kind=StockMovement.Kind.REPORTED, level__in=list(levels), at__gt=since
    )


def _drops(levels: Collection[int], since: datetime) -> dict[int, list[StockDrop]]:
    """Return the drops of each row, minus the units already assigned to sales.

    Figures that we lowered ourselves after a rejection do not count.
    """
    decreases = Q(reported_delta__lt=0) & ~Q(cause__startswith=webhooks.REJECTION_CAUSE)
    moves = list(_changes(levels, since, decreases).order_by("at", "pk"))
    claimed = dict(
        Allocation.objects.filter(absorbed_in__in=[move.pk for move in moves])
        .values_list("absorbed_in")
        .annotate(Sum("quantity"))
    )
    drops: dict[int, list[StockDrop]] = defaultdict(list)
    for move in moves:
        remaining = -move.reported_delta - claimed.get(move.pk, 0)
        drops[move.level_id].append(StockDrop(id=move.pk, at=move.at, remaining=remaining))
    return drops


def _increases(levels: Collection[int], since: datetime) -> dict[int, datetime]:
    increases = _changes(levels, since, Q(reported_delta__gt=0))
    return dict(increases.values_list("level").annotate(Max("at")))


def _store_reasons(allocations: dict[int, Allocation], findings: Iterable[Assessment]) -> None:
    """Store changed reasons why sales are still subtracted."""
    by_doubt: dict[str, list[int]] = defaultdict(list)
    for finding in findings:
        if finding.doubt and allocations[finding.sale.id].doubt != finding.doubt:
            by_doubt[finding.doubt].append(finding.sale.id)
    for doubt, ids in by_doubt.items():
        Allocation.objects.filter(pk__in=ids, status=Status.UNSEEN).update(doubt=doubt)


def _absorb(
    supplier: Supplier, findings: Iterable[Assessment], policy: DecrementPolicy, now: datetime
) -> int:
    by_sale = {finding.sale.id: finding for finding in findings}
    rows = Allocation.objects.filter(pk__in=by_sale, status=Status.UNSEEN)
    absorbed = list(rows.select_for_update(of=["self"]).order_by("pk"))
    known = dict(
        StockLevel.objects.with_confirmed_at()
        .filter(allocations__in=by_sale)
        .values_list("pk", "known_at")  # type: ignore[misc]  # annotated
    )
    units: Counter[int] = Counter()
    for row in absorbed:
        finding, as_of = by_sale[row.pk], known[row.level_id]
        label = Allocation.AbsorbedBy(finding.absorbed_by).label
        _mark(
            row,
            finding.absorbed_by,
            at=now,
            reason=f"{label} (stock as of {as_of:%Y-%m-%d %H:%M}, update delay {policy.lag})",
            absorbed_as_of=as_of,
            absorbed_in_id=finding.drop,
        )
        units[row.level_id] += row.quantity
    ledger.mark_absorbed(units=units, cause=f"supplier:{supplier.code}", now=now)
    return len(absorbed)


def _mark(
    row: Allocation, absorbed_by: str, *, at: datetime, reason: str, **fields: object
) -> None:
    """Stop subtracting; close the allocation if it has shipped."""
    to = Status.SEEN if row.shipped_at is None else Status.SHIPPED
    row.move(to, at=at, reason=reason, absorbed_by=absorbed_by, doubt="", **fields)  # type: ignore[arg-type]


# Feed rollbacks


@transaction.atomic(durable=True)
def undo_absorbed(*, supplier: Supplier, now: datetime) -> int:
    """Complete pending feed rollbacks; return how many sales are subtracted again.

    One transaction, because the restored figure contains units that we sold since.

    Locks:  the supplier (as ``absorb_sales``), its locations (as feed runs), the allocations, then
            the stock rows, each in id order
    """
    if not rollback.runs_with_deferred(supplier=supplier):
        return 0
    Supplier.objects.select_for_update(of=["self"], no_key=True).get(pk=supplier.pk)
    levels.lock_locations(supplier=supplier)
    count = 0
    for sync_run in rollback.runs_with_deferred(supplier=supplier):
        count += _undo_run(sync_run, now)
        rollback.resume_deferred(sync_run=sync_run, now=now)
    return count


@requires_transaction
def _undo_run(sync_run: SyncRun, now: datetime) -> int:
    """Subtract again the sales that a drop of this run proved, or its figure without a drop."""
    since = rollback.deferred_levels(sync_run)
    absorbed = Allocation.objects.filter(status__in=[Status.SEEN, Status.SHIPPED], level__in=since)
    cause = f"run:{sync_run.pk}"
    units: Counter[int] = Counter()
    count = 0
    for row in absorbed.select_for_update(of=["self"]).select_related("absorbed_in").order_by("pk"):
        if row.absorbed_in is None:
            is_by_run = row.absorbed_as_of is not None and row.absorbed_as_of >= since[row.level_id]
        else:
            is_by_run = row.absorbed_in.cause == cause
        if is_by_run:
            reason = f"sync run {sync_run.pk} was reverted"
            row.move(
                Status.UNSEEN,
                at=now,
                reason=reason,
                absorbed_by="",
                absorbed_as_of=None,
                absorbed_in_id=None,
            )
            units[row.level_id] += row.quantity
            count += 1
    ledger.undo_absorbed(units=units, cause=f"rollback:{sync_run.pk}", now=now)
    return count
