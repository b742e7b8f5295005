"""Product job: compare the product list, read new and changed pages, retire missing products.

Steps: stage the list, guards, then batches of pages, each in its own transaction, then retire.
Repeatable: pages with an unchanged digest are skipped, so a killed run is continued by the
next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import batched

from catalog.records import BadRow
from storefront.lib.http.errors import OutsideError
from suppliers.connectors.capabilities import BulkCatalog, Connector, PagedCatalog, able, listed_at
from suppliers.connectors.records import ListRow, Omitted, ProductPage
from suppliers.inventory import publication
from suppliers.models import FeedRun
from suppliers.offers import writer
from suppliers.offers.writer import Listed
from suppliers.quarantine import evaluation, guards, pending_changes
from suppliers.quarantine.limits import limits_of_run
from suppliers.runs import issues
from suppliers.runs.issues import Family
from suppliers.runs.runs import Work
from suppliers.runs.staging import Stage, rows, run, staged
from suppliers.sync import product_intake
from suppliers.sync.concurrent_requests import gather
from suppliers.sync.page_batches import Sharing
from suppliers.sync.product_intake import Reading
from suppliers.sync.slices import slice_of

ALL_WITHIN = timedelta(days=7)
BATCH = 40  # pages fetched one by one
BULK_BATCH = 200  # pages that are in the list
PUBLISH_EVERY_S = 5  # larger batches are cheaper; a new shop should show products soon
MANY = 500
NO_SLICE = -1

COMPARED = """
SELECT count(*), count(l.ref)
FROM suppliers_supplierproduct p
LEFT JOIN (SELECT DISTINCT ref FROM feed_list) l ON l.ref = p.ref
WHERE p.supplier_id = %(supplier)s AND p.status <> 'gone'
"""
TWICE = """
SELECT ref FROM feed_list GROUP BY ref HAVING count(DISTINCT list_digest) > 1 ORDER BY ref
"""
CHOOSE = """
CREATE TEMPORARY TABLE feed_to_read AS
SELECT DISTINCT ON (l.ref) l.ref, l.list_digest, l.cost_digest, p.changed_at,
  p.list_digest IS DISTINCT FROM l.list_digest AS is_news
FROM feed_list l
LEFT JOIN suppliers_supplierproduct p ON p.supplier_id = %(supplier)s AND p.ref = l.ref
WHERE p.id IS NULL OR p.status = 'gone' OR p.list_digest <> l.list_digest OR %(all)s
  OR (hashtextextended(p.ref, 0) %% %(slices)s + %(slices)s) %% %(slices)s = %(slice)s
ORDER BY l.ref
"""
# Changed products first, then those read longest ago: time or quota may not suffice for all.
TO_READ = """
SELECT ref, list_digest, cost_digest FROM feed_to_read
ORDER BY is_news DESC, changed_at NULLS FIRST, ref
"""
TAKEN = """
DELETE FROM feed_to_read WHERE ref = ANY(%(refs)s) RETURNING ref, list_digest, cost_digest
"""
# A price list creates offers before they are products. What was read after the list was requested
# is not missing from it.
VANISHED = """
SELECT p.ref FROM suppliers_supplierproduct p
WHERE p.supplier_id = %(supplier)s AND p.status <> 'gone'
  AND (%(listed_at)s::timestamptz IS NULL OR p.changed_at < %(listed_at)s)
  AND NOT EXISTS (SELECT 1 FROM feed_list l WHERE l.ref = p.ref)
UNION
SELECT o.supplier_product FROM suppliers_supplieroffer o
WHERE o.supplier_id = %(supplier)s AND o.status <> 'gone'
  AND (%(listed_at)s::timestamptz IS NULL OR o.seen_at < %(listed_at)s)
  AND NOT EXISTS (SELECT 1 FROM feed_list l WHERE l.ref = o.supplier_product)
ORDER BY 1
"""

# Until autovacuum runs, the planner assumes that tables just filled are empty.
FRESH_STATISTICS = """
ANALYZE suppliers_supplierproduct, suppliers_supplieroffer, suppliers_stocklevel,
  suppliers_stockmovement, catalog_product, catalog_variant, catalog_identifier,
  catalog_listing, catalog_card
