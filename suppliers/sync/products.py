"""Product job: compare the product list, read new and changed pages, retire missing products.

Steps: stage the list, guards, then batches of pages, each in its own transaction, then retire.
Repeatable: pages with an unchanged digest are skipped, so a killed run is continued by the next.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import batched

from catalog.records import ImportIssue
from storefront.lib.http.errors import ExternalServiceError
from suppliers.connectors.capabilities import (
    BulkCatalog,
    Connector,
    PagedCatalog,
    list_fetched_at,
    require,
)
from suppliers.connectors.records import MissingRowMeans, ProductDetail, ProductSummary
from suppliers.inventory import publication
from suppliers.models import SyncRun
from suppliers.offers import writer
from suppliers.offers.writer import ListedProduct
from suppliers.quarantine import evaluation, guards, pending_changes
from suppliers.quarantine.thresholds import run_thresholds
from suppliers.runs import issues
from suppliers.runs.issues import IssueScope
from suppliers.runs.runs import RunContext
from suppliers.runs.staging import StagingTable, rows, run, staging_table
from suppliers.sync import product_intake
from suppliers.sync.concurrent_requests import fetch_concurrently
from suppliers.sync.page_batches import BatchDispatcher
from suppliers.sync.product_intake import IntakeProgress
from suppliers.sync.rotation import rotation_slot

log = logging.getLogger(__name__)

ROTATION_PERIOD = timedelta(days=7)
BATCH = 40  # pages fetched one by one
BULK_BATCH = 200  # pages that are in the list
PUBLISH_EVERY_S = 5  # larger batches are cheaper; a new shop should show products soon
ANALYZE_AFTER = 500
NO_SLICE = -1


SELECT_DUPLICATES = """
SELECT external_id FROM feed_list GROUP BY external_id HAVING count(DISTINCT list_digest) > 1 ORDER BY external_id
"""
STAGE_TO_READ = """
CREATE TEMPORARY TABLE feed_to_read AS
SELECT DISTINCT ON (l.external_id) l.external_id, l.list_digest, l.cost_digest, p.changed_at,
  p.list_digest IS DISTINCT FROM l.list_digest AS is_changed
FROM feed_list l
LEFT JOIN suppliers_supplierproduct p ON p.supplier_id = %(supplier)s AND p.external_id = l.external_id
WHERE p.id IS NULL OR p.status = 'discontinued' OR p.list_digest <> l.list_digest OR %(all)s
  OR (hashtextextended(p.external_id, 0) %% %(slices)s + %(slices)s) %% %(slices)s = %(slice)s
ORDER BY l.external_id
"""
# Changed products first, then those read longest ago: time or quota may not suffice for all.
SELECT_TO_READ = """
SELECT external_id, list_digest, cost_digest FROM feed_to_read
ORDER BY is_changed DESC, changed_at NULLS FIRST, external_id
"""
TAKE_CHOSEN = """
DELETE FROM feed_to_read WHERE external_id = ANY(%(external_ids)s) RETURNING external_id, list_digest, cost_digest
"""
# Also from offers, since a price list creates offers without products. A product that was imported
# after the list was fetched does not count as missing from the list.
SELECT_MISSING = """
SELECT p.external_id FROM suppliers_supplierproduct p
WHERE p.supplier_id = %(supplier)s AND p.status <> 'discontinued'
  AND (%(listed_at)s::timestamptz IS NULL OR p.changed_at < %(listed_at)s)
  AND NOT EXISTS (SELECT 1 FROM feed_list l WHERE l.external_id = p.external_id)
UNION
SELECT o.product_external_id FROM suppliers_supplieroffer o
WHERE o.supplier_id = %(supplier)s AND o.status <> 'discontinued'
  AND (%(listed_at)s::timestamptz IS NULL OR o.seen_at < %(listed_at)s)
  AND NOT EXISTS (SELECT 1 FROM feed_list l WHERE l.external_id = o.product_external_id)
ORDER BY 1
"""

# Newly filled tables have no planner statistics until autovacuum runs ANALYZE.
FRESH_STATISTICS = """
ANALYZE suppliers_supplierproduct, suppliers_supplieroffer, suppliers_stocklevel,
  suppliers_stockmovement, catalog_product, catalog_variant, catalog_identifier,
  catalog_listing, catalog_productcard
