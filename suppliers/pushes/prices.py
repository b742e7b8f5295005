"""Price pushes: check the costs that a supplier's system sends, write those that changed.

The checks are those of a price run. A single outlier is refused and its offer put on hold, as in a
run; if there are many, nothing is written and staff decide.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction

from storefront.lib.http.errors import TemporaryError
from suppliers.inventory import publication
from suppliers.models import PendingChange, PendingPublication, Supplier, SupplierOffer, SyncRun
from suppliers.models.offers import cost_confirmed_at
from suppliers.offers import price_list
from suppliers.pushes.rows import LOCKED, OLDER, UNKNOWN_SKU, CostRow, RefusedRow
from suppliers.quarantine import evaluation, guards, pending_changes
from suppliers.runs import runs
from suppliers.runs.runs import AlreadyRunningError, QuarantinedError, RunContext
from suppliers.runs.staging import run, staging_table
from suppliers.sync.prices import HOLD_OFFERS, WRITE_COSTS

PUSH_CAUSE = "push:"
CENT = Decimal("0.01")
TOO_HIGH = f"implausible cost; at most {guards.MAX_COST}"
TOO_LOW = f"implausible cost; at least {CENT}"

LOCK_OFFERS = """
SELECT id FROM suppliers_supplieroffer WHERE id = ANY(%(offers)s) ORDER BY id FOR NO KEY UPDATE
"""
# After the locks: a row that meanwhile got a newer cost is not written.
DROP_OLDER = """
DELETE FROM feed_cost_diff c USING suppliers_supplieroffer o, suppliers_supplier s
WHERE o.id = c.offer_id AND s.id = o.supplier_id
  AND CASE WHEN o.is_cost_unconfirmed THEN o.cost_reported_at
    ELSE GREATEST(o.cost_reported_at, s.costs_confirmed_at) END > %(as_of)s
"""
# A list since then left the cost out: it stays as old as the push.
CONFIRM_REPORTED = """
UPDATE suppliers_supplieroffer o
SET is_cost_unconfirmed = COALESCE(s.costs_confirmed_at > %(as_of)s, false),
  cost_reported_at = %(as_of)s
FROM feed_costs c, suppliers_supplier s
WHERE o.supplier_id = %(supplier)s AND s.id = o.supplier_id AND c.sku = o.supplier_sku AND o.cost_amount = c.amount
  AND c.sku <> ALL(%(refused)s)
  AND (o.cost_reported_at IS NULL OR o.cost_reported_at < %(as_of)s)
"""


def apply_prices(
    *,
    supplier: Supplier,
    rows: Sequence[CostRow],
    external_id: str,
    as_of: datetime,
    now: datetime,
) -> list[RefusedRow]:
    """Store the reported costs; return the rows that were refused.

    Idempotent. A row that is older than the known cost, or than one under review, is refused.

    Raises: QuarantinedError  the costs as a whole are implausible: staff decide
        TemporaryError  a price run is open, which would miss the quarantined rows
    """
    offers, refused = _find_offers(supplier, rows, as_of)
    accepted = [row for row in rows if row.sku in offers]
    if not accepted:
        return refused
    sync_run = SyncRun(
        supplier=supplier,
        kind=SyncRun.Kind.PRICES,
        started_at=now,
        profile={"is_delta": True, "is_part": True},
    )
    run_context = RunContext(sync_run, now=now)
    with staging_table("feed_costs", price_list.COLUMNS) as costs:
        costs.extend(
            (
                offers[row.sku].product_external_id,
                row.sku,
                row.cost.quantize(CENT, ROUND_HALF_UP),
                *price_list.NOTHING,
            )
            for row in accepted
        )
        costs.analyze()
        price_list.stage_diff(run_context=run_context, is_full_list=False)
        try:
            evaluation.check_rolled_back_costs(run_context)
            outliers = evaluation.check_costs(run_context, total=len(accepted))
        except QuarantinedError as error:
            _quarantine(supplier, str(error), as_of=as_of, now=now)
            raise
        refused += [
            RefusedRow(
                move.sku,
                f"the cost changed from {move.before} to {move.after} at once; the offer is on hold",
            )
            for _product, move in outliers
        ]
        _write(
            supplier,
            offers,
            refused=[move.sku for _product, move in outliers],
            cause=f"{PUSH_CAUSE}{external_id}"[:60],
            as_of=as_of,
        )
    publication.publish_pending(now=now)
    return refused


def _find_offers(
    supplier: Supplier, rows: Sequence[CostRow], as_of: datetime
) -> tuple[dict[str, SupplierOffer], list[RefusedRow]]:
    known = {
        offer.supplier_sku: offer
        for offer in SupplierOffer.objects.filter(
            supplier=supplier, supplier_sku__in=[row.sku for row in rows]
        ).annotate(confirmed_at=cost_confirmed_at())
    }
    waiting = pending_changes.reported_moments(
        supplier=supplier,
        kind=PendingChange.Kind.COST,
        offer_ids=[offer.pk for offer in known.values()],
    )
    refused = []
    for row in rows:
        offer = known.get(row.sku)
        known_at: datetime | None = getattr(offer, "confirmed_at", None)  # annotated
        if offer is not None:
            known_at = max(filter(None, (known_at, waiting.get((offer.pk, "")))), default=None)
        if offer is None:
            refused.append(RefusedRow(row.sku, UNKNOWN_SKU))
        elif "cost_amount" in offer.overridden_fields:
            refused.append(RefusedRow(row.sku, LOCKED))
        elif row.cost > guards.MAX_COST:
            refused.append(RefusedRow(row.sku, TOO_HIGH))
        elif row.cost.quantize(CENT, ROUND_HALF_UP) <= 0:
            refused.append(RefusedRow(row.sku, TOO_LOW))
        elif known_at is not None and known_at > as_of:
            refused.append(RefusedRow(row.sku, OLDER.format(known_at)))
        else:
            continue
        known.pop(row.sku, None)
    return known, refused


@transaction.atomic(durable=True)
def _write(
    supplier: Supplier,
    offers: Mapping[str, SupplierOffer],
    *,
    refused: Sequence[str],
    cause: str,
    as_of: datetime,
) -> None:
    """Write the costs that differ, confirm the others, hold the offers of refused ones.

    Locks: the offers, in id order
    """
    params = {
        "supplier": supplier.pk,
        "offers": [offer.pk for offer in offers.values()],
        "run": None,
        "cause": cause,
        "refused": list(refused),
        "unreadable": [],
        "as_of": as_of,
        "is_confirmed": False,
    }
    run(LOCK_OFFERS, params)
    run(DROP_OLDER, params)
    run(WRITE_COSTS, params)
    run(CONFIRM_REPORTED, params)
    run(HOLD_OFFERS, params)
    PendingPublication.queue(
        sorted({offer.variant_id for offer in offers.values() if offer.variant_id is not None})
    )


def _quarantine(supplier: Supplier, reason: str, *, as_of: datetime, now: datetime) -> None:
    """Keep the staged changes for review, in a run of their own or in the one that waits."""
    try:
        sync_run = runs.open_run(supplier=supplier, kind=SyncRun.Kind.PRICES, now=now)
    except AlreadyRunningError as error:
        raise TemporaryError("a price run is open; the push waits for its end") from error
    sync_run.profile = {"is_delta": True, "is_part": True, "as_of": as_of.isoformat()}
    run_context = RunContext(sync_run, now=now)
    run_context.save_pending_changes = lambda: pending_changes.store_cost_changes(
        sync_run, refused=[]
    )
    runs.quarantine(run_context, f"Pushed prices: {reason}")