"""


def take_products(work: Work, connector: Connector) -> None:
    """Compare the whole list with the known products, then read the pages that may have changed.

    A bulk list is read twice: for comparison, then for its pages.

    Raises: QuarantinedError  a guard rejects it: nothing is written, or nothing more
        OutsideError  the supplier does not answer
    """
    bulk = connector if isinstance(connector, BulkCatalog) else None
    listing = bulk.pages() if bulk else able(connector, PagedCatalog).product_rows()
    is_whole = bulk is None or bulk.omitted_products is not Omitted.UNCHANGED
    with staged("feed_list", ("ref text", "list_digest text", "cost_digest text")) as stage:
        good, bad = _stage(work, stage, listing)
        work.run.read = good + len(bad)
        work.step(FeedRun.Status.PARSED)
        unusable = sum(row.is_fatal for row in bad)
        is_gone = bulk is None or bulk.omitted_products is Omitted.GONE
        work.keep_changes = lambda: pending_changes.keep_products(work.run, tells_gone=is_gone)
        evaluation.look_at_file(work, connector)
        evaluation.look_at_lists(work, connector)
        evaluation.look_for_twins(
            work, read=good + len(bad), twice=sum(row.code == "list-twice" for row in bad)
        )
        work.believe(_reason_to_doubt(work, good=good, bad=unusable, is_whole=is_whole))
        if is_whole:
            evaluation.look_at_count(work, good=good)
        bad += [
            BadRow(row=ref, code="list-twice", message="Listed twice, with different content.")
            for (ref,) in rows(TWICE)
        ]
        to_read = _choose(work, is_paged=bulk is None)
        params = {"supplier": work.supplier.pk, "listed_at": listed_at(connector)}
        vanished = rows(VANISHED, params) if is_gone else []
    work.step(FeedRun.Status.STAGED)
    work.keep_changes = None  # from here on batches are written
    issues.tell(work=work, family=Family.LIST, problems=bad)
    work.say(f"{good} products listed, {to_read} pages to fetch, {len(vanished)} missing")
    # An unreadable row may be a product, or one SKU of a product, that seems to be missing.
    nameless = sum(row.code in {"list-unreadable", "list-no-id"} for row in bad)
    work.is_torn = bulk is not None and bool(nameless)
    reading, sharing = Reading(work=work), Sharing(work)
    if bulk is None:
        _read_pages(reading, sharing, able(connector, PagedCatalog))
    else:
        _take_pages(reading, sharing, bulk, to_read)
    sharing.finish()
    if not nameless:
        writer.retire(work=work, refs=[ref for (ref,) in vanished])
    elif vanished:
        work.remarks.append(
            f"{nameless} rows cannot be read. {len(vanished)} products missing from the list may"
            " be among them, so they are kept."
        )
    if work.run.created >= MANY:
        run(FRESH_STATISTICS)
    work.run.remaining = to_read - sharing.done
    work.run.rejected += unusable
    untouched = good - sharing.done - work.run.remaining
    work.run.unchanged += max(0, untouched)


def _stage(
    work: Work, stage: Stage, listing: Iterable[ListRow | ProductPage | BadRow]
) -> tuple[int, list[BadRow]]:
    """Stage the list; return the number of good rows, and the bad ones."""
    bad: list[BadRow] = []
    good = 0
    for row in listing:
        work.keep()
        if isinstance(row, BadRow):
            bad.append(row)
        else:
            stage.add((row.ref, row.digest, row.cost_digest))
            good += 1
    stage.ready()
    return good, bad


def _reason_to_doubt(work: Work, *, good: int, bad: int, is_whole: bool) -> str:
    if not is_whole:
        return guards.rows_are_readable(good=good, bad=bad, limits=limits_of_run(work))
    ((known, still_there),) = rows(COMPARED, {"supplier": work.supplier.pk})
    return guards.list_is_believable(
        good=good, bad=bad, known=known, still_there=still_there, limits=limits_of_run(work)
    )


def _choose(work: Work, *, is_paged: bool) -> int:
    """Choose the pages to read; return how many. A bulk list is complete, so it needs no slice."""
    every = timedelta(minutes=work.supplier.connection.products_every_min)
    turn, slices = slice_of(now=work.run.started_at, every=every, within=ALL_WITHIN)
    run("DROP TABLE IF EXISTS pg_temp.feed_to_read")
    run(
        CHOOSE,
        {
            "supplier": work.supplier.pk,
            "slice": turn if is_paged else NO_SLICE,
            "slices": slices,
            "all": is_paged and slices == 1,
        },
    )
    ((count,),) = rows("SELECT count(*) FROM feed_to_read")
    return int(count)


def _read_pages(reading: Reading, sharing: Sharing, catalog: PagedCatalog) -> None:
    work = reading.work
    listed = {ref: Listed(ref=ref, digest=d, cost_digest=c) for ref, d, c in rows(TO_READ)}

    def until_time_is_up() -> Iterator[str]:
        for ref in listed:
            if work.is_out_of_time:
                return
            yield ref

    pages = gather(lambda ref: catalog.product(ref=ref), until_time_is_up(), spent=work.spent)
    for batch in batched(pages, BATCH):
        _take(reading, sharing, [(listed[ref], page) for ref, page in batch])


def _take_pages(reading: Reading, sharing: Sharing, catalog: BulkCatalog, to_read: int) -> None:
    """Read the list again up to the last chosen product; of duplicates the first counts."""
    pages = (row for row in catalog.pages() if isinstance(row, ProductPage))
    for batch in batched(pages if to_read else (), BULK_BATCH):
        if reading.work.is_out_of_time:
            return
        taken = rows(TAKEN, {"refs": [page.ref for page in batch]})
        listed = {ref: Listed(ref=ref, digest=d, cost_digest=c) for ref, d, c in taken}
        chosen = [(listed.pop(page.ref), page) for page in batch if page.ref in listed]
        if chosen:
            _take(reading, sharing, chosen)
        to_read -= len(taken)
        if not to_read:
            return


def _take(
    reading: Reading,
    sharing: Sharing,
    answers: Sequence[tuple[Listed, ProductPage | OutsideError]],
) -> None:
    work = reading.work
    work.keep()
    sharing.take(product_intake.sift(reading, answers))
    if reading.is_time_to_publish(PUBLISH_EVERY_S):
        publication.publish_waiting(now=work.moment())
    work.say(f"{reading.read} pages read, {sharing.done} imported, {sharing.skus} SKUs")
