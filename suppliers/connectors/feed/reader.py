"""Feed reader: read products, stock, costs and offers from a file, note its newest rows."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from catalog.records import BadRow
from storefront.lib.http.errors import PermanentError
from suppliers.connectors.bulk import FARTHEST_AHEAD, OfferRow, Shape
from suppliers.connectors.feed.fetch import UNKNOWN, Age
from suppliers.connectors.feed.formats.data_file import DataFile
from suppliers.connectors.feed.limits import refused
from suppliers.connectors.feed.mapping import spec as mappings
from suppliers.connectors.feed.mapping.spec import Blank
from suppliers.connectors.feed.rows import column_types, product_pages
from suppliers.connectors.feed.rows.converter import Converter, Mapped
from suppliers.connectors.feed.rows.product_pages import Seen, Shelf
from suppliers.connectors.records import NAMELESS, CostRecord, Omitted, ProductPage, StockRecord

REMEMBERED = 20


class Newest:
    """The latest dates of rows, with their SKUs. Rows dated in the future are left out.

    Several are kept to identify a file: the newest row alone may be sold out tomorrow.
    """

    def __init__(self, *, now: datetime) -> None:
        self._latest = now + FARTHEST_AHEAD
        self._rows: list[tuple[datetime, str]] = []

    def see(self, at: datetime) -> bool:
        """Test whether a row with this date would be among them."""
        is_full = len(self._rows) >= REMEMBERED
        return at <= self._latest and not (is_full and at <= self._rows[0][0])

    def add(self, at: datetime, sku: str) -> None:
        keep = heapq.heappushpop if len(self._rows) >= REMEMBERED else heapq.heappush
        keep(self._rows, (at, sku))

    @property
    def at(self) -> datetime | None:
        return max(self._rows)[0] if self._rows else None

    @property
    def rows(self) -> dict[str, datetime]:
        """Shape:  the latest date of each SKU."""
        return {sku: at for at, sku in sorted(self._rows) if sku}


# Reading

MOST_BAD_ROWS = 10_000

RefOf = Callable[[str, str], str]


class Walk:
    """Reads one file with its mapping, from its first row to its last.

    Shape:  ``work`` is a private folder for what does not fit into memory; ``mark``
            identifies the fetched file, ``age`` is its known age
    """

    def __init__(  # noqa: PLR0913 - a file, how it is read, and its age
        self,
        file: DataFile,
        mapping: mappings.Mapping,
        *,
        currency: str,
        work: Path,
        mark: tuple[str, int] = ("", 0),
        age: Age = UNKNOWN,
    ) -> None:
        decimal = mapping.reading.decimal or file.detected.decimal
        self.mark = mark
        self._age = age
        self.file = file
        self.mapping = mapping
        self.currency = currency
        self.decimal = decimal
        self._work = work
        self._converter = Converter(mapping, currency=currency, mark=decimal)
        self._shelf: Shelf | None = None
        self.is_whole = True  # as far as it was read
        self._newest = _newest()
        self._complaints: list[BadRow] = []

    def close(self) -> None:
        if self._shelf is not None:
            self._shelf.close()

    def pages(self) -> Iterator[ProductPage | BadRow]:
        """Yield each product once.

        Raises: PermanentError  the file is broken or too old, or hardly a row is usable
        """
        seen = Seen(self._work / "seen.sqlite")
        mark = self.mapping.mark_of_claims(detected=self.file.detected.decimal)
        try:
            products = self._grouped() if self.mapping.is_grouped else self._as_they_come()
            for found in products:
                if isinstance(found, BadRow):
                    yield found
                    continue
                ref, rows = found
                kept = [row for row in rows if not row.is_gone]
                good, twins = _without_twins(kept, seen)
                yield from twins
                if good:
                    yield product_pages.page(ref, good, mark=mark)
                elif not kept and self.mapping.omitted_products is not Omitted.GONE:
                    # If it were left out, it would count as unchanged.
                    yield ProductPage(ref=ref, digest="gone", record=None, is_gone=True)
        finally:
            seen.close()

    def _grouped(self) -> Iterator[tuple[str, list[Mapped]] | BadRow]:
        """Group the rows on disk in the first pass; yield the same in the second."""
        if self._shelf is None:
            self._complaints = []
            shelf = Shelf(self._work / "shelf.sqlite")
            try:
                shelf.fill(self._good(self._complaints))
            except BaseException:
                shelf.close()
                raise
            self._shelf = shelf
        yield from self._complaints
        yield from self._shelf.products()

    def _good(self, complaints: list[BadRow]) -> Iterator[Mapped]:
        for row in self._mapped():
            if isinstance(row, BadRow):
                complaints.append(row)
            else:
                yield row

    def _as_they_come(self) -> Iterator[tuple[str, list[Mapped]] | BadRow]:
        for row in self._mapped():
            yield row if isinstance(row, BadRow) else (row.sku, [row])

    def _mapped(self) -> Iterator[Mapped | BadRow]:
        for place, row in self.rows():
            yield row if isinstance(row, BadRow) else self._converter.whole(row, place=place)

    def stock_rows(self, ref_of: RefOf) -> Iterator[tuple[str, tuple[StockRecord | BadRow, ...]]]:
        """Yield the stock of each row.

        Raises: PermanentError
        """
        for place, row in self.rows():
            if told := self.stock_of(row, place=place, ref_of=ref_of):
                yield told

    def stock_of(
        self, row: dict[str, Any] | BadRow, *, place: str, ref_of: RefOf
    ) -> tuple[str, tuple[StockRecord | BadRow, ...]] | None:
        """Return the stock of one row, by the converter; None where it has none."""
        sku = row if isinstance(row, BadRow) else self._converter.sku(row, place=place)
        if isinstance(row, BadRow) or isinstance(sku, BadRow):
            problem: BadRow = sku  # type: ignore[assignment]
            return ("", (_about(problem, NAMELESS),)) if problem.is_fatal else None
        told = self._converter.stock(row, sku=sku)
        problems = told.problems
        names_changes = self.mapping.omitted_stock is Omitted.UNCHANGED
        if names_changes and self.mapping.blank is Blank.UNCHANGED:
            problems = tuple(each for each in problems if each.code != "stock-blank")
        if told.levels is None and not problems:
            return None
        return ref_of(sku, self._converter.parent(row)), (*(told.levels or ()), *problems)

    def offer_of(
        self, row: dict[str, Any] | BadRow, *, place: str, ref_of: RefOf
    ) -> OfferRow | BadRow | None:
        """Return the offer of one row, by the converter; None where it is none."""
        sku = row if isinstance(row, BadRow) else self._converter.sku(row, place=place)
        if isinstance(row, BadRow) or isinstance(sku, BadRow):
            problem: BadRow = sku  # type: ignore[assignment]
            return _about(problem, "cost-unreadable") if problem.is_fatal else None
        if self._converter.is_gone(row):
            return None
        priced = self._converter.cost(row, sku=sku)
        ref = ref_of(sku, self._converter.parent(row))
        offer = self._converter.offer(row, ref=ref, sku=sku)
        return replace(offer, cost=priced.problem or priced.cost)

    def cost_rows(self, ref_of: RefOf) -> Iterator[tuple[str, tuple[CostRecord | BadRow, ...]]]:
        """Yield the cost of each SKU. A SKU with two different prices has none.

        Raises: PermanentError
        """
        costs = Seen(self._work / "costs.sqlite")
        try:
            for place, row in self.rows():
                sku = row if isinstance(row, BadRow) else self._converter.sku(row, place=place)
                if isinstance(row, BadRow) or isinstance(sku, BadRow):
                    problem: BadRow = sku  # type: ignore[assignment]
                    if problem.is_fatal:
                        yield "", (_about(problem, "cost-unreadable"),)
                    continue
                if self._converter.is_gone(row):
                    continue
                priced = self._converter.cost(row, sku=sku)
                ref = ref_of(sku, self._converter.parent(row))
                if priced.problem:
                    yield ref, (priced.problem,)
                elif priced.cost is not None:
                    before = costs.first(sku, str(priced.cost.amount))
                    if not before:
                        yield ref, (CostRecord(sku=sku, cost=priced.cost),)
                    elif before != str(priced.cost.amount):
                        message = (
                            f"The file contains two prices: {before} and {priced.cost.amount}."
                        )
                        yield ref, (BadRow(row=sku, code="cost-twice", message=message),)
        finally:
            costs.close()

    def shape(self) -> Shape:
        """Return the file's profile, from its first rows; its age is complete after a full pass."""
        sample = self.file.sample(column_types.SAMPLE, xpaths=self.mapping.xpaths)
        rows = [row for row in sample if not isinstance(row, BadRow)]
        return Shape(
            columns=tuple(dict.fromkeys(name for row in rows for name in row)),
            kinds=column_types.kinds(rows, self.mapping),
            newest=self._newest.at,
            newest_rows=self._newest.rows,
            said_at=self._age.said_at,
            made_at=self._age.made_at(newest=self._newest.at),
            read_by=column_types.mark_of(self.mapping),
        )

    def refs(self) -> Iterator[tuple[str, str]]:
        """Yield each SKU with its product."""
        for place, row in self.rows():
            sku = row if isinstance(row, BadRow) else self._converter.sku(row, place=place)
            if not isinstance(row, BadRow) and not isinstance(sku, BadRow):
                yield sku, self._converter.parent(row) or sku

    def listed(self, skus: AbstractSet[str]) -> frozenset[str]:
        return frozenset(sku for sku, _ in self.refs() if sku in skus)

    def rows(self) -> Iterator[tuple[str, dict[str, Any] | BadRow]]:
        """Yield the rows with their places, up to ``MOST_BAD_ROWS`` bad ones."""
        try:
            yield from self._counted()
        except PermanentError:
            self.is_whole = False
            raise

    def _counted(self) -> Iterator[tuple[str, dict[str, Any] | BadRow]]:
        bad = 0
        newest = _newest()
        for number, row in enumerate(self.file.rows(xpaths=self.mapping.xpaths), start=1):
            place = f"row {number}"
            yield place, row
            if isinstance(row, BadRow):
                bad += row.is_fatal
                if row.is_fatal:
                    self.told_bad(bad)
            elif "updated_at" in self.mapping.fields:
                at = self._converter.updated_at(row)
                if at and newest.see(at):
                    sku = self._converter.sku(row, place=place)
                    newest.add(at, "" if isinstance(sku, BadRow) else sku)
        self._newest = newest
        if self.mapping.stale_after_h:
            self._refuse_stale(newest.at)

    def told_bad(self, bad: int) -> None:
        """Note the number of unreadable rows so far.

        Raises: PermanentError  they are too many: it is another kind of file
        """
        self.is_whole = False
        if bad > MOST_BAD_ROWS:
            raise refused("bad-rows", f"More than {MOST_BAD_ROWS} rows cannot be read.")

    def _refuse_stale(self, newest: datetime | None) -> None:
        """Reject a file whose newest row is too old."""
        most = timedelta(hours=self.mapping.stale_after_h)
        if newest is not None and datetime.fromtimestamp(time.time(), UTC) - newest > most:
            raise refused("stale", f"The newest row of the file is dated {newest:%Y-%m-%d %H:%M}.")


def _newest() -> Newest:
    return Newest(now=datetime.fromtimestamp(time.time(), UTC))


def _without_twins(rows: list[Mapped], seen: Seen) -> tuple[list[Mapped], list[BadRow]]:
    """Return the rows with distinct SKUs, and a bad row for each confusable SKU."""
    twins: dict[str, str] = {}
    for sku in dict.fromkeys(row.sku for row in rows):
        if twin := seen.twin(sku):
            twins[sku] = twin
    complaints = [_twin(sku, twin) for sku, twin in twins.items()]
    return [row for row in rows if row.sku not in twins], complaints


def _twin(sku: str, twin: str) -> BadRow:
    if sku == twin:
        message = "The file contains this SKU twice. The first row applies."
        return BadRow(row=sku, code="list-twice", message=message)
    message = (
        f"{sku!r} looks like {twin!r}, which is also listed: an order could name the wrong one."
    )
    return BadRow(row=sku, code="list-no-id", message=message)


def _about(problem: BadRow, code: str) -> BadRow:
    """Return a row's problem under the code of the current job."""
    return BadRow(row=problem.row, code=code, message=problem.message, raw=problem.raw)
