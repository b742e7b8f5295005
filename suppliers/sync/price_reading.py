"""Price reading: read all of a supplier's costs, or those that may have changed.

The list is checked here; ``prices`` checks the costs together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from catalog.records import BadRow
from storefront.lib.http.errors import OutsideError
from suppliers.connectors.bulk import BulkOffers, Lines, OfferRow
from suppliers.connectors.capabilities import (
    BulkStockAndPrice,
    Connector,
    PagedCatalog,
    PagedStockAndPrice,
    able,
)
from suppliers.connectors.records import CostRecord, GoneError, ListRow, Omitted
from suppliers.models import FeedRun, SupplierOffer
from suppliers.offers import price_list
from suppliers.quarantine import evaluation, guards
from suppliers.quarantine.limits import limits_of_run
from suppliers.runs.runs import Work
from suppliers.runs.staging import Stage, rows, staged
from suppliers.sync.concurrent_requests import gather
from suppliers.sync.product_intake import wrong_cost
from suppliers.sync.slices import slice_of

ALL_WITHIN = timedelta(days=1)
LEFT_OUT = (
    "The supplier's prices no longer include this SKU: it is off sale. The next product"
    " sync discontinues the offer, unless the product page still lists it."
)

STILL_THERE = """
SELECT count(*), count(l.ref)
FROM suppliers_supplierproduct p
LEFT JOIN (SELECT DISTINCT ref FROM feed_costs_list) l ON l.ref = p.ref
WHERE p.supplier_id = %(supplier)s AND p.status <> 'gone'
"""
# Changed products first, then those read longest ago: time or quota may not suffice for all.
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
    """The costs that were read, and their problems.

    ``costs`` is staged as ``price_list.COLUMNS``. ``troubled`` products have a problem and are
    read again next time. ``shrunk`` products leave out a SKU that is on sale. ``examined``
    names the products and SKUs that were checked; None means all.
    """

    costs: Stage
    count: int = 0
    currencies: Counter[str] = field(default_factory=Counter)
    digests: dict[str, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    troubled: set[str] = field(default_factory=set)
    shrunk: set[str] = field(default_factory=set)
    examined: list[str] | None = field(default_factory=list)
    problems: list[BadRow] = field(default_factory=list)

    def refuse(self, ref: str, problem: BadRow) -> None:
        self.troubled.add(ref)
        self.problems.append(problem)

    @property
    def refused(self) -> list[str]:
        """SKUs without a plausible cost: not sold until they have one."""
        return [row.row for row in self.problems if row.code != "cost-no-answer"]


def ask(work: Work, connector: Connector, read: Read) -> None:
    """Read the costs into ``read``: all, or those that may have changed.

    Raises: QuarantinedError  a guard rejects the list
        OutsideError  the supplier does not answer
    """
    if isinstance(connector, BulkStockAndPrice):
        _read_all(work, connector, read)
    else:
        _read_changed(work, connector, read)
        read.costs.ready()
        price_list.compare(work=work, is_whole=False)


def _read_all(work: Work, connector: BulkStockAndPrice, read: Read) -> None:
    """Read a whole price list or a delta, as the connector declares."""
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
    evaluation.look_at_lists(work, connector)
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
    """Read a price list in bulk; rows that need care are checked one by one."""
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
    """Read the prices of the products that may have changed."""
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
    work.say(f"{len(refs)} products to fetch prices for")

    def until_time_is_up() -> Iterator[str]:
        for ref in refs:
            if work.is_out_of_time:
                return
            yield ref

    done = 0
    skus = _known_skus(work, refs)
    asked = gather(lambda ref: prices.costs(ref=ref), until_time_is_up(), spent=work.spent)
    for ref, answer in asked:
        work.keep()
        done += 1
        if isinstance(answer, GoneError):
            continue  # the product job handles it
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
        _look_for_left_out(read, ref, answer, skus.get(ref, {}))
    work.run.remaining = len(refs) - done


def _known_skus(work: Work, refs: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the known SKUs of these products, each with its status."""
    offers = SupplierOffer.objects.filter(supplier=work.supplier, supplier_product__in=refs)
    skus: dict[str, dict[str, str]] = defaultdict(dict)
    for ref, sku, status in offers.values_list("supplier_product", "supplier_sku", "status"):
        skus[ref][sku] = status
    return skus


def _look_for_left_out(
    read: Read, ref: str, answer: Sequence[CostRecord | BadRow], skus: Mapping[str, str]
) -> None:
    """Hold the SKUs that a product's prices leave out: the supplier no longer sells them.

    If the answer has an unreadable row with an unknown SKU, none is held: the row may be any of
    them. The product job ends the offers.
    """
    if read.examined is not None:
        read.examined += skus
    told = {row.row if isinstance(row, BadRow) else row.sku for row in answer}
    if told - skus.keys() and any(isinstance(row, BadRow) for row in answer):
        return
    for sku in sorted(skus.keys() - told):
        if skus[sku] != SupplierOffer.Status.GONE:
            read.problems.append(
                BadRow(row=sku, code="cost-left-out", message=LEFT_OUT, is_fatal=False)
            )
        if skus[sku] == SupplierOffer.Status.ACTIVE:
            read.shrunk.add(ref)


def _take(
    work: Work, read: Read, ref: str, row: CostRecord | BadRow, *, offer: OfferRow | None = None
) -> None:
    if isinstance(row, BadRow):
        read.refuse(ref, row)
        return
    read.currencies[row.cost.currency] += 1
    amount = row.cost.rounded().amount
    wrong = wrong_cost(row.cost, sku=row.sku, expected=work.supplier.currency)
    if wrong is not None:
        read.refuse(ref, wrong)
    else:
        told = offer or OfferRow(ref=ref, sku=row.sku)
        read.costs.add(price_list.cells(told, amount=amount, currency=work.supplier.currency))
        read.count += 1
        if read.examined is not None:
            read.examined.append(row.sku)
