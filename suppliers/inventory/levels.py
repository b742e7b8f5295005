"""Stock levels: stage the quantities a supplier reports, write those that changed, in sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from catalog.records import BadRow
from storefront.lib.db.transactions import needs_transaction
from suppliers.connectors.records import StockRecord
from suppliers.models import FeedRun, Supplier
from suppliers.runs.staging import Stage, rows, run, staged

MOST_UNITS = 1_000_000
STAGE = "feed_stock"
COVERED = "feed_covered"
COLUMNS = ("ref text", "sku text", "location text", "country text", "quantity int")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Stock rows that have units: how many of them were told, and what becomes of them."""

    stocked: int
    emptied: int
    told: int
    soared: int


JUDGED = """
SELECT count(*), count(*) FILTER (WHERE COALESCE(f.quantity, 0) = 0), count(f.quantity),
  count(*) FILTER (WHERE f.quantity >= l.reported_quantity::bigint * %(factor)s)
FROM suppliers_stocklevel l
JOIN suppliers_supplieroffer o ON o.id = l.offer_id
JOIN suppliers_stocklocation p ON p.id = l.location_id
{join} JOIN (
  SELECT ref, sku, location, min(quantity) AS quantity FROM feed_stock
  WHERE sku IN (
    SELECT c.supplier_sku FROM suppliers_supplieroffer c
    WHERE c.id IN (SELECT offer_id FROM feed_covered)
  )
  GROUP BY 1, 2, 3
) f ON f.sku = o.supplier_sku AND f.ref = o.supplier_product AND f.location = p.code
WHERE l.offer_id IN (SELECT offer_id FROM feed_covered) AND l.reported_quantity > 0
"""
# The figures of a stage, one per stock row; of two that differ the smaller one counts.
# A row that names its product speaks only for the offer of that product.
FIGURES = f"""
CREATE TEMPORARY TABLE feed_figures ON COMMIT DROP AS
SELECT o.id AS offer_id, p.id AS location_id, o.variant_id, min(s.quantity) AS quantity
FROM {STAGE} s
JOIN suppliers_supplieroffer o ON o.supplier_id = %(supplier)s AND o.supplier_sku = s.sku
  AND (s.ref = '' OR s.ref = o.supplier_product)
JOIN suppliers_stocklocation p ON p.supplier_id = %(supplier)s AND p.code = s.location
WHERE o.id IN (SELECT offer_id FROM {COVERED})
GROUP BY 1, 2, 3
"""  # noqa: S608 - no value of anybody's is in it
LOCATIONS = f"""
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
# Who writes figures of a supplier holds his locations: a confirmation is for all rows there, so
# that of an unchanged row nobody else could tell which of two answers is the older one.
HELD = """
SELECT id FROM suppliers_stocklocation WHERE supplier_id = %(supplier)s ORDER BY id
FOR NO KEY UPDATE
"""
# By itself, for where the planner believes that there is no row yet, it would look through all of
# them for each that the same statement makes.
LEAVE_NEW = """
DELETE FROM feed_figures f USING suppliers_stocklevel l
WHERE l.offer_id = f.offer_id AND l.location_id = f.location_id
"""
NEW = """
WITH made AS (
  INSERT INTO suppliers_stocklevel (
    offer_id, location_id, reported_quantity, buffer, reserved, allocated_unseen,
    as_of, is_silent, received_at)
  SELECT f.offer_id, f.location_id, f.quantity, %(buffer)s, 0, 0,
    %(as_of)s, COALESCE(p.stock_as_of > %(as_of)s, false), %(received_at)s
  FROM feed_figures f JOIN suppliers_stocklocation p ON p.id = f.location_id
  RETURNING id, reported_quantity
), moved AS (
  INSERT INTO suppliers_stockmovement (
    level_id, kind, reported_delta, reserved_delta, allocated_delta, cause, at)
  SELECT id, 'reported', reported_quantity, 0, 0, %(cause)s, %(as_of)s
  FROM made WHERE reported_quantity <> 0
), queued AS (
  INSERT INTO suppliers_unpublishedsupply (variant_id)
  SELECT DISTINCT variant_id FROM feed_figures WHERE variant_id IS NOT NULL
)
SELECT id FROM made
"""
# What was confirmed here after this answer was made does not confirm what it tells: it is silent.
# A row that the supplier left out has none, unless he names only what changed. One that was told,
# or confirmed, later than we asked is kept. Where the place is confirmed with it, a row's own
# moment stays: it stands in an index, and a row that leaves its indexes alone is written in place.
CHANGED = """
WITH aim AS (
  SELECT l.id, COALESCE(f.quantity, 0) AS quantity,
    CASE WHEN l.is_silent THEN l.as_of ELSE GREATEST(l.as_of, p.stock_as_of) END AS known_at,
    COALESCE(p.stock_as_of > %(as_of)s, false) AS is_late
  FROM suppliers_stocklevel l
  JOIN suppliers_stocklocation p ON p.id = l.location_id
  {join} JOIN feed_figures f ON f.offer_id = l.offer_id AND f.location_id = l.location_id
  WHERE l.offer_id IN (SELECT offer_id FROM feed_covered) AND l.as_of <= %(as_of)s
    AND (l.is_silent OR p.stock_as_of IS NULL OR p.stock_as_of <= %(as_of)s)
    AND (l.reported_quantity <> COALESCE(f.quantity, 0) OR l.buffer <> %(buffer)s OR l.is_silent)
  ORDER BY l.id FOR UPDATE OF l
), changed AS (
  UPDATE suppliers_stocklevel l
  SET reported_quantity = aim.quantity, buffer = %(buffer)s,
    as_of = CASE WHEN %(is_confirmed)s AND NOT l.is_silent AND NOT aim.is_late
      THEN l.as_of ELSE %(as_of)s END,
    is_silent = aim.is_late, received_at = %(received_at)s
  FROM aim WHERE l.id = aim.id
  RETURNING l.id, l.offer_id, old.reported_quantity AS was, new.reported_quantity AS is_now,
    aim.known_at
), moved AS (
  INSERT INTO suppliers_stockmovement (
    level_id, kind, reported_delta, reserved_delta, allocated_delta, cause, old_known_at, at)
  SELECT id, 'reported', is_now - was, 0, 0, %(cause)s, known_at, %(as_of)s
  FROM changed WHERE is_now <> was
), queued AS (
  INSERT INTO suppliers_unpublishedsupply (variant_id)
  SELECT DISTINCT o.variant_id
  FROM changed JOIN suppliers_supplieroffer o ON o.id = changed.offer_id
  WHERE o.variant_id IS NOT NULL
)
SELECT id FROM changed
"""


def sane(record: StockRecord) -> tuple[StockRecord, BadRow | None]:
    """Bring an absurd figure to one that can be, and say so."""
    quantity = min(max(0, record.quantity), MOST_UNITS)
    if quantity == record.quantity:
        return record, None
    code = "stock-negative" if record.quantity < 0 else "stock-absurd"
    problem = BadRow(
        row=record.sku,
        code=code,
        message=f"{record.quantity} units in {record.location}: taken as {quantity}.",
        is_fatal=False,
    )
    repaired = StockRecord(
        sku=record.sku, location=record.location, country=record.country, quantity=quantity
    )
    return repaired, problem


def lay_out(stage: Stage, told: Iterable[StockRecord | BadRow], *, ref: str = "") -> list[BadRow]:
    """Put figures on the stage; return what is wrong with them."""
    problems = []
    for row in told:
        if isinstance(row, BadRow):
            problems.append(row)
            continue
        record, problem = sane(row)
        stage.add((ref, record.sku, record.location, record.country, record.quantity))
        if problem is not None:
            problems.append(problem)
    return problems


def cover(offer_ids: Iterable[int]) -> None:
    """Lay out which offers the stage speaks of, where those are few."""
    clear_covered()
    run(f"INSERT INTO {COVERED} SELECT unnest(%(ids)s::bigint[])", {"ids": list(offer_ids)})
    run(f"ANALYZE {COVERED}")


def clear_covered() -> None:
    run(f"DROP TABLE IF EXISTS pg_temp.{COVERED}")
    run(f"CREATE TEMPORARY TABLE {COVERED} (offer_id bigint)")


def moved(*, is_whole: bool = True, factor: int = 1) -> Moved:
    """Count how the stage moves the covered stock rows that have units.

    Shape:  a row soars when it rises to ``factor`` times as much
    """
    ((stocked, emptied, told, soared),) = rows(
        JUDGED.format(join=_join(is_whole=is_whole)), {"factor": factor}
    )
    return Moved(stocked=stocked, emptied=emptied, told=told, soared=soared)


def _join(*, is_whole: bool) -> str:
    return "LEFT" if is_whole else "INNER"


@needs_transaction
def hold(*, supplier: Supplier) -> None:
    """Let nobody else write figures of this supplier until the transaction ends.

    Locks:  the supplier's locations, in id order
    """
    run(HELD, {"supplier": supplier.pk})


@needs_transaction
def empty(*, feed_run: FeedRun, offer_ids: Iterable[int], now: datetime) -> None:
    """Write that nothing is left of offers that are gone.

    Locks:  their stock rows, in id order
    """
    ids = list(offer_ids)
    if not ids:
        return
    with staged(STAGE, COLUMNS) as stage:
        stage.ready()
        cover(ids)
        merge(
            supplier=feed_run.supplier,
            cause=f"run:{feed_run.pk}",
            as_of=now,
            received_at=now,
        )


@needs_transaction
def merge(  # noqa: PLR0913 - a figure has a supplier, a cause and two moments
    *,
    supplier: Supplier,
    cause: str,
    as_of: datetime,
    received_at: datetime,
    is_whole: bool = True,
    is_confirmed: bool = False,
) -> tuple[int, int]:
    """Merge the stage into the stock rows; return how many are new, and how many changed.

    A stock row of a covered offer that the stage leaves out is empty, if the stage ``is_whole``;
    what it says of offers that are not covered is not heard. With ``is_confirmed`` the caller's
    transaction confirms all of the supplier's locations at ``as_of``, too.

    Locks:  the supplier's locations, then the stock rows that change, in id order
    """
    params = {
        "supplier": supplier.pk,
        "buffer": supplier.buffer,
        "as_of": as_of,
        "received_at": received_at,
        "cause": cause[:60],
        "is_confirmed": is_confirmed,
    }
    run(LOCATIONS, params)
    hold(supplier=supplier)
    run("DROP TABLE IF EXISTS pg_temp.feed_figures")
    run(FIGURES, params)
    run("ANALYZE feed_figures")
    changed = run(CHANGED.format(join=_join(is_whole=is_whole)), params)
    run(LEAVE_NEW)
    return run(NEW, params), changed
