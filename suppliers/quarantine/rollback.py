"""Run rollback: restore each value that an applied run changed, unless a newer change exists.

A newer value stays and is reported. The ledger is only appended to. Restored values are stored as
``PendingChange`` rows: later runs are checked against them, so that the bad values do not return.

Note [Sales in a figure]: a sale may count as contained in a figure only because of the run. Then
the row is deferred and nothing is sold from it. ``orders.inventory`` first subtracts the sales that
no other report contains (``deferred_levels``), then restores the figure (``resume_deferred``).
"""

from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from storefront.lib.db.transactions import requires_transaction
from suppliers.inventory import levels as inventory_levels
from suppliers.models import PendingChange, Supplier, SyncRun
from suppliers.quarantine.review import ReviewResult
from suppliers.runs import runs
from suppliers.runs.staging import rows, run

Kind = SyncRun.Kind
Outcome = PendingChange.Outcome
# A confirmation time too old to sell from.
EXPIRED_AT = datetime(2000, 1, 1, tzinfo=UTC)

LOCK_OFFERS = """
SELECT o.id FROM suppliers_supplieroffer o
JOIN suppliers_costchange c ON c.offer_id = o.id
WHERE c.run_id = %(run)s ORDER BY o.id FOR NO KEY UPDATE OF o
"""
# Changes of a later run that was itself rolled back are not newer. An offer that the run put on
# sale, or gave its first cost, is held again. The cost gets its old age and is unconfirmed; without
# a known age it is too old to sell at.
RESTORE_COSTS = """
WITH cost_change AS (
  SELECT id, offer_id, old_amount, new_amount, was_on_hold, old_confirmed_at FROM suppliers_costchange
  WHERE run_id = %(run)s
), restored AS (
  UPDATE suppliers_supplieroffer o
  SET cost_amount = cost_change.old_amount, cost_reported_at = cost_change.old_confirmed_at, is_cost_unconfirmed = true,
    status = CASE WHEN o.status = 'active' AND NOT o.overridden_fields ? 'status'
        AND (cost_change.was_on_hold OR cost_change.old_amount IS NULL)
      THEN 'on_hold' ELSE o.status END
  FROM cost_change
  WHERE o.id = cost_change.offer_id AND o.cost_amount = cost_change.new_amount
    AND NOT o.overridden_fields ? 'cost_amount' AND NOT EXISTS (
      SELECT 1 FROM suppliers_costchange later
      WHERE later.offer_id = o.id AND later.id > cost_change.id
        AND NOT starts_with(later.cause, 'rollback:') AND NOT EXISTS (
          SELECT 1 FROM suppliers_costchange undone
          WHERE undone.offer_id = o.id AND undone.id > later.id
            AND undone.cause = 'rollback:' || later.run_id
        )
    )
  RETURNING o.id, o.variant_id, o.product_external_id
), history AS (
  INSERT INTO suppliers_costchange (
    offer_id, run_id, cause, old_amount, new_amount, was_on_hold, at)
  SELECT offer_id, NULL, 'rollback:' || %(run)s, new_amount, old_amount, false, %(now)s
  FROM cost_change JOIN restored ON restored.id = cost_change.offer_id
), queued AS (
  INSERT INTO suppliers_pendingpublication (variant_id)
  SELECT DISTINCT variant_id FROM restored WHERE variant_id IS NOT NULL
), read_again AS (
  UPDATE suppliers_supplierproduct p SET cost_digest = ''
  WHERE p.supplier_id = %(supplier)s AND p.external_id IN (SELECT product_external_id FROM restored)
)
INSERT INTO suppliers_pendingchange (
  run_id, kind, offer_id, row, place, country, old, new, size, outcome)
SELECT %(run)s, 'cost', o.id, o.supplier_sku, '', '', cost_change.old_amount, cost_change.new_amount,
  COALESCE(GREATEST(
    cost_change.new_amount / cost_change.old_amount, cost_change.old_amount / cost_change.new_amount), 0),
  CASE WHEN restored.id IS NULL THEN 'skipped' ELSE 'rolled_back' END
FROM cost_change
JOIN suppliers_supplieroffer o ON o.id = cost_change.offer_id
LEFT JOIN restored ON restored.id = cost_change.offer_id
"""
STAGE_CHANGES = """
CREATE TEMPORARY TABLE feed_moved ON COMMIT DROP AS
SELECT m.level_id, sum(m.reported_delta) AS delta, min(m.id) AS first_id, max(m.id) AS last_id,
  min(m.old_confirmed_at) AS known_at
FROM suppliers_stocklevel l
JOIN suppliers_supplieroffer o ON o.id = l.offer_id
JOIN suppliers_stockmovement m ON m.level_id = l.id
WHERE o.supplier_id = %(supplier)s AND m.cause = 'run:' || %(run)s AND m.reported_delta <> 0
GROUP BY m.level_id
"""
SELECT_DEFERRED = """
SELECT l.id, min(m.at)
FROM suppliers_pendingchange c
JOIN suppliers_stocklocation p ON p.code = c.place AND p.supplier_id = %(supplier)s
JOIN suppliers_stocklevel l ON l.offer_id = c.offer_id AND l.location_id = p.id
JOIN suppliers_stockmovement m ON m.level_id = l.id AND m.cause = 'run:' || %(run)s
WHERE c.run_id = %(run)s AND c.outcome = 'deferred'
GROUP BY l.id ORDER BY l.id
"""
KEEP_LEVELS = "DELETE FROM feed_moved WHERE level_id <> ALL(%(levels)s)"
LOCK_LEVELS = """
SELECT l.id FROM suppliers_stocklevel l JOIN feed_moved m ON m.level_id = l.id
ORDER BY l.id FOR UPDATE OF l
"""
IS_UNCHANGED = """
NOT EXISTS (
  SELECT 1 FROM suppliers_stockmovement later
  WHERE later.level_id = l.id AND later.id > m.last_id AND later.reported_delta <> 0
    AND NOT starts_with(later.cause, 'rollback:') AND NOT EXISTS (
      SELECT 1 FROM suppliers_stockmovement undone
      WHERE undone.level_id = l.id AND undone.id > later.id AND undone.reported_delta <> 0
        AND starts_with(later.cause, 'run:')
        AND undone.cause = replace(later.cause, 'run:', 'rollback:')
    )
)
"""
# See Note [Sales in a figure].
DEFER_ROWS = f"""
WITH hidden AS (
  UPDATE suppliers_stocklevel l SET is_unconfirmed = true, as_of = %(never)s
  FROM feed_moved m
  WHERE l.id = m.level_id AND {IS_UNCHANGED} AND EXISTS (
    SELECT 1 FROM suppliers_stockmovement seen
    WHERE seen.level_id = l.id AND seen.id > m.first_id AND seen.kind = 'absorbed'
  )
  RETURNING l.id, l.offer_id, l.location_id, l.reported_quantity, m.delta
), later AS (
  DELETE FROM feed_moved WHERE level_id IN (SELECT id FROM hidden)
), queued AS (
  INSERT INTO suppliers_pendingpublication (variant_id)
  SELECT DISTINCT o.variant_id FROM hidden JOIN suppliers_supplieroffer o ON o.id = hidden.offer_id
  WHERE o.variant_id IS NOT NULL
)
INSERT INTO suppliers_pendingchange (
  run_id, kind, offer_id, row, place, country, old, new, size, outcome)
SELECT %(run)s, 'stock', o.id, o.supplier_sku, p.code, p.country,
  hidden.reported_quantity - hidden.delta, hidden.reported_quantity, abs(hidden.delta), 'deferred'
FROM hidden
JOIN suppliers_stocklocation p ON p.id = hidden.location_id
JOIN suppliers_supplieroffer o ON o.id = hidden.offer_id
"""  # noqa: S608 - only constants
# The figure gets its old age, or that of the previous change if unknown (a row without one has no
# units). It is unconfirmed until the next report. A deferred row is restored only if it was not
# reported since.
RESTORE_STOCK = f"""
WITH back AS (
  UPDATE suppliers_stocklevel l
  SET reported_quantity = l.reported_quantity - m.delta, is_unconfirmed = true,
    received_at = %(now)s, as_of = COALESCE(m.known_at, (
      SELECT earlier.at FROM suppliers_stockmovement earlier
      WHERE earlier.level_id = l.id AND earlier.id < m.first_id AND earlier.kind = 'reported'
      ORDER BY earlier.id DESC LIMIT 1
    ), l.as_of)
  FROM feed_moved m
  WHERE l.id = m.level_id AND {IS_UNCHANGED}
    AND (NOT %(has_waited)s OR l.is_unconfirmed AND l.as_of = %(never)s)
  RETURNING l.id, l.offer_id
), moved AS (
  INSERT INTO suppliers_stockmovement (
    level_id, kind, reported_delta, reserved_delta, allocated_delta, cause, at)
  SELECT m.level_id, 'adjusted', -m.delta, 0, 0, 'rollback:' || %(run)s, %(now)s
  FROM feed_moved m JOIN back ON back.id = m.level_id WHERE m.delta <> 0
), queued AS (
  INSERT INTO suppliers_pendingpublication (variant_id)
  SELECT DISTINCT o.variant_id FROM back JOIN suppliers_supplieroffer o ON o.id = back.offer_id
  WHERE o.variant_id IS NOT NULL
)
INSERT INTO suppliers_pendingchange (
  run_id, kind, offer_id, row, place, country, old, new, size, outcome)
SELECT %(run)s, 'stock', o.id, o.supplier_sku, p.code, p.country,
  CASE WHEN back.id IS NULL THEN NULL ELSE l.reported_quantity - m.delta END,
  CASE WHEN back.id IS NULL THEN NULL ELSE l.reported_quantity END,
  abs(m.delta), CASE WHEN back.id IS NULL THEN 'skipped' ELSE 'rolled_back' END
FROM feed_moved m
JOIN suppliers_stocklevel l ON l.id = m.level_id
JOIN suppliers_stocklocation p ON p.id = l.location_id
JOIN suppliers_supplieroffer o ON o.id = l.offer_id
LEFT JOIN back ON back.id = m.level_id
"""  # noqa: S608


