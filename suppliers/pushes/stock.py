"""Stock pushes: check the quantities that a supplier's system sends, write those that changed.

The checks are those of a feed run. Rows zeroed by earlier pushes since the last full run count, too,
so that many small calls are judged like one large call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from storefront.lib.http.errors import TemporaryError
from suppliers.connectors.records import StockReport
from suppliers.inventory import confirmations, levels, publication
from suppliers.models import (
    PendingChange,
    StockLevel,
    StockLocation,
    Supplier,
    SupplierOffer,
    SyncRun,
)
from suppliers.pushes.rows import DISCONTINUED_SKU, OLDER, UNKNOWN_SKU, RefusedRow, StockRow
from suppliers.quarantine import evaluation, guards, pending_changes, thresholds
from suppliers.runs.runs import QuarantinedError, RunContext
from suppliers.runs.staging import staging_table
from suppliers.sync import webhooks
from suppliers.sync.webhooks import EventQuarantine


@dataclass(frozen=True, slots=True)
class _Target:
    """The stock row that a push row is about; ``level_id`` is None if it is new."""

    row: StockRow
    offer: SupplierOffer
    location: StockLocation
    level_id: int | None


def apply_stock(
    *,
    supplier: Supplier,
    rows: Sequence[StockRow],
    external_id: str,
    as_of: datetime,
    now: datetime,
) -> list[RefusedRow]:
    """Store the reported quantities; return the rows that were refused.

    Idempotent. A row that is older than the known figure, or than one under review, is refused.

    Raises: QuarantinedError  the push zeroes or raises too much: staff decide
        TemporaryError  a stock run is open, which would miss the quarantined rows
    """
    targets, refused = _find_targets(supplier, rows, as_of)
    if not targets:
        return refused
    violation = _store(supplier, targets, f"{webhooks.EVENT_CAUSE}{external_id}", as_of, now)
    if violation is not None:
        if not webhooks.quarantine(supplier, violation, reported_at=as_of, now=now):
            raise TemporaryError("a stock run is open; the push waits for its end")
        raise QuarantinedError(violation.reason)
    publication.publish_pending(now=now)
    return refused


def _find_targets(
    supplier: Supplier, rows: Sequence[StockRow], as_of: datetime
) -> tuple[list[_Target], list[RefusedRow]]:
    offers = {
        offer.supplier_sku: offer
        for offer in SupplierOffer.objects.filter(
            supplier=supplier, supplier_sku__in=[row.sku for row in rows]
        )
    }
    locations = {location.code: location for location in supplier.locations.order_by("code")}
    known = {
        (level.offer_id, level.location_id): level
        for level in StockLevel.objects.with_confirmed_at().filter(offer__in=offers.values())
    }
    waiting = pending_changes.reported_moments(
        supplier=supplier,
        kind=PendingChange.Kind.STOCK,
        offer_ids=[offer.pk for offer in offers.values()],
    )
    targets, refused = [], []
    for row in rows:
        offer = offers.get(row.sku)
        code = row.location or (next(iter(locations)) if len(locations) == 1 else "")
        location = locations.get(code)
        reason = ""
        if offer is None:
            reason = UNKNOWN_SKU
        elif offer.status == SupplierOffer.Status.DISCONTINUED:
            reason = DISCONTINUED_SKU
        elif location is None:
            reason = f"unknown location; known: {', '.join(locations) or 'none'}"
        else:
            level = known.get((offer.pk, location.pk))
            known_at = level.known_at if level else location.stock_confirmed_at  # type: ignore[attr-defined]
            known_at = max(filter(None, (known_at, waiting.get((offer.pk, code)))), default=None)
            if known_at is None or known_at <= as_of:
                targets.append(_Target(row, offer, location, level.pk if level else None))
                continue
            reason = OLDER.format(known_at)
        refused.append(RefusedRow(row.sku, reason))
    return targets, refused


@transaction.atomic(durable=True)
def _store(
    supplier: Supplier, targets: Sequence[_Target], cause: str, as_of: datetime, now: datetime
) -> EventQuarantine | None:
    """Store the figures, or return why not.

    Locks: the supplier's locations, then the stock rows, in id order
    """
    with staging_table(levels.STAGE, levels.COLUMNS) as stage:
        for target in targets:
            report = StockReport(
                sku=target.row.sku,
                location=target.location.code,
                country=target.location.country,
                quantity=target.row.quantity,
            )
            levels.stage_rows(stage, [report], external_id=target.offer.product_external_id)
        stage.analyze()
        levels.lock_locations(supplier=supplier)
        levels.set_affected_offers({target.offer.pk for target in targets})
        if reason := _violation(supplier, now):
            moves = pending_changes.staged_stock_changes(
                supplier_id=supplier.pk, is_full_list=False
            )
            return EventQuarantine(reason=reason, moves=moves)
        levels.merge(
            supplier=supplier, cause=cause, as_of=as_of, received_at=now, is_full_list=False
        )
        confirmations.confirm_stock(
            covered={target.offer.pk for target in targets},
            level_ids=[target.level_id for target in targets if target.level_id is not None],
            as_of=as_of,
            received_at=now,
        )
    return None


def _violation(supplier: Supplier, now: datetime) -> str:
    limits = thresholds.thresholds_of(supplier)
    moved = levels.count_changes(is_full_list=False, factor=limits.surge_factor)
    reason = webhooks.zeroed_limit_violation(
        supplier, zeroed=moved.zeroed, now=now
    ) or guards.stock_surge_violation(
        compared_rows=moved.reported, surged=moved.surged, limits=limits
    )
    if reason:
        return reason
    # Not saved: a push is no run, but it is compared with a rolled back run as a delta is.
    run = SyncRun(
        supplier=supplier, kind=SyncRun.Kind.STOCK, started_at=now, profile={"is_delta": True}
    )
    try:
        evaluation.check_rolled_back_stock(RunContext(run, now=now), in_scope="true", params={})
    except QuarantinedError as error:
        return str(error)
    return ""
