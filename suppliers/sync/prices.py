"""Price job: read the costs, check them together, write those that changed.

Steps: read and stage (``price_reading``), guards, create offers of a price list, then one
transaction that writes costs and marks the run applied. Repeatable: unchanged costs are not
written.
"""

from datetime import datetime

from django.db import transaction

from catalog.records import ImportIssue
from suppliers.connectors.bulk import BulkOffers
from suppliers.connectors.capabilities import Connector, list_fetched_at
from suppliers.inventory import confirmations
from suppliers.models import SupplierOffer, SyncRun
from suppliers.offers import bulk_matching, price_list
from suppliers.quarantine import evaluation, guards, pending_changes
from suppliers.quarantine.thresholds import run_thresholds
from suppliers.runs import issues, runs
from suppliers.runs.issues import IssueScope
from suppliers.runs.runs import RunContext
from suppliers.runs.staging import run, staging_table, with_large_work_mem
from suppliers.sync.price_reading import PriceReadResult, read_prices

# A cost that was reported after ``as_of``, such as a pushed one, is not overwritten.
# A held offer returns to sale with a plausible cost. If the whole list is confirmed,
# ``cost_reported_at`` is not written: it is indexed, and an update without indexed columns is a HOT
# update.
WRITE_COSTS = """
WITH aim AS (
  SELECT o.id, c.amount,
    CASE WHEN o.is_cost_unconfirmed THEN o.cost_reported_at
      ELSE GREATEST(o.cost_reported_at, s.costs_confirmed_at) END AS known_at
  FROM feed_cost_diff c
  JOIN suppliers_supplieroffer o ON o.id = c.offer_id AND o.product_external_id = c.external_id
  JOIN suppliers_supplier s ON s.id = o.supplier_id
  WHERE c.sku <> ALL(%(refused)s) AND NOT o.overridden_fields ? 'cost_amount'
    AND (o.cost_reported_at IS NULL OR o.cost_reported_at <= %(as_of)s)
    AND (o.cost_amount IS DISTINCT FROM c.amount
      OR (o.status = 'on_hold' AND o.variant_id IS NOT NULL AND NOT o.overridden_fields ? 'status'))
  ORDER BY o.id FOR NO KEY UPDATE OF o
), changed AS (
  UPDATE suppliers_supplieroffer o
  SET cost_amount = aim.amount,
    cost_reported_at = CASE WHEN %(is_confirmed)s AND NOT o.is_cost_unconfirmed
        AND o.product_external_id <> ALL(%(unreadable)s)
      THEN COALESCE(o.cost_reported_at, %(as_of)s) ELSE %(as_of)s END,
    status = CASE WHEN o.status = 'on_hold' AND o.variant_id IS NOT NULL
        AND NOT o.overridden_fields ? 'status'
      THEN 'active' ELSE o.status END
  FROM aim WHERE o.id = aim.id
  RETURNING o.id, o.variant_id, old.cost_amount AS was, new.cost_amount AS is_now,
    old.status <> new.status AS was_on_hold, aim.known_at
), history AS (
  INSERT INTO suppliers_costchange (
    offer_id, run_id, cause, old_amount, new_amount, was_on_hold, old_confirmed_at, at)
  SELECT id, %(run)s, %(cause)s, was, is_now, was_on_hold, known_at, %(as_of)s
  FROM changed WHERE was IS DISTINCT FROM is_now
), queued AS (
  INSERT INTO suppliers_pendingpublication (variant_id)
  SELECT DISTINCT variant_id FROM changed WHERE variant_id IS NOT NULL
)
SELECT id FROM changed
"""
HOLD_OFFERS = """
WITH held AS (
  UPDATE suppliers_supplieroffer SET status = 'on_hold'
  WHERE supplier_id = %(supplier)s AND supplier_sku = ANY(%(refused)s) AND status = 'active'
    AND NOT overridden_fields ? 'cost_amount' AND NOT overridden_fields ? 'status'
  RETURNING variant_id
)
INSERT INTO suppliers_pendingpublication (variant_id)
SELECT DISTINCT variant_id FROM held WHERE variant_id IS NOT NULL
"""
# The product job then reads the page again, and discontinues offers that the page leaves out.
RESET_PAGE_DIGESTS = """
UPDATE suppliers_supplierproduct SET list_digest = '', detail_digest = ''
WHERE supplier_id = %(supplier)s AND external_id = ANY(%(with_missing_skus)s)
"""
STORE_DIGESTS = """
UPDATE suppliers_supplierproduct p SET cost_digest = t.cost_digest, changed_at = %(as_of)s
FROM feed_costs_read t
WHERE p.supplier_id = %(supplier)s AND p.external_id = t.external_id AND p.cost_digest <> t.cost_digest
"""