class NotReversibleError(Exception):
    """The run is of another kind or state."""


@transaction.atomic(durable=True)
def roll_back(*, sync_run: SyncRun, actor: str, reason: str, now: datetime) -> ReviewResult:
    """Restore every cost or figure that a run changed, unless it changed again.

    Discontinued offers stay discontinued: only their stock may change. See Note [Sales in a
    figure].

    Locks: for stock the supplier (sales are assigned under it); the run, offers, locations and
        stock rows, each in id order
    Raises: NotReversibleError  a run of products, or another rollback is unfinished
        InvalidTransitionError, ConcurrentUpdateError  not applied, or rolled back already
    """
    if sync_run.kind == Kind.PRODUCTS:
        message = _(
            "Product runs cannot be reverted. Edit, unpublish or archive the products instead."
        )
        raise NotReversibleError(message)
    if sync_run.kind == Kind.STOCK:
        Supplier.objects.select_for_update(of=["self"], no_key=True).get(pk=sync_run.supplier_id)
        if runs_with_deferred(supplier=sync_run.supplier):
            raise NotReversibleError(
                _("An earlier rollback is still running. Try again in 30 seconds.")
            )
    to = SyncRun.Status.ROLLED_BACK
    sync_run.move(to, at=now, actor=actor, reason=reason, decided_by=actor[:100])
    runs.delete_pending(sync_run)
    if sync_run.kind == Kind.PRICES:
        params = {"run": sync_run.pk, "supplier": sync_run.supplier_id, "now": now}
        run(LOCK_OFFERS, params)
        run(RESTORE_COSTS, params)
    else:
        _restore_stock(sync_run, now)
    changes = PendingChange.objects.filter(run=sync_run)
    return ReviewResult(
        done=changes.filter(outcome=Outcome.ROLLED_BACK).count(),
        skipped=changes.filter(outcome=Outcome.SKIPPED_NEWER_VALUE).count(),
        waiting=changes.filter(outcome=Outcome.DEFERRED).count(),
    )


