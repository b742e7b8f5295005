"""Price job: read all of a supplier's costs or those that may have changed, check, write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from catalog.records import BadRow
from storefront.lib.http.errors import OutsideError
from suppliers.connectors.bulk import BulkOffers, Lines, OfferRow
from suppliers.connectors.capabilities import (
    BulkStockAndPrice,
    Connector,
    PagedCatalog,
    PagedStockAndPrice,
    able,
    listed_at,
)
from suppliers.connectors.records import CostRecord, GoneError, ListRow, Omitted
from suppliers.inventory import confirmations
from suppliers.models import FeedRun, SupplierOffer
from suppliers.offers import bulk_matching, price_list
from suppliers.quarantine import evaluation, guards, pending_changes
from suppliers.quarantine.limits import limits_of_run
from suppliers.runs import issues, runs
from suppliers.runs.issues import Family
from suppliers.runs.runs import Work
from suppliers.runs.staging import Stage, roomy, rows, run, staged
from suppliers.sync.concurrent_requests import gather
from suppliers.sync.slices import slice_of

ALL_WITHIN = timedelta(days=1)
MOST_COST = Decimal(1_000_000)

STILL_THERE = """
SELECT count(*), count(l.ref)
FROM suppliers_supplierproduct p
LEFT JOIN (SELECT DISTINCT ref FROM feed_costs_list) l ON l.ref = p.ref
WHERE p.supplier_id = %(supplier)s AND p.status <> 'gone'
"""
# News first, then what we have not read for longest: time or points may not do for all.
TO_READ = """
SELECT ref, cost_digest FROM (
  SELECT DISTINCT ON (p.ref) p.ref, l.cost_digest, p.changed_at,
    p.cost_digest <> l.cost_digest AS is_news
  FROM feed_costs_list l
  JOIN suppliers_supplierproduct p ON p.supplier_id = %(supplier)s AND p.ref = l.ref
  WHERE p.status = 'active' AND (
    p.cost_digest <> l.cost_digest OR %(all)s
    OR (hashtextextended(p.ref, 0) %% %(slices)s + %(slices)s) %% %(slices)s = %(slice)s
  )
  ORDER BY p.ref
) to_read
ORDER BY is_news DESC, changed_at, ref
"""


@dataclass
class Read:
    """What was read of the prices, and what is wrong with it.

    ``costs`` is laid out as ``price_list.COLUMNS``. ``troubled`` are the products that
    something is wrong with: they are read again next time. ``examined`` is None for all.
    """

    costs: Stage
    count: int = 0
    currencies: Counter[str] = field(default_factory=Counter)
    digests: dict[str, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    troubled: set[str] = field(default_factory=set)
    examined: list[str] | None = field(default_factory=list)
    problems: list[BadRow] = field(default_factory=list)

    def refuse(self, ref: str, problem: BadRow) -> None:
        self.troubled.add(ref)
        self.problems.append(problem)

    @property
    def refused(self) -> list[str]:
        """SKUs whose cost cannot be believed: they are not sold until it can."""
        return [row.row for row in self.problems if row.code != "cost-no-answer"]


def ask(work: Work, connector: Connector, read: Read) -> None:
    """Read what there is to read into ``read``.

    Raises: QuarantinedError  the list is not believable
            OutsideError  the supplier does not answer
    """
    if isinstance(connector, BulkStockAndPrice):
        _read_all(work, connector, read)
    else:
        _read_changed(work, connector, read)
        read.costs.ready()
        price_list.compare(work=work, is_whole=False)


def _read_all(work: Work, connector: BulkStockAndPrice, read: Read) -> None:
    """Read a whole list of prices, which says so itself when it names only what changed."""
    is_whole = connector.omitted_costs is not Omitted.UNCHANGED
    if not is_whole:
        work.run.profile["names_changes"] = True
    if isinstance(connector, BulkOffers):
        read.examined = None
        _read_lines(work, connector, read)
    else:
        for ref, told in connector.cost_rows():
            work.keep()
            for row in told:
                _take(work, read, ref, row)
    read.costs.ready()
    price_list.compare(work=work, is_whole=is_whole)
    work.step(FeedRun.Status.PARSED)
    evaluation.look_at_file(work, connector)
    rows_read = read.count + len(read.problems)
    if isinstance(connector, BulkOffers):
        for ref, problem in price_list.told_twice():
            read.refuse(ref, problem)
        read.examined = [
            *price_list.named_again(work=work),
            *(problem.row for problem in read.problems),
        ]
    twice = sum(problem.code == "cost-twice" for problem in read.problems)
    evaluation.look_for_twins(work, read=rows_read, twice=twice)
    if is_whole:
        read.examined = None
        known, still_there = price_list.still_priced(work=work)
        work.believe(
            guards.list_is_believable(
                good=read.count,
                bad=len(read.problems),
                known=known,
                still_there=still_there,
                limits=limits_of_run(work),
            )
        )
        evaluation.look_at_count(work, good=read.count)


def _read_lines(work: Work, connector: BulkOffers, read: Read) -> None:
    """Read a list that comes in pieces; the rows that need care are looked at one by one."""
    for told in connector.offer_lines():
        if isinstance(told, Lines):
            read.count += told.count
            read.currencies[work.supplier.currency] += told.count
            if read.costs.pour(told.text):
                work.keep()
        elif isinstance(told, BadRow) or isinstance(told.cost, BadRow):
            ref = "" if isinstance(told, BadRow) else told.ref
            read.refuse(ref, told if isinstance(told, BadRow) else told.cost)  # type: ignore[arg-type]
        elif told.cost is not None:
            cost = CostRecord(sku=told.sku, cost=told.cost)
            _take(work, read, told.ref, cost, offer=told)


def _read_changed(work: Work, connector: Connector, read: Read) -> None:
    """Find in the list of products whose prices may have changed, and ask for those."""
    catalog, prices = able(connector, PagedCatalog), able(connector, PagedStockAndPrice)
    with staged("feed_costs_list", ("ref text", "cost_digest text")) as listed:
        read.digests = _digests_to_read(work, catalog, listed)
    _read(work, prices, read)


def _digests_to_read(work: Work, catalog: PagedCatalog, listed: Stage) -> dict[str, str]:
    count = 0
    for row in catalog.product_rows():
        work.keep()
        if isinstance(row, ListRow):
            listed.add((row.ref, row.cost_digest))
            count += 1
    listed.ready()
    work.step(FeedRun.Status.PARSED)
    ((known, still_there),) = rows(STILL_THERE, {"supplier": work.supplier.pk})
    work.believe(
        guards.list_is_believable(
            good=count, bad=0, known=known, still_there=still_there, limits=limits_of_run(work)
        )
    )
    evaluation.look_at_count(work, good=count)
    every = timedelta(minutes=work.supplier.connection.prices_every_min)
    turn, slices = slice_of(now=work.run.started_at, every=every, within=ALL_WITHIN)
    params = {"supplier": work.supplier.pk, "slice": turn, "slices": slices, "all": slices == 1}
    return dict(rows(TO_READ, params))


def _read(work: Work, prices: PagedStockAndPrice, read: Read) -> None:
    refs = list(read.digests)
    work.say(f"{len(refs)} products to be asked for their prices")

    def until_time_is_up() -> Iterator[str]:
        for ref in refs:
            if work.is_out_of_time:
                return
            yield ref

    done = 0
    asked = gather(lambda ref: prices.costs(ref=ref), until_time_is_up(), spent=work.spent)
    for ref, answer in asked:
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
        if read.examined is not None:
            read.examined.append(ref)
        for row in answer:
            _take(work, read, ref, row)
    work.run.remaining = len(refs) - done


def _take(
    work: Work, read: Read, ref: str, row: CostRecord | BadRow, *, offer: OfferRow | None = None
) -> None:
    if isinstance(row, BadRow):
        read.refuse(ref, row)
        return
    read.currencies[row.cost.currency] += 1
    amount = row.cost.rounded().amount
    if row.cost.currency != work.supplier.currency:
        message = f"The price is in {row.cost.currency}, not in {work.supplier.currency}."
        read.refuse(ref, BadRow(row=row.sku, code="cost-wrong-currency", message=message))
    elif not 0 < amount <= MOST_COST:
        message = f"{row.cost.amount} cannot be a price."
        read.refuse(ref, BadRow(row=row.sku, code="cost-absurd", message=message))
    else:
        told = offer or OfferRow(ref=ref, sku=row.sku)
        read.costs.add(price_list.cells(told, amount=amount, currency=work.supplier.currency))
        read.count += 1
        if read.examined is not None:
            read.examined.append(row.sku)


# The job

# A held offer comes back with a cost that can be believed. Where all costs are confirmed with it,
# its own moment stays: it stands in an index, and a row that leaves its indexes alone is written
# in place.
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
REMEMBER = """
UPDATE suppliers_supplierproduct p SET cost_digest = t.cost_digest, changed_at = %(as_of)s
FROM feed_costs_read t
WHERE p.supplier_id = %(supplier)s AND p.ref = t.ref AND p.cost_digest <> t.cost_digest
"""


def _lost(work: Work, refused: list[str]) -> int:
    """Count the refused SKUs that had a cost: those that never had one say nothing new.

    The hourly slices are small. One product that never had prices would otherwise make
    a whole run look like garbage whenever its turn comes.
    """
    had = SupplierOffer.objects.filter(supplier=work.supplier, supplier_sku__in=refused)
    return had.filter(cost_amount__isnull=False).count()


def take_costs(work: Work, connector: Connector) -> None:
    """Read the costs that may have changed, judge them together, and write what did.

    Raises: QuarantinedError  not believable: nothing is written
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
        finally:  # a list that is not believed was read, too
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
        remembered.extend((ref, read.digests[ref]) for ref in read.answered - read.troubled)
        remembered.ready()
        work.step(FeedRun.Status.STAGED)
        if isinstance(connector, BulkOffers):
            work.run.created = _make_offers(work, read, asked_at)
        problems, examined = read.problems, read.examined
        issues.tell(work=work, family=Family.COST, problems=problems, examined=examined)
        with roomy():
            _apply(work, read, asked_at, confirmed_at=listed_at(connector) or asked_at)


