"""Run rollback: restore each value that an applied run changed, unless a newer change exists.

A newer value stays and is reported. The ledger is only appended to. Restored values are stored
as ``FeedChange`` rows: later runs are checked against them, so that the bad values do not
return.

Note [Sales in a figure]: a sale may count as contained in a figure only because of the run.
Then the row is deferred and nothing is sold from it. The app above first subtracts the sales
that no other report contains (``waiting``), then restores the figure (``finish``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from storefront.lib.db.transactions import needs_transaction
from suppliers.inventory import levels as inventory_levels
from suppliers.models import FeedChange, FeedRun, Supplier
from suppliers.quarantine.review import Decided
from suppliers.runs import runs
from suppliers.runs.staging import rows, run

Kind = FeedRun.Kind
Outcome = FeedChange.Outcome
# A confirmation time too old to sell from.
NEVER = datetime(2000, 1, 1, tzinfo=UTC)

LOCK_OFFERS = """
SELECT o.id FROM suppliers_supplieroffer o
JOIN suppliers_costchange c ON c.offer_id = o.id
WHERE c.run_id = %(run)s ORDER BY o.id FOR NO KEY UPDATE OF o
"""
# Changes of a later run that was itself rolled back are not newer. An offer that the run put on
# sale, or gave its first cost, is held again. The cost gets its old age and is unconfirmed; without
# a known age it is too old to sell at.
COSTS_BACK = """
WITH mine AS (
  SELECT id, offer_id, old_amount, new_amount, was_held, old_known_at FROM suppliers_costchange
  WHERE run_id = %(run)s
), back AS (
  UPDATE suppliers_supplieroffer o
  SET cost_amount = mine.old_amount, cost_as_of = mine.old_known_at, is_cost_silent = true,
    status = CASE WHEN o.status = 'active' AND NOT o.locked_fields ? 'status'
        AND (mine.was_held OR mine.old_amount IS NULL)
      THEN 'held' ELSE o.status END
  FROM mine
  WHERE o.id = mine.offer_id AND o.cost_amount = mine.new_amount
    AND NOT o.locked_fields ? 'cost_amount' AND NOT EXISTS (
      SELECT 1 FROM suppliers_costchange later
      WHERE later.offer_id = o.id AND later.id > mine.id
        AND NOT starts_with(later.cause, 'rollback:') AND NOT EXISTS (
          SELECT 1 FROM suppliers_costchange undone
          WHERE undone.offer_id = o.id AND undone.id > later.id
            AND undone.cause = 'rollback:' || later.run_id
        )
    )
  RETURNING o.id, o.variant_id, o.supplier_product
), history AS (
  INSERT INTO suppliers_costchange (
    offer_id, run_id, cause, old_amount, new_amount, was_held, at)
  SELECT offer_id, NULL, 'rollback:' || %(run)s, new_amount, old_amount, false, %(now)s
  FROM mine JOIN back ON back.id = mine.offer_id
), queued AS (
  INSERT INTO suppliers_unpublishedsupply (variant_id)
  SELECT DISTINCT variant_id FROM back WHERE variant_id IS NOT NULL
), read_again AS (
  UPDATE suppliers_supplierproduct p SET cost_digest = ''
  WHERE p.supplier_id = %(supplier)s AND p.ref IN (SELECT supplier_product FROM back)
)
INSERT INTO suppliers_feedchange (
  run_id, kind, offer_id, row, place, country, old, new, size, outcome)
SELECT %(run)s, 'cost', o.id, o.supplier_sku, '', '', mine.old_amount, mine.new_amount,
  COALESCE(GREATEST(mine.new_amount / mine.old_amount, mine.old_amount / mine.new_amount), 0),
  CASE WHEN back.id IS NULL THEN 'left' ELSE 'undone' END
FROM mine
JOIN suppliers_supplieroffer o ON o.id = mine.offer_id
LEFT JOIN back ON back.id = mine.offer_id
"""
MOVED = """
CREATE TEMPORARY TABLE feed_moved ON COMMIT DROP AS
SELECT m.level_id, sum(m.reported_delta) AS delta, min(m.id) AS first_id, max(m.id) AS last_id,
  min(m.old_known_at) AS known_at
