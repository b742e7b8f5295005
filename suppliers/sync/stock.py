"""Stock job: read a supplier's quantities, check them together, write those that changed.

Steps: read and stage, diff (``stock_diff``), guards, then one transaction that merges the rows
and marks the run applied. Repeatable: unchanged rows are not written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction

from catalog.records import BadRow
from storefront.lib.http.errors import OutsideError
from suppliers.connectors.bulk import BulkOffers, Lines
from suppliers.connectors.capabilities import (
    BulkStockAndPrice,
    Connector,
    PagedCatalog,
    PagedStockAndPrice,
    able,
    listed_at,
)
from suppliers.connectors.records import GoneError, ListRow, Omitted, StockRecord, is_nameless
from suppliers.inventory import confirmations, levels
from suppliers.models import FeedRun, StockLevel, SupplierProduct
from suppliers.quarantine import evaluation, guards, pending_changes
from suppliers.quarantine.limits import limits_of_run
from suppliers.runs import issues, runs
from suppliers.runs.issues import Family
from suppliers.runs.runs import Work
from suppliers.runs.staging import Stage, roomy, rows, run, staged
from suppliers.sync import stock_diff
from suppliers.sync.concurrent_requests import gather

# An unchanged listing gets its new stock age after so long.
LISTING_AGES = timedelta(hours=6)
LEFT_AS_IT_WAS = (
    "{} rows have no SKU. Stock missing from the list may be in one of them, so it is"
    " kept and ages."
)
NEVER_TOLD_AGAIN = (
    "{} rows of a delta feed have no SKU. Their changes would be lost: a later delta does"
    " not repeat them."
)

KNOWN = """
SELECT count(*), count(*) FILTER (WHERE p.ref IN (SELECT ref FROM feed_listed))
FROM suppliers_supplierproduct p WHERE p.supplier_id = %(supplier)s AND p.status <> 'gone'
"""
CONFIRMED = """
UPDATE suppliers_stocklocation SET stock_as_of = %(as_of)s
WHERE supplier_id = %(supplier)s AND (stock_as_of IS NULL OR stock_as_of < %(as_of)s)
"""
AGED = """
INSERT INTO suppliers_unpublishedsupply (variant_id)
SELECT DISTINCT o.variant_id
FROM suppliers_supplieroffer o
JOIN catalog_listing g ON g.variant_id = o.variant_id
WHERE o.supplier_id = %(supplier)s AND o.status <> 'gone' AND ({spoken})
  AND (g.as_of IS NULL OR g.as_of < %(aged)s) AND EXISTS (
  SELECT 1 FROM suppliers_stocklevel l WHERE l.offer_id = o.id
)
"""


@dataclass
class Answers:
    """The staged answers, with their problems."""

    stage: Stage
    products: Stage
    listed: int = 0
    silent: int = 0
    problems: list[BadRow] = field(default_factory=list)
    torn: set[str] = field(default_factory=set)  # products, or "" for the whole list

    def take(self, ref: str, told: tuple[StockRecord | BadRow, ...]) -> None:
        self.products.add((ref, True))
        self.hear(ref, told)

    def hear(self, ref: str, told: tuple[StockRecord | BadRow, ...]) -> None:
        """Stage figures. If a row has no SKU, note that missing SKUs of the product are unknown."""
        problems = levels.lay_out(self.stage, told, ref=ref)
        self.problems += problems
        if any(is_nameless(problem) for problem in problems):
            self.torn.add(ref)

    def params(self, work: Work) -> dict[str, Any]:
        torn = sorted(self.torn - {""})
        return {"supplier": work.supplier.pk, "doubtful": self.doubtful, "torn": torn}

    @property
    def nameless(self) -> int:
        return sum(is_nameless(problem) for problem in self.problems)

    @property
    def doubtful(self) -> list[str]:
        """SKUs with an unreadable figure: they stay unchanged."""
        return [problem.row for problem in self.problems if problem.is_fatal]


def take_stock(work: Work, connector: Connector) -> None:
    """Read every figure, check them together, write the changes.

    Raises: QuarantinedError  a guard rejects them: nothing is written
        OutsideError  the supplier does not answer
    """
    omitted = connector.omitted_stock if isinstance(connector, BulkStockAndPrice) else None
    is_whole = omitted is not Omitted.UNCHANGED
    if not is_whole:
        work.run.profile["names_changes"] = True
    with (
        staged(levels.STAGE, levels.COLUMNS) as stage,
        staged("feed_listed", ("ref text", "is_told bool")) as products,
    ):
        answers = Answers(stage=stage, products=products)
        if isinstance(connector, BulkOffers):
            _read_lines(work, connector, answers)
        elif isinstance(connector, BulkStockAndPrice):
            _read_all(work, connector, answers)
        else:
            _read(work, connector, answers)
            if (at := listed_at(connector)) is not None:
                work.run.profile["as_of"] = at.isoformat()
        stage.ready()
        products.ready()
        ((work.run.read,),) = rows("SELECT count(*) FROM feed_stock")
        work.step(FeedRun.Status.PARSED)
        params = answers.params(work)
        if answers.torn and not is_whole:
            work.believe(NEVER_TOLD_AGAIN.format(answers.nameless))
        is_torn = work.is_torn = "" in answers.torn and is_whole
        buffer = work.supplier.buffer
        news = stock_diff.compare(params, omitted=omitted, buffer=buffer, is_torn=is_torn)
        work.keep_changes = lambda: pending_changes.keep_stock(
            work.run, doubtful=answers.doubtful, is_whole=is_whole and not is_torn
        )
        evaluation.look_at_file(work, connector)
        evaluation.look_at_lists(work, connector)
        evaluation.look_for_stock_twins(work, is_compared=is_whole)
        if is_whole:
            if isinstance(connector, BulkOffers):
                known, still_there = stock_diff.still_listed(params, news)
            else:
                ((known, still_there),) = rows(KNOWN, params)
            work.believe(
                guards.list_is_believable(
                    good=answers.listed,
                    bad=0,
                    known=known,
                    still_there=still_there,
                    limits=limits_of_run(work),
                )
            )
            evaluation.look_at_count(work, good=answers.listed)
        spoken = stock_diff.spoken(omitted, is_torn=is_torn)
        evaluation.look_for_undone_stock(work, spoken=spoken, params=params)
        # A delta may legitimately zero all its rows, so it is compared with the whole stock.
        stocked = partial(stock_diff.stocked, params, omitted=omitted, is_torn=is_torn)
        evaluation.look_at_stock(work, stocked=stocked, is_whole=is_whole and not is_torn)
        if is_whole and answers.torn:
            work.remarks.append(LEFT_AS_IT_WAS.format(answers.nameless))
        work.step(FeedRun.Status.STAGED)
        issues.tell(work=work, family=Family.STOCK, problems=answers.problems)
        with roomy():
            _apply(work, answers, omitted=omitted)
        stock_diff.tell_planner(created=work.run.created)


def _read_lines(work: Work, connector: BulkOffers, answers: Answers) -> None:
    """Read a stock list in bulk; rows that need care are checked one by one."""
    for told in connector.stock_lines():
        if isinstance(told, Lines):
            answers.listed += told.count
            if answers.stage.pour(told.text):
                work.keep()
        else:
            ref, figures = told
            answers.listed += 1
            answers.hear(ref, figures)


def _read_all(work: Work, connector: BulkStockAndPrice, answers: Answers) -> None:
    for ref, told in connector.stock_rows():
        work.keep()
        answers.listed += 1
        answers.take(ref, told)


def _read(work: Work, connector: Connector, answers: Answers) -> None:
    """Read the list; query the products without a figure one by one, the stalest first."""
    catalog, figures = able(connector, PagedCatalog), able(connector, PagedStockAndPrice)
    untold: set[str] = set()
    for row in catalog.product_rows():
        work.keep()
        if isinstance(row, ListRow):
            answers.listed += 1
            if row.stock is None:
                untold.add(row.ref)
                answers.products.add((row.ref, False))
            else:
                answers.take(row.ref, row.stock)
    work.say(f"{answers.listed} products listed, {len(untold)} to fetch")
    refs = [ref for ref in _stalest_first(work) if ref in untold]
    asked = 0

    def until_time_is_up() -> Iterator[str]:
        for ref in refs:
            if work.is_out_of_time:
                return
            yield ref

    told = gather(lambda ref: figures.stock(ref=ref), until_time_is_up(), spent=work.spent)
    for ref, answer in told:
        work.keep()
        asked += 1
        if isinstance(answer, GoneError):
            continue  # the product job handles it
        if isinstance(answer, OutsideError):
            answers.silent += 1
            answers.problems.append(
                BadRow(row=ref, code="stock-no-answer", message=str(answer), is_fatal=False)
            )
        else:
            answers.take(ref, answer)
    work.run.remaining = len(refs) - asked


def _stalest_first(work: Work) -> list[str]:
    """Return the known products, the least recently confirmed first."""
    levels = StockLevel.objects.with_known_at().filter(offer__supplier=work.supplier)
    known_at = dict(
        levels.order_by("-known_at").values_list(  # type: ignore[misc]
            "offer__supplier_product", "known_at"
        )
    )
    refs = (
        SupplierProduct.objects.filter(supplier=work.supplier)
        .exclude(status=SupplierProduct.Status.GONE)
        .values_list("ref", flat=True)
    )
    never = work.run.started_at - timedelta(days=36_500)
    return sorted(refs, key=lambda ref: known_at.get(ref, never))


@transaction.atomic(durable=True)
def _apply(work: Work, answers: Answers, *, omitted: Omitted | None) -> None:
    """Write all figures and mark the run applied.

    A delta confirms the rows that it leaves out, except rows whose change could not be read:
    these become unconfirmed.

    Locks: the run and pending runs, then the changed stock rows, in id order
    """
    runs.replace_waiting(work)
    moment, as_of = work.moment(), work.run.as_of
    created, changed = levels.merge(
        supplier=work.supplier,
        cause=f"run:{work.run.pk}",
        as_of=as_of,
        received_at=moment,
        is_whole=omitted is not Omitted.UNCHANGED and not work.is_torn,
        is_confirmed=True,
    )
    params = {**answers.params(work), "as_of": as_of, "aged": as_of - LISTING_AGES}
    spoken = stock_diff.spoken(omitted, is_torn=work.is_torn)
    if omitted is None or answers.doubtful or answers.torn:
        unspoken = stock_diff.unspoken(omitted, is_torn=work.is_torn)
        confirmations.fall_silent(which=unspoken, params=params)
    confirmations.grow_young(spoken=spoken, params={**params, "now": moment})
    run(CONFIRMED, params)
    run(AGED.format(spoken=spoken), params)
    work.run.created, work.run.updated = created, changed
    work.run.rejected = sum(problem.is_fatal for problem in answers.problems)
    work.run.unchanged = max(0, work.run.read - created - changed)
    runs.apply(work)