def _make_offers(work: Work, read: Read, asked_at: datetime) -> int:
    """Make offers of what is new, and tie those to variants of which we are certain.

    A run that was killed may have made some and tied none.
    """
    made = price_list.create(work=work, refused=read.refused, as_of=asked_at)
    earlier = FeedRun.objects.filter(supplier=work.supplier, kind=work.run.kind)
    last = earlier.exclude(pk=work.run.pk).order_by("-pk").first()
    if made or (last is not None and last.status == FeedRun.Status.FAILED):
        bulk_matching.match(work=work, refused=read.refused)
    return made


def _judge_moves(work: Work, read: Read) -> None:
    """Refuse single costs that jumped, and the whole run when many did."""
    for ref, move in evaluation.look_at_costs(work, known=read.count):
        message = f"The cost moved from {move.before} to {move.after} at once."
        read.refuse(ref, BadRow(row=move.sku, code="cost-jumped", message=message))


@transaction.atomic(durable=True)
def _apply(work: Work, read: Read, asked_at: datetime, *, confirmed_at: datetime) -> None:
    """Write all costs at once, and that the run is applied. What the list told is as old as it.

    Locks:  the run and those that wait, then the offers that change, in id order
    """
    runs.replace_waiting(work)
    doubtful = read.troubled | (read.digests.keys() - read.answered)
    params = {
        "supplier": work.supplier.pk,
        "run": work.run.pk,
        "refused": read.refused,
        "doubtful": list(doubtful),
        "as_of": asked_at,
        "is_confirmed": confirmed_at >= asked_at,
    }
    work.run.updated = run(APPLY, params)
    run(HOLD, params)
    run(REMEMBER, params)
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