FROM suppliers_stocklevel l
JOIN suppliers_supplieroffer o ON o.id = l.offer_id
JOIN suppliers_stockmovement m ON m.level_id = l.id
WHERE o.supplier_id = %(supplier)s AND m.cause = 'run:' || %(run)s AND m.reported_delta <> 0
GROUP BY m.level_id
"""
WAITING = """
SELECT l.id, min(m.at)
FROM suppliers_feedchange c
JOIN suppliers_stocklocation p ON p.code = c.place AND p.supplier_id = %(supplier)s
JOIN suppliers_stocklevel l ON l.offer_id = c.offer_id AND l.location_id = p.id
JOIN suppliers_stockmovement m ON m.level_id = l.id AND m.cause = 'run:' || %(run)s
WHERE c.run_id = %(run)s AND c.outcome = 'waits'
GROUP BY l.id ORDER BY l.id
"""
ONLY_THESE = "DELETE FROM feed_moved WHERE level_id <> ALL(%(levels)s)"
LOCK_LEVELS = """
SELECT l.id FROM suppliers_stocklevel l JOIN feed_moved m ON m.level_id = l.id
ORDER BY l.id FOR UPDATE OF l
"""
STANDS = """
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
HIDE = f"""
WITH hidden AS (
  UPDATE suppliers_stocklevel l SET is_silent = true, as_of = %(never)s
  FROM feed_moved m
  WHERE l.id = m.level_id AND {STANDS} AND EXISTS (
    SELECT 1 FROM suppliers_stockmovement seen
    WHERE seen.level_id = l.id AND seen.id > m.first_id AND seen.kind = 'seen'
  )
  RETURNING l.id, l.offer_id, l.location_id, l.reported_quantity, m.delta
), later AS (
  DELETE FROM feed_moved WHERE level_id IN (SELECT id FROM hidden)
), queued AS (
  INSERT INTO suppliers_unpublishedsupply (variant_id)
  SELECT DISTINCT o.variant_id FROM hidden JOIN suppliers_supplieroffer o ON o.id = hidden.offer_id
  WHERE o.variant_id IS NOT NULL
)
INSERT INTO suppliers_feedchange (
  run_id, kind, offer_id, row, place, country, old, new, size, outcome)
SELECT %(run)s, 'stock', o.id, o.supplier_sku, p.code, p.country,
  hidden.reported_quantity - hidden.delta, hidden.reported_quantity, abs(hidden.delta), 'waits'
FROM hidden
JOIN suppliers_stocklocation p ON p.id = hidden.location_id
JOIN suppliers_supplieroffer o ON o.id = hidden.offer_id
"""  # noqa: S608 - only constants
# The figure gets its old age, or that of the previous change if unknown (a row without one has no
# units). It is unconfirmed until the next report. A deferred row is restored only if it was not
# reported since.
STOCK_BACK = f"""
WITH back AS (
  UPDATE suppliers_stocklevel l
  SET reported_quantity = l.reported_quantity - m.delta, is_silent = true,
    received_at = %(now)s, as_of = COALESCE(m.known_at, (
      SELECT earlier.at FROM suppliers_stockmovement earlier
      WHERE earlier.level_id = l.id AND earlier.id < m.first_id AND earlier.kind = 'reported'
      ORDER BY earlier.id DESC LIMIT 1
    ), l.as_of)
  FROM feed_moved m
  WHERE l.id = m.level_id AND {STANDS}
    AND (NOT %(has_waited)s OR l.is_silent AND l.as_of = %(never)s)
  RETURNING l.id, l.offer_id
), moved AS (
  INSERT INTO suppliers_stockmovement (
    level_id, kind, reported_delta, reserved_delta, allocated_delta, cause, at)
  SELECT m.level_id, 'adjusted', -m.delta, 0, 0, 'rollback:' || %(run)s, %(now)s
  FROM feed_moved m JOIN back ON back.id = m.level_id WHERE m.delta <> 0
), queued AS (
  INSERT INTO suppliers_unpublishedsupply (variant_id)
  SELECT DISTINCT o.variant_id FROM back JOIN suppliers_supplieroffer o ON o.id = back.offer_id
  WHERE o.variant_id IS NOT NULL
)
INSERT INTO suppliers_feedchange (
  run_id, kind, offer_id, row, place, country, old, new, size, outcome)
SELECT %(run)s, 'stock', o.id, o.supplier_sku, p.code, p.country,
  CASE WHEN back.id IS NULL THEN NULL ELSE l.reported_quantity - m.delta END,
  CASE WHEN back.id IS NULL THEN NULL ELSE l.reported_quantity END,
  abs(m.delta), CASE WHEN back.id IS NULL THEN 'left' ELSE 'undone' END
FROM feed_moved m
JOIN suppliers_stocklevel l ON l.id = m.level_id
JOIN suppliers_stocklocation p ON p.id = l.location_id
JOIN suppliers_supplieroffer o ON o.id = l.offer_id
LEFT JOIN back ON back.id = m.level_id
"""  # noqa: S608


