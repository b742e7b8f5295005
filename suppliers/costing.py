"""The price job: ask a supplier what his goods cost, and believe it or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from catalog.records import BadRow
from storefront.lib.failures import OutsideError
from suppliers import complaints, guards
from suppliers.adapters.base import CostRecord, GoneError, ListRow, SupplierAdapter
from suppliers.complaints import Family
from suppliers.gathering import gather
from suppliers.guards import CostMove
from suppliers.models import FeedRun, SupplierOffer
from suppliers.runs import Work
from suppliers.slices import slice_of
from suppliers.staging import Stage, rows, run, staged

ALL_WITHIN = timedelta(days=1)
MOST_COST = Decimal(1_000_000)

STILL_THERE = """
SELECT count(*), count(l.ref)
FROM suppliers_supplierproduct p
LEFT JOIN (SELECT DISTINCT ref FROM feed_costs_list) l ON l.ref = p.ref
WHERE p.supplier_id = %(supplier)s AND p.status <> 'gone'
"""
TO_READ = """
SELECT DISTINCT ON (p.ref) p.ref, l.cost_digest
FROM feed_costs_list l
JOIN suppliers_supplierproduct p ON p.supplier_id = %(supplier)s AND p.ref = l.ref
WHERE p.status = 'active' AND (
  p.cost_digest <> l.cost_digest OR %(all)s
  OR (hashtextextended(p.ref, 0) %% %(slices)s + %(slices)s) %% %(slices)s = %(slice)s
)
"""
MOVES = """
SELECT c.ref, o.supplier_sku, o.cost_amount, c.amount
FROM feed_costs c
JOIN suppliers_supplieroffer o ON o.supplier_id = %(supplier)s
  AND o.supplier_sku = c.sku AND o.supplier_product = c.ref
