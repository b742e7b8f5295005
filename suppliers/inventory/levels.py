"""Stock levels: stage the quantities that a supplier reports, write changes in bulk."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from catalog.records import ImportIssue
from storefront.lib.db.transactions import requires_transaction
from suppliers.connectors.records import StockReport
from suppliers.models import Supplier, SyncRun
from suppliers.runs.staging import StagingTable, rows, run, staging_table

MAX_UNITS = 1_000_000
STAGE = "feed_stock"
AFFECTED_OFFERS = "affected_offers"
COLUMNS = ("external_id text", "sku text", "location text", "country text", "quantity int")


@dataclass(frozen=True, slots=True, kw_only=True)
class StockChangeCounts:
    """Numbers of non-zero stock rows: all of them, and those that become zero, are reported, surge.

    ``reported`` rows are in the staged report.
    """

    stocked: int
    zeroed: int
    reported: int
    surged: int


COUNT_CHANGES = """
SELECT count(*), count(*) FILTER (WHERE COALESCE(f.quantity, 0) = 0), count(f.quantity),
  count(*) FILTER (WHERE f.quantity >= l.reported_quantity::bigint * %(factor)s)
FROM suppliers_stocklevel l
JOIN suppliers_supplieroffer o ON o.id = l.offer_id
JOIN suppliers_stocklocation p ON p.id = l.location_id
{join} JOIN (
  SELECT external_id, sku, location, min(quantity) AS quantity FROM feed_stock
  WHERE sku IN (
    SELECT c.supplier_sku FROM suppliers_supplieroffer c
    WHERE c.id IN (SELECT offer_id FROM affected_offers)
  )
  GROUP BY 1, 2, 3
) f ON f.sku = o.supplier_sku AND f.external_id = o.product_external_id AND f.location = p.code
WHERE l.offer_id IN (SELECT offer_id FROM affected_offers) AND l.reported_quantity > 0
"""
# One figure per stock row: the lowest of duplicates. A row with a product id only applies to the
# offer of that product.
STAGE_FIGURES = f"""
CREATE TEMPORARY TABLE feed_figures ON COMMIT DROP AS
SELECT o.id AS offer_id, p.id AS location_id, o.variant_id, min(s.quantity) AS quantity
FROM {STAGE} s
JOIN suppliers_supplieroffer o ON o.supplier_id = %(supplier)s AND o.supplier_sku = s.sku
  AND (s.external_id = '' OR s.external_id = o.product_external_id)
