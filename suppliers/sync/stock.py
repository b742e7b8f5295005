"""Stock job: read a supplier's quantities, check them together, write those that changed.

Steps: read and stage, diff (``stock_diff``), guards, then one transaction that merges the rows
and marks the run applied. Repeatable: unchanged rows are not written.
"""

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction

from catalog.records import ImportIssue
from storefront.lib.http.errors import ExternalServiceError
from suppliers.connectors.bulk import BulkOffers, CopyLines
from suppliers.connectors.capabilities import (
    BulkStockAndPrice,
    Connector,
    PagedCatalog,
    PagedStockAndPrice,
    list_fetched_at,
    require,
)
from suppliers.connectors.records import (
    DiscontinuedError,
    MissingRowMeans,
    ProductSummary,
    StockReport,
    is_missing_sku,
)
from suppliers.inventory import confirmations, levels
from suppliers.models import StockLevel, SupplierProduct, SyncRun
from suppliers.quarantine import evaluation, pending_changes
from suppliers.runs import issues, runs
from suppliers.runs.issues import IssueScope
from suppliers.runs.runs import RunContext
from suppliers.runs.staging import StagingTable, rows, run, staging_table, with_large_work_mem
from suppliers.sync import stock_diff
from suppliers.sync.concurrent_requests import fetch_concurrently
from suppliers.sync.stock_diff import StockScope

log = logging.getLogger(__name__)

# Unchanged listings are published again after this time, with the new age of their stock.
REPUBLISH_AFTER = timedelta(hours=6)
UNCHANGED_STOCK_MESSAGE = (
    "{} rows have no SKU. Stock missing from the list may be in one of them, so it is"
    " kept and ages."
)
LOST_CHANGE_MESSAGE = (
    "{} rows of a delta feed have no SKU. Their changes would be lost: a later delta does"
    " not repeat them."
)


CONFIRM_LOCATIONS = """
UPDATE suppliers_stocklocation SET stock_confirmed_at = %(as_of)s
WHERE supplier_id = %(supplier)s AND (stock_confirmed_at IS NULL OR stock_confirmed_at < %(as_of)s)
"""
QUEUE_AGED = """
INSERT INTO suppliers_pendingpublication (variant_id)
SELECT DISTINCT o.variant_id
FROM suppliers_supplieroffer o
JOIN catalog_listing g ON g.variant_id = o.variant_id
WHERE o.supplier_id = %(supplier)s AND o.status <> 'discontinued' AND ({in_scope})
  AND (g.as_of IS NULL OR g.as_of < %(aged)s) AND EXISTS (
  SELECT 1 FROM suppliers_stocklevel l WHERE l.offer_id = o.id
)
"""


@dataclass
class StagedAnswers:
    stage: StagingTable
    products: StagingTable
    listed: int = 0
    problems: list[ImportIssue] = field(default_factory=list)
    # products with a row without SKU, or "" for the whole list
    products_with_unidentified_rows: set[str] = field(default_factory=set)

    def take(
        self, external_id: str, rows_of_product: tuple[StockReport | ImportIssue, ...]
    ) -> None:
        self.products.add((external_id, True))
        self.stage_rows(external_id, rows_of_product)

    def stage_rows(
        self, external_id: str, rows_of_product: tuple[StockReport | ImportIssue, ...]
    ) -> None:
        """Stage figures. If a row has no SKU, note that missing SKUs of the product are unknown."""
        problems = levels.stage_rows(self.stage, rows_of_product, external_id=external_id)
        self.problems += problems
        if any(is_missing_sku(problem) for problem in problems):
            self.products_with_unidentified_rows.add(external_id)

    def params(self, run_context: RunContext) -> dict[str, Any]:
        return {
            "supplier": run_context.supplier.pk,
            "unreadable": self.unreadable,
            "products_with_unidentified_rows": sorted(self.products_with_unidentified_rows - {""}),
        }

    @property
    def unidentified_count(self) -> int:
        return sum(is_missing_sku(problem) for problem in self.problems)

    @property
    def unreadable(self) -> list[str]:
        """SKUs with an unreadable figure: they stay unchanged."""
        return [problem.row for problem in self.problems if problem.is_fatal]


def sync_stock(run_context: RunContext, connector: Connector) -> None:
    """Read every figure, check them together, write the changes.

    Raises: QuarantinedError  a guard rejects them: nothing is written
        ExternalServiceError  the supplier does not answer
    """
    omitted = connector.omitted_stock if isinstance(connector, BulkStockAndPrice) else None
    is_full_list = omitted is not MissingRowMeans.UNCHANGED
    if not is_full_list:
        run_context.run.profile["is_delta"] = True
    with (
        staging_table(levels.STAGE, levels.COLUMNS) as stage,
        staging_table("feed_listed", ("external_id text", "has_figure bool")) as products,
    ):
        answers = StagedAnswers(stage=stage, products=products)
        if isinstance(connector, BulkOffers):
            _read_lines(run_context, connector, answers)
        elif isinstance(connector, BulkStockAndPrice):
            _read_all(run_context, connector, answers)
        else:
            _read_pages(run_context, connector, answers)
            if (at := list_fetched_at(connector)) is not None:
                run_context.run.profile["as_of"] = at.isoformat()
        stage.analyze()
        products.analyze()
        ((run_context.run.read,),) = rows("SELECT count(*) FROM feed_stock")
        run_context.advance(SyncRun.Status.PARSED)
        scope = StockScope(
            omitted=omitted,
            has_unidentified_rows=is_full_list and "" in answers.products_with_unidentified_rows,
            params=answers.params(run_context),
        )
        if answers.products_with_unidentified_rows and not is_full_list:
            run_context.quarantine_if(LOST_CHANGE_MESSAGE.format(answers.unidentified_count))
        stock_diff.stage_diff(scope, safety_stock=run_context.supplier.safety_stock)
        run_context.save_pending_changes = lambda: pending_changes.store_stock_changes(
            run_context.run, unreadable=answers.unreadable, is_full_list=scope.zeroes_missing_rows
        )
        evaluation.check_file(run_context, connector)
        evaluation.check_lists(run_context, connector)
        evaluation.check_stock_duplicates(run_context, is_compared=is_full_list)
        if is_full_list:
            good = answers.listed
            if isinstance(connector, BulkOffers):
                listed = stock_diff.count_listed(scope)
                evaluation.check_listed(run_context, good=good, bad=0, listed=listed)
            else:
                evaluation.check_listed_products(run_context, table="feed_listed", good=good, bad=0)
        evaluation.check_rolled_back_stock(run_context, in_scope=scope.inside, params=scope.params)
        evaluation.check_stock(
            run_context,
            stocked=lambda: stock_diff.count_stocked(scope),
            is_full_list=scope.zeroes_missing_rows,
        )
        if is_full_list and answers.products_with_unidentified_rows:
            run_context.notes.append(UNCHANGED_STOCK_MESSAGE.format(answers.unidentified_count))
        run_context.advance(SyncRun.Status.STAGED)
        issues.sync(run_context=run_context, scope=IssueScope.STOCK, problems=answers.problems)
        with with_large_work_mem():
            _apply(run_context, answers, scope)
        stock_diff.analyze_tables(created=run_context.run.created)


