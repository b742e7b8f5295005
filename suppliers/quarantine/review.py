"""Quarantine review: apply the pending changes of a run, apply a part of them, discard them.

A value is changed only if it still is as the run found it. Others are reported as skipped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from storefront.lib.db.transactions import requires_transaction
from suppliers.inventory import levels
from suppliers.models import (
    PendingChange,
    PendingPublication,
    StockLevel,
    StockLocation,
    StockMovement,
    SupplierOffer,
    SupplierProduct,
    SyncRun,
)
from suppliers.offers import writer
from suppliers.runs import runs
from suppliers.runs.runs import RunContext
from suppliers.runs.staging import run

Kind = PendingChange.Kind
Outcome = PendingChange.Outcome
Status = SyncRun.Status
BATCH = 500

LOCK_OFFERS = """
SELECT o.id FROM suppliers_supplieroffer o
JOIN suppliers_pendingchange c ON c.offer_id = o.id
WHERE c.run_id = %(run)s AND c.kind = 'cost' ORDER BY o.id FOR NO KEY UPDATE OF o
"""
# An offer whose cost a later run rejected stays held: that cost was not reviewed.
APPLY_COSTS = """
WITH changed AS (
  UPDATE suppliers_supplieroffer o
  SET cost_amount = c.new, cost_reported_at = c.at,
    is_cost_unconfirmed = COALESCE(s.costs_confirmed_at > c.at, false),
    status = CASE WHEN o.status = 'on_hold' AND o.variant_id IS NOT NULL
        AND NOT o.overridden_fields ? 'status' AND NOT EXISTS (
          SELECT 1 FROM suppliers_syncissue i
          WHERE i.supplier_id = o.supplier_id AND i.row = o.supplier_sku
            AND starts_with(i.code, 'cost-') AND i.resolved_at IS NULL AND i.last_run_id > %(run)s
        )
      THEN 'active' ELSE o.status END
  FROM (
    SELECT *, COALESCE(reported_at, %(as_of)s) AS at FROM suppliers_pendingchange
    WHERE run_id = %(run)s AND kind = 'cost' AND outcome = 'skipped'
  ) c, suppliers_supplier s
  WHERE c.offer_id = o.id AND s.id = o.supplier_id
    AND (o.cost_reported_at IS NULL OR o.cost_reported_at <= c.at)
    AND (o.is_cost_unconfirmed OR s.costs_confirmed_at IS NULL OR s.costs_confirmed_at <= c.at)
    AND o.cost_amount IS NOT DISTINCT FROM c.old AND NOT o.overridden_fields ? 'cost_amount'
    AND o.status <> 'discontinued'
  RETURNING c.id AS change_id, o.id, o.variant_id, old.cost_amount AS was,
    new.cost_amount AS is_now, old.status <> new.status AS was_on_hold,
    CASE WHEN old.is_cost_unconfirmed THEN old.cost_reported_at
      ELSE GREATEST(old.cost_reported_at, s.costs_confirmed_at) END AS known_at
), history AS (
  INSERT INTO suppliers_costchange (
    offer_id, run_id, cause, old_amount, new_amount, was_on_hold, old_confirmed_at, at)
  SELECT id, %(run)s, 'run:' || %(run)s, was, is_now, was_on_hold, known_at, %(now)s FROM changed
), queued AS (
  INSERT INTO suppliers_pendingpublication (variant_id)
  SELECT DISTINCT variant_id FROM changed WHERE variant_id IS NOT NULL
)
UPDATE suppliers_pendingchange c SET outcome = 'applied' FROM changed WHERE c.id = changed.change_id
"""
LOCK_LEVELS = """
SELECT l.id FROM suppliers_stocklevel l
JOIN suppliers_stocklocation p ON p.id = l.location_id
JOIN suppliers_pendingchange c ON c.offer_id = l.offer_id AND c.place = p.code
WHERE c.run_id = %(run)s AND c.kind = 'stock' ORDER BY l.id FOR UPDATE OF l
"""
# As for any report (``inventory.levels``): a row that was reported or confirmed after the run
# started is not changed. An unconfirmed row takes the figure; if its location was confirmed after
# the run started, the row stays unconfirmed.
APPLY_STOCK = """
WITH changed AS (
  UPDATE suppliers_stocklevel l
  SET reported_quantity = c.new, as_of = c.at, received_at = %(now)s,
    is_unconfirmed = COALESCE(p.stock_confirmed_at > c.at, false)
  FROM (
    SELECT *, COALESCE(reported_at, %(as_of)s) AS at FROM suppliers_pendingchange
    WHERE run_id = %(run)s AND kind = 'stock' AND outcome = 'skipped'
  ) c
  JOIN suppliers_stocklocation p ON p.code = c.place AND p.supplier_id = %(supplier)s
  JOIN suppliers_supplieroffer o ON o.id = c.offer_id AND o.status <> 'discontinued'
  WHERE l.offer_id = c.offer_id AND l.location_id = p.id AND l.reported_quantity = c.old
    AND l.as_of <= c.at AND (l.is_unconfirmed OR p.stock_confirmed_at IS NULL OR p.stock_confirmed_at <= c.at)
  RETURNING c.id AS change_id, c.at, l.id, o.variant_id, new.reported_quantity - c.old AS delta,
    CASE WHEN old.is_unconfirmed THEN old.as_of
      ELSE GREATEST(old.as_of, p.stock_confirmed_at) END AS known_at
), moved AS (
  INSERT INTO suppliers_stockmovement (
    level_id, kind, reported_delta, reserved_delta, allocated_delta, cause, old_confirmed_at, at)
  SELECT id, 'reported', delta, 0, 0, 'run:' || %(run)s, known_at, at FROM changed
), queued AS (
  INSERT INTO suppliers_pendingpublication (variant_id)
  SELECT DISTINCT variant_id FROM changed WHERE variant_id IS NOT NULL
)
UPDATE suppliers_pendingchange c SET outcome = 'applied' FROM changed WHERE c.id = changed.change_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Pending changes that meet all criteria; ``at_most``: factor of a cost, units of stock."""

    kinds: Sequence[str] = ()
    at_most: Decimal | None = None
    ids: Sequence[int] | None = None

    @property
    def is_all_changes(self) -> bool:
        return not self.kinds and self.at_most is None and self.ids is None

    def condition(self) -> Q:
        fits = Q()
        if self.kinds:
            fits &= Q(kind__in=self.kinds)
        if self.at_most is not None:
            fits &= Q(size__lte=self.at_most)
        return fits if self.ids is None else fits & Q(pk__in=self.ids)


ALL_CHANGES = Selection()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewResult:
    """The numbers of changed and skipped values; ``waiting`` values follow within a minute."""

    done: int
    skipped: int
    waiting: int = 0


class EmptySelectionError(Exception):
    """No pending change matches the selection. Nothing was decided."""

    def __str__(self) -> str:
        return gettext("No pending change matches the selection. Nothing was decided.")


@transaction.atomic(durable=True)
def apply(
    *, sync_run: SyncRun, actor: str, now: datetime, choice: Selection = ALL_CHANGES
) -> ReviewResult:
    """Apply pending changes, unless a newer value exists. The run becomes the baseline.

    A run applied in part does not become the baseline: the rest of it may be wrong.

    Locks: the run, offers, locations and stock rows, each in id order
    Raises: InvalidTransitionError, ConcurrentUpdateError  the run is not pending
        EmptySelectionError
    """
    chosen = PendingChange.objects.filter(choice.condition(), run=sync_run)
    if not choice.is_all_changes and not chosen.exists():
        raise EmptySelectionError
    profile = (
        {**sync_run.profile, "is_part": True} if not choice.is_all_changes else sync_run.profile
    )
    reason = "applied by staff" if choice.is_all_changes else "partly applied by staff"
    sync_run.move(
        Status.APPLIED, at=now, actor=actor, reason=reason, decided_by=actor[:100], profile=profile
    )
    chosen.update(outcome=Outcome.SKIPPED_NEWER_VALUE)  # until applied
    params = {
        "run": sync_run.pk,
        "supplier": sync_run.supplier_id,
        "as_of": sync_run.as_of,
        "now": now,
    }
    _discontinue(sync_run, chosen, now)
    run(LOCK_OFFERS, params)
    run(APPLY_COSTS, params)
    _apply_stock(sync_run, chosen, params, now)
    applied = PendingChange.objects.filter(run=sync_run, outcome=Outcome.APPLIED)
    SyncRun.objects.filter(pk=sync_run.pk).update(
        updated=applied.exclude(kind=Kind.DISCONTINUED).count(),
        gone=applied.filter(kind=Kind.DISCONTINUED).count(),
    )
    skipped = PendingChange.objects.filter(
        run=sync_run, outcome=Outcome.SKIPPED_NEWER_VALUE
    ).count()
    return ReviewResult(done=applied.count(), skipped=skipped)


@requires_transaction
def _apply_stock(sync_run: SyncRun, chosen: Any, params: dict[str, Any], now: datetime) -> None:
    new_rows = list(chosen.filter(kind=Kind.STOCK, old=None).order_by("pk"))
    countries = {change.place: change.country for change in new_rows}
    StockLocation.objects.bulk_create(
        (
            StockLocation(supplier_id=sync_run.supplier_id, code=code, country=country)
            for code, country in sorted(countries.items())
        ),
        ignore_conflicts=True,
    )
    levels.lock_locations(supplier=sync_run.supplier)
    run(LOCK_LEVELS, params)
    run(APPLY_STOCK, params)
    for changes in batched(new_rows, BATCH):
        _make_levels(sync_run, changes, now)


@requires_transaction
def _make_levels(sync_run: SyncRun, changes: Sequence[PendingChange], now: datetime) -> None:
    locations = StockLocation.objects.filter(supplier=sync_run.supplier_id)
    location_ids = dict(locations.values_list("code", "pk"))
    confirmed = dict(
        locations.exclude(stock_confirmed_at=None).values_list("pk", "stock_confirmed_at")
    )
    offers = SupplierOffer.objects.exclude(status=SupplierOffer.Status.DISCONTINUED).in_bulk(
        [change.offer_id for change in changes]
    )
    existing = set(
        StockLevel.objects.filter(offer__in=offers).values_list("offer_id", "location_id")
    )
    new_changes = {
        (change.offer_id, location_ids[change.place]): change
        for change in changes
        if change.offer_id in offers
        and (change.offer_id, location_ids[change.place]) not in existing
    }
    new_levels = [
        StockLevel(
            offer=offers[offer_id],
            location_id=location_id,
            reported_quantity=int(change.new or 0),
            safety_stock=sync_run.supplier.safety_stock,
            as_of=change.reported_at or sync_run.as_of,
            received_at=now,
        )
        for (offer_id, location_id), change in new_changes.items()
        if offer_id is not None
    ]
    for level in new_levels:
        confirmed_at = confirmed.get(level.location_id)
        level.is_unconfirmed = confirmed_at is not None and confirmed_at > level.as_of
    levels = StockLevel.objects.bulk_create(new_levels)
    StockMovement.objects.bulk_create(
        StockMovement(
            level=level,
            kind=StockMovement.Kind.REPORTED,
            reported_delta=level.reported_quantity,
            cause=f"run:{sync_run.pk}",
            at=level.as_of,
        )
        for level in levels
    )
    variant_ids = {offers[level.offer_id].variant_id for level in levels}
    PendingPublication.queue(filter(None, variant_ids))
    pks = [change.pk for change in new_changes.values()]
    PendingChange.objects.filter(pk__in=pks).update(outcome=Outcome.APPLIED)


@requires_transaction
def _discontinue(sync_run: SyncRun, chosen: Any, now: datetime) -> None:
    """Discontinue the missing products; leave pages to the next run."""
    chosen.filter(kind=Kind.PRODUCT_PAGE).update(outcome=Outcome.LEFT_TO_NEXT_RUN)
    active_products = SupplierProduct.objects.filter(supplier=sync_run.supplier_id).exclude(
        status=SupplierProduct.Status.DISCONTINUED
    )
    discontinued = chosen.filter(
        kind=Kind.DISCONTINUED, row__in=active_products.values("external_id")
    )
    run_context = RunContext(sync_run, now=now)
    for external_ids in batched(discontinued.order_by("row").values_list("row", flat=True), BATCH):
        writer.discontinue_batch(run_context, external_ids)
        PendingChange.objects.filter(
            run=sync_run, kind=Kind.DISCONTINUED, row__in=external_ids
        ).update(outcome=Outcome.APPLIED)


@transaction.atomic(durable=True)
def discard(*, sync_run: SyncRun, actor: str, now: datetime) -> None:
    """Discard a run: nothing is applied, and the next run is checked again.

    Values of a discarded delta stay unconfirmed until the supplier reports them again.

    Raises: InvalidTransitionError, ConcurrentUpdateError  the run is not pending
    """
    sync_run.move(
        Status.DISCARDED, at=now, actor=actor, reason="discarded by staff", decided_by=actor[:100]
    )
    runs.delete_pending(sync_run)