JOIN suppliers_stocklocation p ON p.supplier_id = %(supplier)s AND p.code = s.location
WHERE o.id IN (SELECT offer_id FROM {AFFECTED_OFFERS})
GROUP BY 1, 2, 3
"""  # noqa: S608 - only constants
INSERT_LOCATIONS = f"""
INSERT INTO suppliers_stocklocation (supplier_id, code, country, name)
SELECT %(supplier)s, s.location, min(s.country), ''
FROM {STAGE} s
WHERE NOT EXISTS (
  SELECT 1 FROM suppliers_stocklocation p
  WHERE p.supplier_id = %(supplier)s AND p.code = s.location
)
GROUP BY s.location
ON CONFLICT DO NOTHING
"""  # noqa: S608
# An unchanged row is not written: ``stock_confirmed_at`` of its location confirms it. So the
# reports of a supplier must be merged one after another.
LOCK_LOCATIONS = """
SELECT id FROM suppliers_stocklocation WHERE supplier_id = %(supplier)s ORDER BY id
FOR NO KEY UPDATE
"""
# Separate from ``INSERT_LEVELS``: while ``suppliers_stocklevel`` has no statistics, as in a first
# import, the planner would scan all its rows for each row that the statement inserts.
DELETE_KNOWN_ROWS = """
DELETE FROM feed_figures f USING suppliers_stocklevel l
WHERE l.offer_id = f.offer_id AND l.location_id = f.location_id
"""
INSERT_LEVELS = """
WITH made AS (
  INSERT INTO suppliers_stocklevel (
    offer_id, location_id, reported_quantity, safety_stock, reserved, allocated_outstanding,
    as_of, is_unconfirmed, received_at)
  SELECT f.offer_id, f.location_id, f.quantity, %(safety_stock)s, 0, 0,
    %(as_of)s, COALESCE(p.stock_confirmed_at > %(as_of)s, false), %(received_at)s
  FROM feed_figures f JOIN suppliers_stocklocation p ON p.id = f.location_id
  RETURNING id, reported_quantity
), moved AS (
  INSERT INTO suppliers_stockmovement (
    level_id, kind, reported_delta, reserved_delta, allocated_delta, cause, at)
  SELECT id, 'reported', reported_quantity, 0, 0, %(cause)s, %(as_of)s
  FROM made WHERE reported_quantity <> 0
), queued AS (
  INSERT INTO suppliers_pendingpublication (variant_id)
  SELECT DISTINCT variant_id FROM feed_figures WHERE variant_id IS NOT NULL
)
SELECT id FROM made
"""
# A row that the report leaves out becomes zero, unless the report is partial. A row with a newer
# report is not changed. A confirmed row is not changed if its location has a newer confirmation. An
# unconfirmed row takes the older figure and stays unconfirmed. If the caller confirms the locations,
# a confirmed row keeps its ``as_of``: only an update that changes no indexed column is a HOT update.
UPDATE_LEVELS = """
WITH aim AS (
  SELECT l.id, COALESCE(f.quantity, 0) AS quantity,
    CASE WHEN l.is_unconfirmed THEN l.as_of ELSE GREATEST(l.as_of, p.stock_confirmed_at) END AS known_at,
    COALESCE(p.stock_confirmed_at > %(as_of)s, false) AS is_late
  FROM suppliers_stocklevel l
  JOIN suppliers_stocklocation p ON p.id = l.location_id
  {join} JOIN feed_figures f ON f.offer_id = l.offer_id AND f.location_id = l.location_id
  WHERE l.offer_id IN (SELECT offer_id FROM affected_offers) AND l.as_of <= %(as_of)s
    AND (l.is_unconfirmed OR p.stock_confirmed_at IS NULL OR p.stock_confirmed_at <= %(as_of)s)
    AND (l.reported_quantity <> COALESCE(f.quantity, 0) OR l.safety_stock <> %(safety_stock)s OR l.is_unconfirmed)
  ORDER BY l.id FOR UPDATE OF l
), changed AS (
  UPDATE suppliers_stocklevel l
  SET reported_quantity = aim.quantity, safety_stock = %(safety_stock)s,
    as_of = CASE WHEN %(is_confirmed)s AND NOT l.is_unconfirmed AND NOT aim.is_late
      THEN l.as_of ELSE %(as_of)s END,
    is_unconfirmed = aim.is_late, received_at = %(received_at)s
  FROM aim WHERE l.id = aim.id
  RETURNING l.id, l.offer_id, old.reported_quantity AS was, new.reported_quantity AS is_now,
    aim.known_at
), moved AS (
  INSERT INTO suppliers_stockmovement (
    level_id, kind, reported_delta, reserved_delta, allocated_delta, cause, old_confirmed_at, at)
  SELECT id, 'reported', is_now - was, 0, 0, %(cause)s, known_at, %(as_of)s
  FROM changed WHERE is_now <> was
), queued AS (
  INSERT INTO suppliers_pendingpublication (variant_id)
  SELECT DISTINCT o.variant_id
  FROM changed JOIN suppliers_supplieroffer o ON o.id = changed.offer_id
  WHERE o.variant_id IS NOT NULL
)
SELECT id FROM changed
"""


def clamp_quantity(record: StockReport) -> tuple[StockReport, ImportIssue | None]:
    quantity = min(max(0, record.quantity), MAX_UNITS)
    if quantity == record.quantity:
        return record, None
    code = "stock-negative" if record.quantity < 0 else "stock-absurd"
    problem = ImportIssue(
        row=record.sku,
        code=code,
        message=f"Invalid quantity {record.quantity} at {record.location}; stored as {quantity}.",
        is_fatal=False,
    )
    repaired = StockReport(
        sku=record.sku, location=record.location, country=record.country, quantity=quantity
    )
    return repaired, problem


def stage_rows(
    stage: StagingTable, reports: Iterable[StockReport | ImportIssue], *, external_id: str = ""
) -> list[ImportIssue]:
    """Stage the reported quantities; return the rows with issues."""
    problems = []
    for row in reports:
        if isinstance(row, ImportIssue):
            problems.append(row)
            continue
        record, problem = clamp_quantity(row)
        stage.add((external_id, record.sku, record.location, record.country, record.quantity))
        if problem is not None:
            problems.append(problem)
    return problems


def set_affected_offers(offer_ids: Iterable[int]) -> None:
    """Restrict the merge to these offers. For few offers; large sets are inserted by SQL."""
    clear_affected_offers()
    run(f"INSERT INTO {AFFECTED_OFFERS} SELECT unnest(%(ids)s::bigint[])", {"ids": list(offer_ids)})
    run(f"ANALYZE {AFFECTED_OFFERS}")


def clear_affected_offers() -> None:
    run(f"DROP TABLE IF EXISTS pg_temp.{AFFECTED_OFFERS}")
    run(f"CREATE TEMPORARY TABLE {AFFECTED_OFFERS} (offer_id bigint)")


def count_changes(*, is_full_list: bool = True, factor: int = 1) -> StockChangeCounts:
    """Count how the stage changes the non-zero stock rows; a surge is ``factor`` times as much."""
    ((stocked, zeroed, reported, surged),) = rows(
        COUNT_CHANGES.format(join=_join(is_full_list=is_full_list)), {"factor": factor}
    )
    return StockChangeCounts(stocked=stocked, zeroed=zeroed, reported=reported, surged=surged)


def _join(*, is_full_list: bool) -> str:
    return "LEFT" if is_full_list else "INNER"


@requires_transaction
def lock_locations(*, supplier: Supplier) -> None:
    """Lock out other writers of this supplier's stock until the transaction ends.

    Locks: the supplier's locations, in id order
    """
    run(LOCK_LOCATIONS, {"supplier": supplier.pk})


@requires_transaction
def zero_stock(*, sync_run: SyncRun, offer_ids: Iterable[int], now: datetime) -> None:
    """Set the stock of discontinued offers to zero. Locks their stock rows, in id order."""
    ids = list(offer_ids)
    if not ids:
        return
    with staging_table(STAGE, COLUMNS) as stage:
        stage.analyze()
        set_affected_offers(ids)
        merge(supplier=sync_run.supplier, cause=f"run:{sync_run.pk}", as_of=now, received_at=now)


@requires_transaction
def merge(  # noqa: PLR0913 - one row's columns
    *,
    supplier: Supplier,
    cause: str,
    as_of: datetime,
    received_at: datetime,
    is_full_list: bool = True,
    is_confirmed: bool = False,
) -> tuple[int, int]:
    """Merge the stage into the stock rows; return the numbers of new and changed rows.

    Only offers in scope (``set_affected_offers``) are changed. If the stage ``is_full_list``, rows that
    it leaves out become zero. ``is_confirmed``: the caller also sets ``stock_confirmed_at`` of all
    the supplier's locations to ``as_of``.

    Locks: the supplier's locations, then the changed stock rows, in id order
    """
    params = {
        "supplier": supplier.pk,
        "safety_stock": supplier.safety_stock,
        "as_of": as_of,
        "received_at": received_at,
        "cause": cause[:60],
        "is_confirmed": is_confirmed,
    }
    run(INSERT_LOCATIONS, params)
    lock_locations(supplier=supplier)
    run("DROP TABLE IF EXISTS pg_temp.feed_figures")
    run(STAGE_FIGURES, params)
    run("ANALYZE feed_figures")
    changed = run(UPDATE_LEVELS.format(join=_join(is_full_list=is_full_list)), params)
    run(DELETE_KNOWN_ROWS)
    return run(INSERT_LEVELS, params), changed
