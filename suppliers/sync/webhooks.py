"""Supplier events: refresh the stock of reported products, quarantine mass changes, subscribe.

An event only names products: their stock is queried, their pages are left to the next run. The
module also sets stock to zero after a supplier rejected an order as out of stock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.aggregates import BoolOr
from django.db import transaction
from django.db.models import Max, Q, QuerySet

from catalog.records import ImportIssue
from suppliers.connections.factory import open_connector
from suppliers.connectors.capabilities import PagedStockAndPrice, Webhooks, require
from suppliers.connectors.records import EventType, StockReport, SupplierEvent, is_missing_sku
from suppliers.inventory import confirmations, publication
from suppliers.inventory import levels as inventory_levels
from suppliers.models import (
    StockLevel,
    StockMovement,
    Supplier,
    SupplierOffer,
    SupplierProduct,
    SyncRun,
)
from suppliers.quarantine import guards, pending_changes, thresholds
from suppliers.runs import runs
from suppliers.runs.runs import AlreadyRunningError, QuarantinedError, RunContext
from suppliers.runs.staging import run, staging_table

EVENT_CAUSE = "event:"
EVENTS_PREFIX = "Webhook stock update: "
REJECTION_CAUSE = "refused:"  # cause of our own writes, which are no reports of the supplier
# Rows zeroed by events are counted since the last full run, but at most over this time.
COUNT_WINDOW = timedelta(days=1)
URGENT_LOCK_TIMEOUT_MS = 300


def handle_event(*, supplier: Supplier, event: SupplierEvent, now: datetime) -> bool:
    """Handle an event: refresh stock now, or mark changed products for the next runs.

    Returns whether any product is known.

    Raises: ExternalServiceError  the supplier does not answer; the next run queries it anyway
        QuarantinedError  events zeroed too much: nothing is applied
    """
    offers = SupplierOffer.objects.filter(supplier=supplier).filter(
        Q(supplier_sku__in=event.skus) | Q(product_external_id__in=event.product_external_ids)
    )
    external_ids = set(offers.values_list("product_external_id", flat=True))
    if not external_ids:
        return False
    if event.kind is EventType.STOCK:
        refresh_stock(
            supplier=supplier,
            external_ids=sorted(external_ids),
            cause=f"{EVENT_CAUSE}{event.external_id}",
            now=now,
        )
    elif event.kind is EventType.PRODUCT:
        SupplierProduct.objects.filter(supplier=supplier, external_id__in=external_ids).update(
            list_digest="", cost_digest=""
        )
    return True


def refresh_stock(
    *, supplier: Supplier, external_ids: Sequence[str], cause: str, now: datetime
) -> None:
    """Query and publish the current stock of these products.

    Raises: ExternalServiceError  the supplier does not answer
        QuarantinedError  events zeroed too much: staff decide
    """
    with open_connector(supplier) as connector:
        figures = require(connector, PagedStockAndPrice)
        answers = {
            external_id: figures.stock(external_id=external_id) for external_id in external_ids
        }
    apply_stock_report(supplier=supplier, answers=answers, cause=cause, now=now)
    publication.publish_pending(now=now)


def apply_stock_report(
    *,
    supplier: Supplier,
    answers: dict[str, tuple[StockReport | ImportIssue, ...]],
    cause: str,
    now: datetime,
    is_urgent: bool = False,
) -> None:
    """Store what a supplier reported about single products.

    Raises: QuarantinedError  events zeroed too much: staff decide
        OperationalError  ``is_urgent``, and a run holds the lock
    """
    violation = _store_report(supplier, answers, cause, now, is_urgent=is_urgent)
    if violation is not None:
        quarantine(supplier, violation, reported_at=now, now=now)
        raise QuarantinedError(violation.reason)


@transaction.atomic(durable=True)
def zero_stock_after_refusal(
    *, supplier: Supplier, kept: Mapping[int, int], cause: str, now: datetime
) -> None:
    """Set stock to what still ships, after the supplier rejected an order as out of stock.

    Prevents further orders that the supplier would reject. A later report overrides this.

    Shape: ``kept`` maps stock rows to the units that the supplier still ships
    Locks: the supplier's locations, then the stock rows, in id order
    """
    levels = StockLevel.objects.filter(pk__in=list(kept), offer__supplier=supplier)
    empty = list(levels.exclude(as_of__gt=now).select_related("offer", "location"))
    if not empty:
        return
    with staging_table(inventory_levels.STAGE, inventory_levels.COLUMNS) as stage:
        for level in empty:
            report = StockReport(
                sku=level.offer.supplier_sku,
                location=level.location.code,
                country=level.location.country,
                quantity=kept[level.pk],
            )
            inventory_levels.stage_rows(
                stage, [report], external_id=level.offer.product_external_id
            )
        stage.analyze()
        inventory_levels.lock_locations(supplier=supplier)
        inventory_levels.set_affected_offers({level.offer_id for level in empty})
        inventory_levels.merge(
            supplier=supplier, cause=cause, as_of=now, received_at=now, is_full_list=False
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuarantine:
    """Why the figures of an event are not applied, and what they would change."""

    reason: str
    moves: list[tuple[Any, ...]]


@transaction.atomic(durable=True)
def _store_report(
    supplier: Supplier,
    answers: dict[str, tuple[StockReport | ImportIssue, ...]],
    cause: str,
    now: datetime,
    *,
    is_urgent: bool,
) -> EventQuarantine | None:
    """Store the figures, or return why not."""
    if is_urgent:
        run(f"SET LOCAL lock_timeout = {URGENT_LOCK_TIMEOUT_MS}")
    offers = SupplierOffer.objects.filter(supplier=supplier, product_external_id__in=answers)
    offers = offers.exclude(status=SupplierOffer.Status.DISCONTINUED)
    with staging_table(inventory_levels.STAGE, inventory_levels.COLUMNS) as stage:
        problems = [
            problem
            for external_id, figures in answers.items()
            for problem in inventory_levels.stage_rows(stage, figures, external_id=external_id)
        ]
        stage.analyze()
        covered = list(_in_scope(offers, answers, problems).values_list("pk", flat=True))
        inventory_levels.lock_locations(supplier=supplier)
        inventory_levels.set_affected_offers(covered)
        zeroed = inventory_levels.count_changes().zeroed
        if reason := zeroed_limit_violation(supplier, zeroed=zeroed, now=now):
            moves = pending_changes.staged_stock_changes(supplier_id=supplier.pk)
            return EventQuarantine(reason=reason, moves=moves)
        inventory_levels.merge(supplier=supplier, cause=cause, as_of=now, received_at=now)
        confirmations.confirm_stock(covered=covered, as_of=now, received_at=now)
    return None


def _in_scope(
    offers: QuerySet[SupplierOffer],
    answers: dict[str, tuple[StockReport | ImportIssue, ...]],
    problems: Sequence[ImportIssue],
) -> QuerySet[SupplierOffer]:
    """Return the offers in scope; a row without SKU excludes the SKUs that no other row names."""
    unreadable = [problem.row for problem in problems if problem.is_fatal]
    products_with_unidentified_rows = [
        external_id
        for external_id, rows in answers.items()
        if any(is_missing_sku(row) for row in rows)
    ]
    read = [
        row.sku
        for external_id in products_with_unidentified_rows
        for row in answers[external_id]
        if isinstance(row, StockReport)
    ]
    return offers.exclude(supplier_sku__in=unreadable).exclude(
        ~Q(supplier_sku__in=read), product_external_id__in=products_with_unidentified_rows
    )


def zeroed_limit_violation(supplier: Supplier, *, zeroed: int, now: datetime) -> str:
    """Return the violation if an event, with those since the last full run, zeroes too much.

    Shape: ``zeroed`` counts the rows that become zero now
    """
    if not zeroed:
        return ""
    applied = SyncRun.objects.filter(
        supplier=supplier, kind=SyncRun.Kind.STOCK, status=SyncRun.Status.APPLIED
    )
    last = applied.order_by("-started_at", "-pk").first()
    since = max(last.started_at if last else now - COUNT_WINDOW, now - COUNT_WINDOW)
    levels = StockLevel.objects.filter(offer__supplier=supplier).exclude(
        offer__status=SupplierOffer.Status.DISCONTINUED
    )
    event_movements = StockMovement.objects.filter(
        kind=StockMovement.Kind.REPORTED,
        cause__startswith=EVENT_CAUSE,
        reported_delta__lt=0,
        at__gte=since,
    )
    earlier = levels.filter(reported_quantity=0, pk__in=event_movements.values("level")).count()
    stocked = levels.filter(reported_quantity__gt=0).count()
    return guards.zeroed_stock_violation(
        stocked=stocked + earlier,
        zeroed=earlier + zeroed,
        limits=thresholds.thresholds_of(supplier),
    )


def quarantine(
    supplier: Supplier, violation: EventQuarantine, *, reported_at: datetime, now: datetime
) -> bool:
    """Quarantine the changes: in the run that awaits review, if any, else in a new run.

    Returns false if a run is open, which checks the whole stock.
    """
    if _merge_into_pending(supplier, violation, reported_at):
        return True
    try:
        run = runs.open_run(supplier=supplier, kind=SyncRun.Kind.STOCK, now=now)
    except AlreadyRunningError:
        return False
    run_context = RunContext(run, now=now)
    run_context.save_pending_changes = lambda: pending_changes.merge_event_changes(
        run, violation.moves, reported_at=reported_at
    )
    runs.quarantine(run_context, f"{EVENTS_PREFIX}{violation.reason}")
    return True


@transaction.atomic(durable=True)
def _merge_into_pending(
    supplier: Supplier, violation: EventQuarantine, reported_at: datetime
) -> bool:
    """Merge into the run that awaits review; return whether there is one.

    A full run already contains these rows, so nothing is added to it.

    Locks: the pending run
    """
    waiting = SyncRun.objects.select_for_update(of=["self"]).filter(
        supplier=supplier, kind=SyncRun.Kind.STOCK, status=SyncRun.Status.QUARANTINED
    )
    last = waiting.order_by("-pk").first()
    if last is None:
        return False
    if last.problem.startswith(EVENTS_PREFIX) or last.is_delta:
        pending_changes.merge_event_changes(last, violation.moves, reported_at=reported_at)
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionResult:
    wanted: int
    added: int
    dropped: int


def subscribe(*, supplier: Supplier, url: str) -> SubscriptionResult:
    """Subscribe ``url`` to the events of the products that we sell.

    Published products come first, because a supplier may limit the number.

    Raises: ExternalServiceError  no answer, or the address is rejected; retried later
    """
    with open_connector(supplier) as connector:
        webhooks = require(connector, Webhooks)
        webhooks.register_webhook(url=url)
        wanted = list(sold_product_ids(supplier)[: webhooks.max_subscriptions()])
        present = webhooks.subscribed()
        if dropped := sorted(present.difference(wanted)):
            webhooks.unsubscribe(external_ids=dropped)
        new = [external_id for external_id in wanted if external_id not in present]
        added = webhooks.subscribe(external_ids=new) if new else ()
    return SubscriptionResult(wanted=len(wanted), added=len(added), dropped=len(dropped))


def sold_product_ids(supplier: Supplier) -> QuerySet[SupplierOffer, str]:
    """Return the product ids that we sell, published ones first."""
    offers = SupplierOffer.objects.filter(
        supplier=supplier, status=SupplierOffer.Status.ACTIVE, variant__listings__isnull=False
    )
    ranked = offers.values("product_external_id").annotate(
        is_shown=BoolOr("variant__listings__is_published"), most=Max("variant__listings__available")
    )
    return ranked.order_by("-is_shown", "-most", "product_external_id").values_list(
        "product_external_id", flat=True
    )