WHERE o.cost_amount IS NOT NULL AND o.cost_amount <> c.amount
"""
# A held offer comes back with a cost that can be believed.
APPLY = """
WITH aim AS (
  SELECT o.id, c.amount
  FROM feed_costs c
  JOIN suppliers_supplieroffer o ON o.supplier_id = %(supplier)s
    AND o.supplier_sku = c.sku AND o.supplier_product = c.ref
  WHERE c.sku <> ALL(%(refused)s)
    AND (o.cost_amount IS DISTINCT FROM c.amount
      OR (o.status = 'held' AND o.variant_id IS NOT NULL))
  ORDER BY o.id
), locked AS (
  SELECT o.id FROM suppliers_supplieroffer o JOIN aim ON aim.id = o.id ORDER BY o.id
  FOR UPDATE OF o
), changed AS (
  UPDATE suppliers_supplieroffer o
  SET cost_amount = aim.amount, cost_as_of = %(as_of)s,
    status = CASE WHEN o.status = 'held' AND o.variant_id IS NOT NULL
      THEN 'active' ELSE o.status END
  FROM aim JOIN locked ON locked.id = aim.id
  WHERE o.id = aim.id
  RETURNING o.id, o.variant_id, old.cost_amount AS was, new.cost_amount AS is_now
), history AS (
  INSERT INTO suppliers_costchange (offer_id, run_id, old_amount, new_amount, at)
  SELECT id, %(run)s, was, is_now, %(as_of)s FROM changed WHERE was IS DISTINCT FROM is_now
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
  RETURNING variant_id
)
INSERT INTO suppliers_unpublishedsupply (variant_id)
SELECT DISTINCT variant_id FROM held WHERE variant_id IS NOT NULL
"""
REMEMBER = """
UPDATE suppliers_supplierproduct p SET cost_digest = t.cost_digest, changed_at = %(as_of)s
FROM feed_costs_read t
WHERE p.supplier_id = %(supplier)s AND p.ref = t.ref AND p.cost_digest <> t.cost_digest
"""


@dataclass
class Read:
    """What was read of the prices, and what is wrong with it.

    ``troubled`` are the products that something is wrong with: they are read again next time.
    """

    costs: list[tuple[str, str, Decimal]] = field(default_factory=list)  # product, SKU, amount
    currencies: list[str] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)
    troubled: set[str] = field(default_factory=set)
    problems: list[BadRow] = field(default_factory=list)

    def refuse(self, ref: str, problem: BadRow) -> None:
        self.troubled.add(ref)
        self.problems.append(problem)

    @property
    def refused(self) -> list[str]:
        """SKUs whose cost cannot be believed: they are not sold until it can."""
        return [row.row for row in self.problems if row.code != "cost-no-answer"]


def _lost(work: Work, refused: list[str]) -> int:
    """Count the refused SKUs that had a cost: those that never had one say nothing new.

    The hourly slices are small. One product that never had prices would otherwise make
    a whole run look like garbage whenever its turn comes.
    """
    had = SupplierOffer.objects.filter(supplier=work.supplier, supplier_sku__in=refused)
    return had.filter(cost_amount__isnull=False).count()


def take_costs(work: Work, adapter: SupplierAdapter) -> None:
    """Read the costs that may have changed, judge them together, and write what did.

    Raises: QuarantinedError  not believable: nothing is written
            OutsideError  the supplier does not answer
    """
    asked_at = work.run.started_at
    with staged("feed_costs_list", ("ref text", "cost_digest text")) as listed:
        digests = _digests_to_read(work, adapter, listed)
    read = _read(work, adapter, list(digests))
    work.run.read = len(read.costs)
    work.believe(
        guards.currency_is_right(expected=work.supplier.currency, found=read.currencies)
        or guards.rows_are_readable(good=len(read.costs), bad=_lost(work, read.refused))
    )
    with (
        staged("feed_costs", ("ref text", "sku text", "amount numeric(12,2)")) as costs,
        staged("feed_costs_read", ("ref text", "cost_digest text")) as remembered,
    ):
        costs.extend(read.costs)
        costs.ready()
        _judge_moves(work, read)
        remembered.extend((ref, digests[ref]) for ref in read.answered - read.troubled)
        remembered.ready()
        work.step(FeedRun.Status.STAGED)
        _apply(work, read, asked_at)


def _digests_to_read(work: Work, adapter: SupplierAdapter, listed: Stage) -> dict[str, str]:
    count = 0
    for row in adapter.product_rows():
        work.keep()
        if isinstance(row, ListRow):
            listed.add((row.ref, row.cost_digest))
            count += 1
    listed.ready()
    work.step(FeedRun.Status.PARSED)
    ((known, still_there),) = rows(STILL_THERE, {"supplier": work.supplier.pk})
    work.believe(guards.list_is_believable(good=count, bad=0, known=known, still_there=still_there))
    every = timedelta(minutes=work.supplier.connection.prices_every_min)
    turn, slices = slice_of(now=work.run.started_at, every=every, within=ALL_WITHIN)
    params = {"supplier": work.supplier.pk, "slice": turn, "slices": slices, "all": slices == 1}
    return dict(rows(TO_READ, params))


def _read(work: Work, adapter: SupplierAdapter, refs: list[str]) -> Read:
    work.say(f"{len(refs)} products to be asked for their prices")
    read = Read()

    def until_time_is_up() -> Iterator[str]:
        for ref in refs:
            if work.is_out_of_time:
                return
            yield ref

    done = 0
    for ref, answer in gather(lambda ref: adapter.costs(ref=ref), until_time_is_up()):
        work.keep()
        done += 1
        if isinstance(answer, GoneError):
            continue  # the product job will write that down
        if isinstance(answer, OutsideError):
            read.refuse(
                ref, BadRow(row=ref, code="cost-no-answer", message=str(answer), is_fatal=False)
            )
            continue
        read.answered.add(ref)
        for row in answer:
            _take(work, read, ref, row)
    work.run.remaining = len(refs) - done
    return read


def _take(work: Work, read: Read, ref: str, row: CostRecord | BadRow) -> None:
    if isinstance(row, BadRow):
        read.refuse(ref, row)
        return
    read.currencies.append(row.cost.currency)
    amount = row.cost.rounded().amount
    if row.cost.currency != work.supplier.currency:
        message = f"The price is in {row.cost.currency}, not in {work.supplier.currency}."
        read.refuse(ref, BadRow(row=row.sku, code="cost-wrong-currency", message=message))
    elif not 0 < amount <= MOST_COST:
        message = f"{row.cost.amount} cannot be a price."
        read.refuse(ref, BadRow(row=row.sku, code="cost-absurd", message=message))
    else:
        read.costs.append((ref, row.sku, amount))


def _judge_moves(work: Work, read: Read) -> None:
    """Refuse single costs that jumped, and the whole run when many did."""
    moved = rows(MOVES, {"supplier": work.supplier.pk})
    refs = {sku: ref for ref, sku, _, _ in moved}
    moves = [CostMove(sku=sku, before=before, after=after) for _, sku, before, after in moved]
    work.believe(guards.costs_are_believable(moves=moves, known=len(read.costs)))
    if work.is_believed:
        return
    for move in guards.jumps(moves):
        message = f"The cost moved from {move.before} to {move.after} at once."
        read.refuse(refs[move.sku], BadRow(row=move.sku, code="cost-jumped", message=message))


@transaction.atomic(durable=True)
def _apply(work: Work, read: Read, asked_at: datetime) -> None:
    """Write all costs at once.

    Locks:  the run, then the offers that change, in id order
    """
    work.hold()
    params = {
        "supplier": work.supplier.pk,
        "run": work.run.pk,
        "refused": read.refused,
        "as_of": asked_at,
    }
    work.run.updated = run(APPLY, params)
    run(HOLD, params)
    run(REMEMBER, params)
    complaints.note(run=work.run, problems=read.problems)
    complaints.resolve(
        run=work.run,
        family=Family.COST,
        problems=read.problems,
        now=work.moment(),
        examined=[*read.answered, *(sku for _, sku, _ in read.costs)],
    )
    work.run.rejected = len(set(read.refused))
    work.run.unchanged = max(0, work.run.read - work.run.updated)