def _count_lost(run_context: RunContext, refused: list[str]) -> int:
    """Return how many rejected SKUs had a cost before.

    Hourly slices are small: one product that never had prices would otherwise quarantine each
    run that includes it.
    """
    offers = SupplierOffer.objects.filter(supplier=run_context.supplier, supplier_sku__in=refused)
    return offers.filter(cost_amount__isnull=False).count()


def sync_prices(run_context: RunContext, connector: Connector) -> None:
    """Read the costs that may have changed, check them together, write the changes.

    Raises: QuarantinedError  a guard rejects them: nothing is written
        ExternalServiceError  the supplier does not answer
    """
    requested_at = run_context.run.started_at
    with (
        staging_table("feed_costs", price_list.COLUMNS) as costs,
        staging_table("feed_costs_read", ("external_id text", "cost_digest text")) as remembered,
    ):
        read = PriceReadResult(costs=costs)
        run_context.save_pending_changes = lambda: pending_changes.store_cost_changes(
            run_context.run, refused=read.refused
        )
        try:
            read_prices(run_context, connector, read)
        finally:  # also for a quarantined list
            run_context.run.read = read.count
        run_context.quarantine_if(
            guards.currency_violation(
                expected=run_context.supplier.currency, currencies=read.currencies.elements()
            )
            or guards.invalid_rows_violation(
                good=read.count,
                bad=_count_lost(run_context, read.refused),
                limits=run_thresholds(run_context),
            )
        )
        evaluation.check_rolled_back_costs(run_context)
        _reject_outliers(run_context, read)
        remembered.extend(
            (external_id, read.digests[external_id])
            for external_id in read.answered - read.with_problems - read.with_missing_skus
        )
        remembered.analyze()
        run_context.advance(SyncRun.Status.STAGED)
        if isinstance(connector, BulkOffers):
            run_context.run.created = _create_offers(run_context, read, requested_at)
        problems, examined = read.problems, read.examined
        issues.sync(
            run_context=run_context, scope=IssueScope.COST, problems=problems, examined=examined
        )
        with with_large_work_mem():
            _apply(
                run_context,
                read,
                requested_at,
                confirmed_at=list_fetched_at(connector) or requested_at,
            )


def _create_offers(run_context: RunContext, read: PriceReadResult, requested_at: datetime) -> int:
    """Create offers for new SKUs, and match the certain ones to variants.

    Matching also runs after a failed run, which may have created offers without matching them.
    """
    created = price_list.create_offers(
        run_context=run_context, refused=read.refused, as_of=requested_at
    )
    earlier = SyncRun.objects.filter(supplier=run_context.supplier, kind=run_context.run.kind)
    last = earlier.exclude(pk=run_context.run.pk).order_by("-pk").first()
    if created or (last is not None and last.status == SyncRun.Status.FAILED):
        bulk_matching.match_offers(run_context=run_context, refused=read.refused)
    return created


def _reject_outliers(run_context: RunContext, read: PriceReadResult) -> None:
    """Reject single price outliers; quarantine the run if there are many."""
    for external_id, move in evaluation.check_costs(run_context, total=read.count):
        message = f"The cost changed from {move.before} to {move.after} at once."
        read.refuse(external_id, ImportIssue(row=move.sku, code="cost-jumped", message=message))


@transaction.atomic(durable=True)
def _apply(
    run_context: RunContext,
    read: PriceReadResult,
    requested_at: datetime,
    *,
    confirmed_at: datetime,
) -> None:
    """Write all costs and mark the run applied. Costs are as old as the list.

    Locks: the run and pending runs, then the changed offers, in id order
    """
    runs.lock_and_supersede(run_context)
    unreadable = read.with_problems | (read.digests.keys() - read.answered)
    params = {
        "supplier": run_context.supplier.pk,
        "run": run_context.run.pk,
        "cause": f"run:{run_context.run.pk}",
        "refused": read.refused,
        "unreadable": list(unreadable),
        "with_missing_skus": list(read.with_missing_skus),
        "as_of": requested_at,
        "is_confirmed": confirmed_at >= requested_at,
    }
    run_context.run.updated = run(WRITE_COSTS, params)
    run(HOLD_OFFERS, params)
    run(STORE_DIGESTS, params)
    run(RESET_PAGE_DIGESTS, params)
    confirmations.confirm_costs(
        supplier=run_context.supplier,
        unreadable=unreadable,
        refused=read.refused,
        is_full_list=read.examined is None,
        as_of=confirmed_at,
    )
    run_context.run.rejected = len(set(read.refused))
    run_context.run.unchanged = max(
        0, run_context.run.read - run_context.run.created - run_context.run.updated
    )
    runs.mark_applied(run_context)
