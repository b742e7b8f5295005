"""Price reading: read all of a supplier's costs, or those that may have changed.

The list is checked here; ``prices`` then checks the costs as a whole.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from catalog.records import ImportIssue
from storefront.lib.http.errors import ExternalServiceError
from suppliers.connectors.bulk import BulkOffers, CopyLines, OfferRow
from suppliers.connectors.capabilities import (
    BulkStockAndPrice,
    Connector,
    PagedCatalog,
    PagedStockAndPrice,
    require,
)
from suppliers.connectors.records import (
    DiscontinuedError,
    MissingRowMeans,
    PriceReport,
    ProductSummary,
)
from suppliers.models import SupplierOffer, SyncRun
from suppliers.offers import price_list
from suppliers.quarantine import evaluation
from suppliers.runs.runs import RunContext
from suppliers.runs.staging import StagingTable, rows, staging_table
from suppliers.sync.concurrent_requests import fetch_concurrently
from suppliers.sync.product_intake import cost_issue
from suppliers.sync.rotation import rotation_slot

log = logging.getLogger(__name__)

ROTATION_PERIOD = timedelta(days=1)
MISSING_SKU_MESSAGE = (
    "The supplier's prices no longer include this SKU: it is off sale. The next product"
    " sync discontinues the offer, unless the product page still lists it."
)


# Changed products first, then those read longest ago: time or quota may not suffice for all.
SELECT_TO_READ = """
SELECT external_id, cost_digest FROM (
  SELECT DISTINCT ON (p.external_id) p.external_id, l.cost_digest, p.changed_at,
    p.cost_digest <> l.cost_digest AS is_changed
  FROM feed_costs_list l
  JOIN suppliers_supplierproduct p ON p.supplier_id = %(supplier)s AND p.external_id = l.external_id
  WHERE p.status = 'active' AND (
    p.cost_digest <> l.cost_digest OR %(all)s
    OR (hashtextextended(p.external_id, 0) %% %(slices)s + %(slices)s) %% %(slices)s = %(slice)s
  )
  ORDER BY p.external_id
) to_read
ORDER BY is_changed DESC, changed_at, external_id
"""


@dataclass
class PriceReadResult:
    """The costs that were read, and their problems.

    ``costs`` is staged as ``price_list.COLUMNS``. ``with_problems`` products have a problem and are
    read again next time. ``with_missing_skus`` products leave out a SKU that is on sale.
    ``examined`` names the products and SKUs that were checked; None means all.
    """

    costs: StagingTable
    count: int = 0
    currencies: Counter[str] = field(default_factory=Counter)
    digests: dict[str, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    with_problems: set[str] = field(default_factory=set)
    with_missing_skus: set[str] = field(default_factory=set)
    examined: list[str] | None = field(default_factory=list)
    problems: list[ImportIssue] = field(default_factory=list)

    def refuse(self, external_id: str, problem: ImportIssue) -> None:
        self.with_problems.add(external_id)
        self.problems.append(problem)

    @property
    def refused(self) -> list[str]:
        """SKUs without a plausible cost: not sold until they have one."""
        return [row.row for row in self.problems if row.code != "cost-no-answer"]


def read_prices(run_context: RunContext, connector: Connector, read: PriceReadResult) -> None:
    """Read the costs into ``read``: all, or those that may have changed.

    Raises: QuarantinedError  a guard rejects the list
        ExternalServiceError  the supplier does not answer
    """
    if isinstance(connector, BulkStockAndPrice):
        _read_all(run_context, connector, read)
    else:
        _read_changed(run_context, connector, read)
        read.costs.analyze()
        price_list.stage_diff(run_context=run_context, is_full_list=False)


def _read_all(run_context: RunContext, connector: BulkStockAndPrice, read: PriceReadResult) -> None:
    is_full_list = connector.omitted_costs is not MissingRowMeans.UNCHANGED
    if not is_full_list:
        run_context.run.profile["is_delta"] = True
    if isinstance(connector, BulkOffers):
        read.examined = None
        _read_lines(run_context, connector, read)
    else:
        for external_id, costs in connector.cost_rows():
            run_context.heartbeat()
            for row in costs:
                _add_cost(run_context, read, external_id, row)
    read.costs.analyze()
    price_list.stage_diff(run_context=run_context, is_full_list=is_full_list)
    run_context.advance(SyncRun.Status.PARSED)
    evaluation.check_file(run_context, connector)
    evaluation.check_lists(run_context, connector)
    rows_read = read.count + len(read.problems)
    if isinstance(connector, BulkOffers):
        for external_id, problem in price_list.duplicate_prices():
            read.refuse(external_id, problem)
        read.examined = [
            *price_list.skus_with_issues(run_context=run_context),
            *(problem.row for problem in read.problems),
        ]
    twice = sum(problem.code == "cost-twice" for problem in read.problems)
    evaluation.check_duplicates(run_context, read=rows_read, twice=twice)
    if is_full_list:
        read.examined = None
        evaluation.check_listed(
            run_context,
            good=read.count,
            bad=len(read.problems),
            listed=price_list.count_priced(run_context=run_context),
        )


def _read_lines(run_context: RunContext, connector: BulkOffers, read: PriceReadResult) -> None:
    """Read a price list in bulk; rows that need care are checked one by one."""
    for item in connector.offer_lines():
        if isinstance(item, CopyLines):
            read.count += item.count
            read.currencies[run_context.supplier.currency] += item.count
            if read.costs.copy_text(item.text):
                run_context.heartbeat()
        elif isinstance(item, ImportIssue) or isinstance(item.cost, ImportIssue):
            external_id = "" if isinstance(item, ImportIssue) else item.external_id
            read.refuse(external_id, item if isinstance(item, ImportIssue) else item.cost)  # type: ignore[arg-type]
        elif item.cost is not None:
            cost = PriceReport(sku=item.sku, cost=item.cost)
            _add_cost(run_context, read, item.external_id, cost, offer=item)


def _read_changed(run_context: RunContext, connector: Connector, read: PriceReadResult) -> None:
    """Read the prices of the products that may have changed."""
    catalog, prices = require(connector, PagedCatalog), require(connector, PagedStockAndPrice)
    with staging_table("feed_costs_list", ("external_id text", "cost_digest text")) as listed:
        read.digests = _digests_to_read(run_context, catalog, listed)
    _read_pages(run_context, prices, read)


def _digests_to_read(
    run_context: RunContext, catalog: PagedCatalog, listed: StagingTable
) -> dict[str, str]:
    count = 0
    for row in catalog.product_rows():
        run_context.heartbeat()
        if isinstance(row, ProductSummary):
            listed.add((row.external_id, row.cost_digest))
            count += 1
    listed.analyze()
    run_context.advance(SyncRun.Status.PARSED)
    evaluation.check_listed_products(run_context, table="feed_costs_list", good=count, bad=0)
    every = timedelta(minutes=run_context.supplier.connection.prices_every_min)
    slice_index, slices = rotation_slot(
        now=run_context.run.started_at, every=every, within=ROTATION_PERIOD
    )
    params = {
        "supplier": run_context.supplier.pk,
        "slice": slice_index,
        "slices": slices,
        "all": slices == 1,
    }
    return dict(rows(SELECT_TO_READ, params))


def _read_pages(run_context: RunContext, prices: PagedStockAndPrice, read: PriceReadResult) -> None:
    external_ids = list(read.digests)
    log.info("%s: %s products to fetch prices for", run_context.run, len(external_ids))
    done = 0
    skus = _known_skus(run_context, external_ids)
    results = fetch_concurrently(
        run_context, lambda external_id: prices.costs(external_id=external_id), external_ids
    )
    for external_id, answer in results:
        done += 1
        if isinstance(answer, DiscontinuedError):
            continue  # the product job handles it
        if isinstance(answer, ExternalServiceError):
            read.refuse(
                external_id,
                ImportIssue(
                    row=external_id, code="cost-no-answer", message=str(answer), is_fatal=False
                ),
            )
            continue
        read.answered.add(external_id)
        if read.examined is not None:
            read.examined.append(external_id)
        for row in answer:
            _add_cost(run_context, read, external_id, row)
        _hold_missing_skus(read, external_id, answer, skus.get(external_id, {}))
    run_context.run.deferred_rows = len(external_ids) - done


def _known_skus(run_context: RunContext, external_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    offers = SupplierOffer.objects.filter(
        supplier=run_context.supplier, product_external_id__in=external_ids
    )
    skus: dict[str, dict[str, str]] = defaultdict(dict)
    for external_id, sku, status in offers.values_list(
        "product_external_id", "supplier_sku", "status"
    ):
        skus[external_id][sku] = status
    return skus


def _hold_missing_skus(
    read: PriceReadResult,
    external_id: str,
    answer: Sequence[PriceReport | ImportIssue],
    skus: Mapping[str, str],
) -> None:
    """Hold the SKUs that a product's prices leave out: the supplier no longer sells them.

    If the answer has an unreadable row with an unknown SKU, none is held: the row may be any of
    them. The product job ends the offers.
    """
    if read.examined is not None:
        read.examined += skus
    reported_skus = {row.row if isinstance(row, ImportIssue) else row.sku for row in answer}
    if reported_skus - skus.keys() and any(isinstance(row, ImportIssue) for row in answer):
        return
    for sku in sorted(skus.keys() - reported_skus):
        if skus[sku] != SupplierOffer.Status.DISCONTINUED:
            read.problems.append(
                ImportIssue(
                    row=sku, code="cost-left-out", message=MISSING_SKU_MESSAGE, is_fatal=False
                )
            )
        if skus[sku] == SupplierOffer.Status.ACTIVE:
            read.with_missing_skus.add(external_id)


def _add_cost(
    run_context: RunContext,
    read: PriceReadResult,
    external_id: str,
    row: PriceReport | ImportIssue,
    *,
    offer: OfferRow | None = None,
) -> None:
    if isinstance(row, ImportIssue):
        read.refuse(external_id, row)
        return
    read.currencies[row.cost.currency] += 1
    amount = row.cost.rounded().amount
    issue = cost_issue(row.cost, sku=row.sku, expected=run_context.supplier.currency)
    if issue is not None:
        read.refuse(external_id, issue)
    else:
        offer_row = offer or OfferRow(external_id=external_id, sku=row.sku)
        read.costs.add(
            price_list.staged_row(offer_row, amount=amount, currency=run_context.supplier.currency)
        )
        read.count += 1
        if read.examined is not None:
            read.examined.append(row.sku)