def _read_lines(run_context: RunContext, connector: BulkOffers, answers: StagedAnswers) -> None:
    """Read a stock list in bulk; rows that need care are checked one by one."""
    for item in connector.stock_lines():
        if isinstance(item, CopyLines):
            answers.listed += item.count
            if answers.stage.copy_text(item.text):
                run_context.heartbeat()
        else:
            external_id, figures = item
            answers.listed += 1
            answers.stage_rows(external_id, figures)


def _read_all(
    run_context: RunContext, connector: BulkStockAndPrice, answers: StagedAnswers
) -> None:
    for external_id, figures in connector.stock_rows():
        run_context.heartbeat()
        answers.listed += 1
        answers.take(external_id, figures)


def _read_pages(run_context: RunContext, connector: Connector, answers: StagedAnswers) -> None:
    """Read the list; query the products without a figure one by one, the stalest first."""
    catalog, figures = require(connector, PagedCatalog), require(connector, PagedStockAndPrice)
    without_figure: set[str] = set()
    for row in catalog.product_rows():
        run_context.heartbeat()
        if isinstance(row, ProductSummary):
            answers.listed += 1
            if row.stock is None:
                without_figure.add(row.external_id)
                answers.products.add((row.external_id, False))
            else:
                answers.take(row.external_id, row.stock)
    log.info(
        "%s: %s products listed, %s to fetch", run_context.run, answers.listed, len(without_figure)
    )
    external_ids = [
        external_id for external_id in _stalest_first(run_context) if external_id in without_figure
    ]
    answer_count = 0
    results = fetch_concurrently(
        run_context, lambda external_id: figures.stock(external_id=external_id), external_ids
    )
    for external_id, answer in results:
        answer_count += 1
        if isinstance(answer, DiscontinuedError):
            continue  # the product job handles it
        if isinstance(answer, ExternalServiceError):
            answers.problems.append(
                ImportIssue(
                    row=external_id, code="stock-no-answer", message=str(answer), is_fatal=False
                )
            )
        else:
            answers.take(external_id, answer)
    run_context.run.deferred_rows = len(external_ids) - answer_count


def _stalest_first(run_context: RunContext) -> list[str]:
    """Return the known products, the least recently confirmed first."""
    levels = StockLevel.objects.with_confirmed_at().filter(offer__supplier=run_context.supplier)
    known_at = dict(
        levels.order_by("-known_at").values_list(  # type: ignore[misc]
            "offer__product_external_id", "known_at"
        )
    )
    external_ids = (
        SupplierProduct.objects.filter(supplier=run_context.supplier)
        .exclude(status=SupplierProduct.Status.DISCONTINUED)
        .values_list("external_id", flat=True)
    )
    never = run_context.run.started_at - timedelta(days=36_500)
    return sorted(external_ids, key=lambda external_id: known_at.get(external_id, never))


@transaction.atomic(durable=True)
def _apply(run_context: RunContext, answers: StagedAnswers, scope: StockScope) -> None:
    """Write all figures and mark the run applied.

    A delta confirms the rows that it leaves out, except rows whose change could not be read:
    these become unconfirmed.

    Locks: the run and pending runs, then the changed stock rows, in id order
    """
    runs.lock_and_supersede(run_context)
    now, as_of = run_context.clock(), run_context.run.as_of
    created, changed = levels.merge(
        supplier=run_context.supplier,
        cause=f"run:{run_context.run.pk}",
        as_of=as_of,
        received_at=now,
        is_full_list=scope.zeroes_missing_rows,
        is_confirmed=True,
    )
    params = {**scope.params, "as_of": as_of, "aged": as_of - REPUBLISH_AFTER}
    if scope.omitted is None or answers.unreadable or answers.products_with_unidentified_rows:
        confirmations.mark_unconfirmed(which=scope.outside, params=params)
    confirmations.queue_refreshed(in_scope=scope.inside, params={**params, "now": now})
    run(CONFIRM_LOCATIONS, params)
    run(QUEUE_AGED.format(in_scope=scope.inside), params)
    run_context.run.created, run_context.run.updated = created, changed
    run_context.run.rejected = sum(problem.is_fatal for problem in answers.problems)
    run_context.run.unchanged = max(0, run_context.run.read - created - changed)
    runs.mark_applied(run_context)
