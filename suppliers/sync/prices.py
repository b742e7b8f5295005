"""Price job: read the costs, check them together, write those that changed.

Steps: read and stage (``price_reading``), guards, create offers of a price list, then one
transaction that writes costs and marks the run applied. Repeatable: unchanged costs are not
written.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from catalog.records import BadRow
from suppliers.connectors.bulk import BulkOffers
from suppliers.connectors.capabilities import Connector, listed_at
from suppliers.inventory import confirmations
from suppliers.models import FeedRun, SupplierOffer
from suppliers.offers import bulk_matching, price_list
from suppliers.quarantine import evaluation, guards, pending_changes
from suppliers.quarantine.limits import limits_of_run
from suppliers.runs import issues, runs
from suppliers.runs.issues import Family
from suppliers.runs.runs import Work
from suppliers.runs.staging import roomy, run, staged
from suppliers.sync.price_reading import Read, ask

# A held offer returns to sale with a plausible cost. If the whole list is confirmed, ``cost_as_of``
# is not written: it is indexed, and an update without indexed columns is a HOT update.
APPLY = """
WITH aim AS (
  SELECT o.id, c.amount,
    CASE WHEN o.is_cost_silent THEN o.cost_as_of
      ELSE GREATEST(o.cost_as_of, s.costs_as_of) END AS known_at
  FROM feed_costs_news c
  JOIN suppliers_supplieroffer o ON o.id = c.offer_id AND o.supplier_product = c.ref
  JOIN suppliers_supplier s ON s.id = o.supplier_id
  WHERE c.sku <> ALL(%(refused)s) AND NOT o.locked_fields ? 'cost_amount'
    AND (o.cost_amount IS DISTINCT FROM c.amount
      OR (o.status = 'held' AND o.variant_id IS NOT NULL AND NOT o.locked_fields ? 'status'))
  ORDER BY o.id FOR NO KEY UPDATE OF o
), changed AS (
  UPDATE suppliers_supplieroffer o
  SET cost_amount = aim.amount,
    cost_as_of = CASE WHEN %(is_confirmed)s AND NOT o.is_cost_silent
        AND o.supplier_product <> ALL(%(doubtful)s)
      THEN COALESCE(o.cost_as_of, %(as_of)s) ELSE %(as_of)s END,
    status = CASE WHEN o.status = 'held' AND o.variant_id IS NOT NULL
        AND NOT o.locked_fields ? 'status'
      THEN 'active' ELSE o.status END
  FROM aim WHERE o.id = aim.id
  RETURNING o.id, o.variant_id, old.cost_amount AS was, new.cost_amount AS is_now,
    old.status <> new.status AS was_held, aim.known_at
), history AS (
  INSERT INTO suppliers_costchange (
    offer_id, run_id, cause, old_amount, new_amount, was_held, old_known_at, at)
  SELECT id, %(run)s, 'run:' || %(run)s, was, is_now, was_held, known_at, %(as_of)s
  FROM changed WHERE was IS DISTINCT FROM is_now
), queued AS (
  INSERT INTO suppliers_unpublishedsupply (variant_id)
  SELECT DISTINCT variant_id FROM changed WHERE variant_id IS NOT NULL
)
SELECT id FROM changed
"""
HOLD = """
WITH held AS (
  UPDATE suppliers_supplieroffer SET status = 'held'
  WHERE supplier_id = %(supplier)s AND supplier_sku = ANY(%(refused)s) AND status = 'active'
    AND NOT locked_fields ? 'cost_amount' AND NOT locked_fields ? 'status'
  RETURNING variant_id
)
INSERT INTO suppliers_unpublishedsupply (variant_id)
SELECT DISTINCT variant_id FROM held WHERE variant_id IS NOT NULL
"""
# The product job then reads the page again and ends the offers that it leaves out.
READ_PAGE_AGAIN = """
UPDATE suppliers_supplierproduct SET list_digest = '', detail_digest = ''
WHERE supplier_id = %(supplier)s AND ref = ANY(%(shrunk)s)
"""
REMEMBER = """
UPDATE suppliers_supplierproduct p SET cost_digest = t.cost_digest, changed_at = %(as_of)s
FROM feed_costs_read t
WHERE p.supplier_id = %(supplier)s AND p.ref = t.ref AND p.cost_digest <> t.cost_digest
"""


def _lost(work: Work, refused: list[str]) -> int:
    """Return how many rejected SKUs had a cost before.

    Hourly slices are small: one product that never had prices would otherwise quarantine each
    run that includes it.
    """
    had = SupplierOffer.objects.filter(supplier=work.supplier, supplier_sku__in=refused)
    return had.filter(cost_amount__isnull=False).count()


def take_costs(work: Work, connector: Connector) -> None:
    """Read the costs that may have changed, check them together, write the changes.

    Raises: QuarantinedError  a guard rejects them: nothing is written
        OutsideError  the supplier does not answer
    """
    asked_at = work.run.started_at
    with (
        staged("feed_costs", price_list.COLUMNS) as costs,
        staged("feed_costs_read", ("ref text", "cost_digest text")) as remembered,
    ):
        read = Read(costs=costs)
        work.keep_changes = lambda: pending_changes.keep_costs(work.run, refused=read.refused)
        try:
            ask(work, connector, read)
        finally:  # also for a quarantined list
            work.run.read = read.count
        work.believe(
            guards.currency_is_right(
                expected=work.supplier.currency, found=read.currencies.elements()
            )
            or guards.rows_are_readable(
                good=read.count, bad=_lost(work, read.refused), limits=limits_of_run(work)
            )
        )
        evaluation.look_for_undone_costs(work)
        _judge_moves(work, read)
        remembered.extend(
            (ref, read.digests[ref]) for ref in read.answered - read.troubled - read.shrunk
        )
        remembered.ready()
        work.step(FeedRun.Status.STAGED)
        if isinstance(connector, BulkOffers):
            work.run.created = _make_offers(work, read, asked_at)
        problems, examined = read.problems, read.examined
        issues.tell(work=work, family=Family.COST, problems=problems, examined=examined)
        with roomy():
            _apply(work, read, asked_at, confirmed_at=listed_at(connector) or asked_at)


def _make_offers(work: Work, read: Read, asked_at: datetime) -> int:
    """Create offers for new SKUs, and match the certain ones to variants.

    Matching also runs after a failed run: that may have created offers without matching them.
    """
    made = price_list.create(work=work, refused=read.refused, as_of=asked_at)
    earlier = FeedRun.objects.filter(supplier=work.supplier, kind=work.run.kind)
    last = earlier.exclude(pk=work.run.pk).order_by("-pk").first()
    if made or (last is not None and last.status == FeedRun.Status.FAILED):
        bulk_matching.match(work=work, refused=read.refused)
    return made


def _judge_moves(work: Work, read: Read) -> None:
    """Reject single price outliers; quarantine the run if there are many."""
    for ref, move in evaluation.look_at_costs(work, known=read.count):
        message = f"The cost changed from {move.before} to {move.after} at once."
        read.refuse(ref, BadRow(row=move.sku, code="cost-jumped", message=message))


@transaction.atomic(durable=True)
def _apply(work: Work, read: Read, asked_at: datetime, *, confirmed_at: datetime) -> None:
    """Write all costs and mark the run applied. Costs are as old as the list.

    Locks: the run and pending runs, then the changed offers, in id order
    """
    runs.replace_waiting(work)
    doubtful = read.troubled | (read.digests.keys() - read.answered)
    params = {
        "supplier": work.supplier.pk,
        "run": work.run.pk,
        "refused": read.refused,
        "doubtful": list(doubtful),
        "shrunk": list(read.shrunk),
        "as_of": asked_at,
        "is_confirmed": confirmed_at >= asked_at,
    }
    work.run.updated = run(APPLY, params)
    run(HOLD, params)
    run(REMEMBER, params)
    run(READ_PAGE_AGAIN, params)
    confirmations.confirm_costs(
        supplier=work.supplier,
        doubtful=doubtful,
        refused=read.refused,
        is_whole=read.examined is None,
        as_of=confirmed_at,
    )
    work.run.rejected = len(set(read.refused))
    work.run.unchanged = max(0, work.run.read - work.run.created - work.run.updated)
    runs.apply(work)
