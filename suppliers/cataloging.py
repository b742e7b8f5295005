"""The product job: read what is new or changed at a supplier, and what he sells no more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import batched

from django.db import transaction

from catalog.records import BadRow
from suppliers import complaints, guards, offering, supply, writing
from suppliers.adapters.base import SupplierAdapter
from suppliers.complaints import Family
from suppliers.gathering import gather
from suppliers.models import FeedRun
from suppliers.offering import Reading
from suppliers.runs import Work
from suppliers.slices import slice_of
from suppliers.staging import rows, run, staged
from suppliers.writing import Listed

ALL_WITHIN = timedelta(days=7)
BATCH = 40
MANY = 500

COMPARED = """
SELECT count(*), count(l.ref)
FROM suppliers_supplierproduct p
LEFT JOIN (SELECT DISTINCT ref FROM feed_list) l ON l.ref = p.ref
WHERE p.supplier_id = %(supplier)s AND p.status <> 'gone'
"""
TWICE = """
SELECT ref FROM feed_list GROUP BY ref HAVING count(DISTINCT list_digest) > 1 ORDER BY ref
"""
TO_READ = """
SELECT DISTINCT ON (l.ref) l.ref, l.list_digest, l.cost_digest
FROM feed_list l
LEFT JOIN suppliers_supplierproduct p ON p.supplier_id = %(supplier)s AND p.ref = l.ref
WHERE p.id IS NULL OR p.status = 'gone' OR p.list_digest <> l.list_digest OR %(all)s
  OR (hashtextextended(p.ref, 0) %% %(slices)s + %(slices)s) %% %(slices)s = %(slice)s
ORDER BY l.ref
"""
VANISHED = """
SELECT p.ref FROM suppliers_supplierproduct p
WHERE p.supplier_id = %(supplier)s AND p.status <> 'gone'
  AND NOT EXISTS (SELECT 1 FROM feed_list l WHERE l.ref = p.ref)
ORDER BY p.ref
"""

# Until autovacuum comes by, the planner believes that tables just filled are empty.
FRESH_STATISTICS = """
ANALYZE suppliers_supplierproduct, suppliers_supplieroffer, suppliers_stocklevel,
  suppliers_stockmovement, catalog_product, catalog_variant, catalog_identifier,
  catalog_listing, catalog_card
"""


def take_products(work: Work, adapter: SupplierAdapter) -> None:
    """Compare the whole list with what we know, then read the pages that may have changed.

    Pages are taken in batch by batch: a run that is killed leaves whole batches, and the next
    one goes on from there.

    Raises: QuarantinedError  not believable: nothing is written, or nothing more
            OutsideError  the supplier does not answer
    """
    with staged("feed_list", ("ref text", "list_digest text", "cost_digest text")) as stage:
        bad: list[BadRow] = []
        good = 0
        for row in adapter.product_rows():
            work.keep()
            if isinstance(row, BadRow):
                bad.append(row)
            else:
                stage.add((row.ref, row.digest, row.cost_digest))
                good += 1
        stage.ready()
        work.run.read = good + len(bad)
        work.step(FeedRun.Status.PARSED)
        ((known, still_there),) = rows(COMPARED, {"supplier": work.supplier.pk})
        unusable = sum(row.is_fatal for row in bad)
        work.believe(
            guards.list_is_believable(good=good, bad=unusable, known=known, still_there=still_there)
        )
        bad += [
            BadRow(row=ref, code="list-twice", message="Listed twice, in different words.")
            for (ref,) in rows(TWICE)
        ]
        to_read = _to_read(work)
        vanished = [ref for (ref,) in rows(VANISHED, {"supplier": work.supplier.pk})]
    work.step(FeedRun.Status.STAGED)
    _note_list(work, bad)
    work.say(f"{good} products listed, {len(to_read)} pages to read, {len(vanished)} vanished")
    reading = Reading(work=work)
    _read_pages(reading, adapter, to_read)
    if not any(row.code in {"list-unreadable", "list-no-id"} for row in bad):
        # A row that we cannot read may be a product that only seems to be missing.
        writing.retire(work=work, refs=vanished)
    if work.run.created >= MANY:
        run(FRESH_STATISTICS)
    work.run.remaining = len(to_read) - reading.done
    work.run.rejected += unusable
    untouched = good - reading.done - work.run.remaining
    work.run.unchanged += max(0, untouched)


def _to_read(work: Work) -> list[Listed]:
    every = timedelta(minutes=work.supplier.connection.products_every_min)
    turn, slices = slice_of(now=work.run.started_at, every=every, within=ALL_WITHIN)
    params = {"supplier": work.supplier.pk, "slice": turn, "slices": slices, "all": slices == 1}
    return [
        Listed(ref=ref, digest=digest, cost_digest=cost_digest)
        for ref, digest, cost_digest in rows(TO_READ, params)
    ]


@transaction.atomic(durable=True)
def _note_list(work: Work, bad: list[BadRow]) -> None:
    work.hold()
    complaints.note(run=work.run, problems=bad)
    complaints.resolve(run=work.run, family=Family.LIST, problems=bad, now=work.moment())


def _read_pages(reading: Reading, adapter: SupplierAdapter, to_read: list[Listed]) -> None:
    work = reading.work
    listed = {row.ref: row for row in to_read}

    def until_time_is_up() -> Iterator[str]:
        for ref in listed:
            if work.is_out_of_time:
                return
            yield ref

    pages = gather(lambda ref: adapter.product(ref=ref), until_time_is_up())
    for batch in batched(pages, BATCH):
        work.keep()
        offering.take_pages(reading, [(listed[ref], page) for ref, page in batch])
        supply.publish_waiting(now=work.moment())
        work.say(f"{reading.done} of {len(to_read)} pages, {reading.skus} SKUs")