def runs_with_deferred(*, supplier: Supplier) -> list[SyncRun]:
    """Return the rolled-back runs with deferred rows, the latest first."""
    waiting = PendingChange.objects.filter(outcome=Outcome.DEFERRED, run__supplier=supplier)
    return list(SyncRun.objects.filter(pk__in=waiting.values("run")).order_by("-pk"))


def deferred_levels(sync_run: SyncRun) -> dict[int, datetime]:
    """Return the deferred stock rows, each with the date of the figure to remove."""
    return dict(rows(SELECT_DEFERRED, {"run": sync_run.pk, "supplier": sync_run.supplier_id}))


@requires_transaction
def resume_deferred(*, sync_run: SyncRun, now: datetime) -> None:
    """Restore the deferred figures. Locks the locations and the stock rows, each in id order."""
    inventory_levels.lock_locations(supplier=sync_run.supplier)
    levels = list(deferred_levels(sync_run))
    PendingChange.objects.filter(run=sync_run, outcome=Outcome.DEFERRED).delete()
    params = _lock_changed(sync_run, now)
    run(KEEP_LEVELS, {"levels": levels})
    run(RESTORE_STOCK, {**params, "has_waited": True})


@requires_transaction
def _restore_stock(sync_run: SyncRun, now: datetime) -> None:
    inventory_levels.lock_locations(supplier=sync_run.supplier)
    params = _lock_changed(sync_run, now)
    run(DEFER_ROWS, params)
    run(RESTORE_STOCK, {**params, "has_waited": False})


@requires_transaction
def _lock_changed(sync_run: SyncRun, now: datetime) -> dict[str, Any]:
    """Stage and lock the stock rows that the run changed; return the SQL parameters."""
    params = {"run": sync_run.pk, "supplier": sync_run.supplier_id, "now": now, "never": EXPIRED_AT}
    run("DROP TABLE IF EXISTS pg_temp.feed_moved")
    run(STAGE_CHANGES, params)
    run(LOCK_LEVELS, params)
    return params