"""


def sync_products(run_context: RunContext, connector: Connector) -> None:
    """Compare the whole list with the known products, then read the pages that may have changed.

    A bulk list is read twice: for comparison, then for its pages.

    Raises: QuarantinedError  a guard rejects it: nothing is written, or nothing more
        ExternalServiceError  the supplier does not answer
    """
    bulk = connector if isinstance(connector, BulkCatalog) else None
    listing = bulk.pages() if bulk else require(connector, PagedCatalog).product_rows()
    is_full_list = bulk is None or bulk.omitted_products is not MissingRowMeans.UNCHANGED
    with staging_table(
        "feed_list", ("external_id text", "list_digest text", "cost_digest text")
    ) as stage:
        good, bad = _stage_list(run_context, stage, listing)
        run_context.run.read = good + len(bad)
        run_context.advance(SyncRun.Status.PARSED)
        unusable = sum(row.is_fatal for row in bad)
        is_missing_discontinued = (
            bulk is None or bulk.omitted_products is MissingRowMeans.DISCONTINUED
        )
        run_context.save_pending_changes = lambda: pending_changes.store_product_changes(
            run_context.run, is_missing_discontinued=is_missing_discontinued
        )
        evaluation.check_file(run_context, connector)
        evaluation.check_lists(run_context, connector)
        evaluation.check_duplicates(
            run_context, read=good + len(bad), twice=sum(row.code == "list-twice" for row in bad)
        )
        if is_full_list:
            evaluation.check_listed_products(
                run_context, table="feed_list", good=good, bad=unusable
            )
        else:
            limits = run_thresholds(run_context)
            run_context.quarantine_if(
                guards.invalid_rows_violation(good=good, bad=unusable, limits=limits)
            )
        bad += [
            ImportIssue(
                row=external_id, code="list-twice", message="Listed twice, with different content."
            )
            for (external_id,) in rows(SELECT_DUPLICATES)
        ]
        to_read = _stage_pages(run_context, is_paged=bulk is None)
        params = {"supplier": run_context.supplier.pk, "listed_at": list_fetched_at(connector)}
        missing = rows(SELECT_MISSING, params) if is_missing_discontinued else []
    run_context.advance(SyncRun.Status.STAGED)
    run_context.save_pending_changes = None  # from here on batches are written
    issues.sync(run_context=run_context, scope=IssueScope.LIST, problems=bad)
    log.info(
        "%s: %s products listed, %s pages to fetch, %s missing",
        run_context.run,
        good,
        to_read,
        len(missing),
    )
    # An unreadable row may be a product, or one SKU of a product, that seems to be missing.
    unidentified = sum(row.code in {"list-unreadable", "list-no-id"} for row in bad)
    run_context.has_unidentified_rows = bulk is not None and bool(unidentified)
    progress, dispatcher = IntakeProgress(run_context=run_context), BatchDispatcher(run_context)
    if bulk is None:
        _read_pages(progress, dispatcher, require(connector, PagedCatalog))
    else:
        _import_bulk_pages(progress, dispatcher, bulk, to_read)
    dispatcher.finish()
    if not unidentified:
        writer.discontinue(
            run_context=run_context, external_ids=[external_id for (external_id,) in missing]
        )
    elif missing:
        run_context.notes.append(
            f"{unidentified} rows cannot be read. {len(missing)} products missing from the list may"
            " be among them, so they are kept."
        )
    if run_context.run.created >= ANALYZE_AFTER:
        run(FRESH_STATISTICS)
    run_context.run.deferred_rows = to_read - dispatcher.done
    run_context.run.rejected += unusable
    untouched = good - dispatcher.done - run_context.run.deferred_rows
    run_context.run.unchanged += max(0, untouched)


def _stage_list(
    run_context: RunContext,
    stage: StagingTable,
    listing: Iterable[ProductSummary | ProductDetail | ImportIssue],
) -> tuple[int, list[ImportIssue]]:
    """Stage the list; return the number of good rows, and the bad ones."""
    bad: list[ImportIssue] = []
    good = 0
    for row in listing:
        run_context.heartbeat()
        if isinstance(row, ImportIssue):
            bad.append(row)
        else:
            stage.add((row.external_id, row.digest, row.cost_digest))
            good += 1
    stage.analyze()
    return good, bad


def _stage_pages(run_context: RunContext, *, is_paged: bool) -> int:
    """Choose the pages to read; return how many. A bulk list is complete, so it needs no slice."""
    every = timedelta(minutes=run_context.supplier.connection.products_every_min)
    slice_index, slices = rotation_slot(
        now=run_context.run.started_at, every=every, within=ROTATION_PERIOD
    )
    run("DROP TABLE IF EXISTS pg_temp.feed_to_read")
    run(
        STAGE_TO_READ,
        {
            "supplier": run_context.supplier.pk,
            "slice": slice_index if is_paged else NO_SLICE,
            "slices": slices,
            "all": is_paged and slices == 1,
        },
    )
    ((count,),) = rows("SELECT count(*) FROM feed_to_read")
    return int(count)


def _read_pages(
    progress: IntakeProgress, dispatcher: BatchDispatcher, catalog: PagedCatalog
) -> None:
    run_context = progress.run_context
    listed = _listed_products(rows(SELECT_TO_READ))
    pages = fetch_concurrently(
        run_context, lambda external_id: catalog.product(external_id=external_id), listed
    )
    for batch in batched(pages, BATCH):
        _import_answers(
            progress, dispatcher, [(listed[external_id], page) for external_id, page in batch]
        )


def _import_bulk_pages(
    progress: IntakeProgress, dispatcher: BatchDispatcher, catalog: BulkCatalog, to_read: int
) -> None:
    """Read the list again up to the last chosen product; of duplicates the first counts."""
    pages = (row for row in catalog.pages() if isinstance(row, ProductDetail))
    for batch in batched(pages if to_read else (), BULK_BATCH):
        if progress.run_context.should_stop:
            return
        chosen_rows = rows(TAKE_CHOSEN, {"external_ids": [page.external_id for page in batch]})
        listed = _listed_products(chosen_rows)
        chosen = [
            (listed.pop(page.external_id), page) for page in batch if page.external_id in listed
        ]
        if chosen:
            _import_answers(progress, dispatcher, chosen)
        to_read -= len(chosen_rows)
        if not to_read:
            return


def _listed_products(staged: Iterable[tuple[str, str, str]]) -> dict[str, ListedProduct]:
    return {
        external_id: ListedProduct(external_id=external_id, digest=digest, cost_digest=cost_digest)
        for external_id, digest, cost_digest in staged
    }


def _import_answers(
    progress: IntakeProgress,
    dispatcher: BatchDispatcher,
    answers: Sequence[tuple[ListedProduct, ProductDetail | ExternalServiceError]],
) -> None:
    run_context = progress.run_context
    run_context.heartbeat()
    dispatcher.take(product_intake.classify(progress, answers))
    if progress.is_time_to_publish(PUBLISH_EVERY_S):
        publication.publish_pending(now=run_context.clock())
    log.info(
        "%s: %s pages read, %s imported, %s SKUs",
        run_context.run,
        progress.read,
        dispatcher.done,
        dispatcher.skus,
    )