class NotReversibleError(Exception):
    """The run is of another kind or state."""


@transaction.atomic(durable=True)
def roll_back(*, feed_run: FeedRun, actor: str, reason: str, now: datetime) -> Decided:
    """Restore every cost or figure that a run changed, unless it changed again.

    Discontinued offers stay so: only their stock may change. See Note [Sales in a figure].

    Locks: for stock the supplier (sales are assigned under it); the run, offers, locations and
        stock rows, each in id order
    Raises: NotReversibleError  a run of products, or another rollback is unfinished
        IllegalMoveError, LostRaceError  not applied, or rolled back already
    """
    if feed_run.kind == Kind.PRODUCTS:
        words = _(
            "Product runs cannot be reverted. Edit, unpublish or archive the products instead."
        )
        raise NotReversibleError(words)
    if feed_run.kind == Kind.STOCK:
        Supplier.objects.select_for_update(of=["self"], no_key=True).get(pk=feed_run.supplier_id)
        if unfinished(supplier=feed_run.supplier):
            raise NotReversibleError(
                _("An earlier rollback is still running. Try again in 30 seconds.")
            )
    to = FeedRun.Status.ROLLED_BACK
    feed_run.move(to, at=now, actor=actor, reason=reason, decided_by=actor[:100])
    runs.forget(feed_run)
    if feed_run.kind == Kind.PRICES:
        _costs_back(feed_run, now)
    else:
        _stock_back(feed_run, now)
    kept = FeedChange.objects.filter(run=feed_run)
    return Decided(
        done=kept.filter(outcome=Outcome.UNDONE).count(),
        left=kept.filter(outcome=Outcome.LEFT).count(),
        waiting=kept.filter(outcome=Outcome.WAITS).count(),
    )


def unfinished(*, supplier: Supplier) -> list[FeedRun]:
    """Return the rolled-back runs with deferred rows, the latest first."""
    waiting = FeedChange.objects.filter(outcome=Outcome.WAITS, run__supplier=supplier)
    return list(FeedRun.objects.filter(pk__in=waiting.values("run")).order_by("-pk"))


def waiting(feed_run: FeedRun) -> dict[int, datetime]:
    """Return the deferred stock rows, each with the date of the figure to remove."""
    return dict(rows(WAITING, {"run": feed_run.pk, "supplier": feed_run.supplier_id}))


@needs_transaction
def finish(*, feed_run: FeedRun, now: datetime) -> None:
    """Restore the deferred figures.

    Locks: the locations and the stock rows, each in id order
    """
    inventory_levels.hold(supplier=feed_run.supplier)
    levels = list(waiting(feed_run))
    FeedChange.objects.filter(run=feed_run, outcome=Outcome.WAITS).delete()
    params = _lock_moved(feed_run, now)
    run(ONLY_THESE, {"levels": levels})
    run(STOCK_BACK, {**params, "has_waited": True})


@needs_transaction
def _costs_back(feed_run: FeedRun, now: datetime) -> None:
    params = {"run": feed_run.pk, "supplier": feed_run.supplier_id, "now": now}
    run(LOCK_OFFERS, params)
    run(COSTS_BACK, params)


@needs_transaction
def _stock_back(feed_run: FeedRun, now: datetime) -> None:
    inventory_levels.hold(supplier=feed_run.supplier)
    params = _lock_moved(feed_run, now)
    run(HIDE, params)
    run(STOCK_BACK, {**params, "has_waited": False})


@needs_transaction
def _lock_moved(feed_run: FeedRun, now: datetime) -> dict[str, Any]:
    """Stage and lock the stock rows that the run changed; return the SQL parameters."""
    params = {"run": feed_run.pk, "supplier": feed_run.supplier_id, "now": now, "never": NEVER}
    run("DROP TABLE IF EXISTS pg_temp.feed_moved")
    run(MOVED, params)
    run(LOCK_LEVELS, params)
    return params
