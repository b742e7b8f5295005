"""Feed reader: read products, stock, costs and offers from a file, note its newest rows."""

import heapq
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from catalog.records import ImportIssue, describe_unexpected
from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from storefront.lib.tasks import TASK_ENDING
from suppliers.connectors.bulk import MAX_UTC_OFFSET, FileProfile, OfferRow
from suppliers.connectors.feed.fetch import UNKNOWN_AGE, FileAge
from suppliers.connectors.feed.formats.data_file import DataFile
from suppliers.connectors.feed.limits import invalid_file
from suppliers.connectors.feed.mapping import spec as mappings
from suppliers.connectors.feed.mapping.spec import EmptyCellMeans
from suppliers.connectors.feed.rows import column_types, product_pages
from suppliers.connectors.feed.rows.converter import ConvertedRow, Converter
from suppliers.connectors.feed.rows.product_pages import DuplicateIndex, RowGroups
from suppliers.connectors.records import (
    MISSING_SKU,
    MissingRowMeans,
    PriceReport,
    ProductDetail,
    StockReport,
    failed_detail,
)

log = logging.getLogger(__name__)

MAX_LATEST_ROWS = 20


class LatestRowDates:
    """The latest dates of rows, with their SKUs. Rows dated in the future are left out.

    Several are kept to recognize a file: tomorrow, the newest row may be missing.
    """

    def __init__(self, *, now: datetime) -> None:
        self._latest = now + MAX_UTC_OFFSET
        self._rows: list[tuple[datetime, str]] = []

    def is_among_latest(self, at: datetime) -> bool:
        is_full = len(self._rows) >= MAX_LATEST_ROWS
        return at <= self._latest and not (is_full and at <= self._rows[0][0])

    def add(self, at: datetime, sku: str) -> None:
        push = heapq.heappushpop if len(self._rows) >= MAX_LATEST_ROWS else heapq.heappush
        push(self._rows, (at, sku))

    @property
    def at(self) -> datetime | None:
        return max(self._rows)[0] if self._rows else None

    @property
    def rows(self) -> dict[str, datetime]:
        return {sku: at for at, sku in sorted(self._rows) if sku}


MAX_BAD_ROWS = 10_000

ProductIdOf = Callable[[str, str], str]


@dataclass(slots=True, kw_only=True)
class RowCounts:
    """The number of all rows of a file, and of the rows of each SKU.

    Shape:  the keys are pairs of product and SKU; ``gone`` counts rows of discontinued SKUs.
            ``first`` are the numbers of the first rows, ``last`` those of the last rows of
            repeated SKUs; the first row below the column names is row 1
    """

    total: int = 0
    listed: Counter[tuple[str, str]] = field(default_factory=Counter)
    gone: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: dict[tuple[str, str], int] = field(default_factory=dict)
    last: dict[tuple[str, str], int] = field(default_factory=dict)


class FeedFileReader:
    """Reads one file with its mapping, from its first row to its last.

    Shape:  ``work`` is a private folder for what does not fit into memory; ``file_id``
            identifies the fetched file, ``age`` is its known age
    """

    def __init__(  # noqa: PLR0913 - a file, how it is read, and its age
        self,
        file: DataFile,
        mapping: mappings.Mapping,
        *,
        currency: str,
        work: Path,
        supplier: str = "",
        file_id: tuple[str, int] = ("", 0),
        age: FileAge = UNKNOWN_AGE,
    ) -> None:
        decimal = mapping.reading.decimal or file.detected.decimal
        self.file_id = file_id
        self._age = age
        self.file = file
        self.mapping = mapping
        self.currency = currency
        self.decimal = decimal
        self._work = work
        self._converter = Converter(mapping, currency=currency, mark=decimal, supplier=supplier)
        self._row_groups: RowGroups | None = None
        self.is_complete = True  # as far as it was read
        self._newest = _newest()
        self._bad_rows: list[ImportIssue] = []

    def close(self) -> None:
        if self._row_groups is not None:
            self._row_groups.close()

    def pages(self) -> Iterator[ProductDetail | ImportIssue]:
        """Yield each product once.

        Raises: PermanentError  the file is broken or too old, or hardly a row is usable
        """
        known_skus = DuplicateIndex(self._work / "seen.sqlite")
        mark = self.mapping.claims_decimal_separator(detected=self.file.detected.decimal)
        try:
            products = (
                self._grouped_products() if self.mapping.is_grouped else self._single_row_products()
            )
            for product in products:
                if isinstance(product, ImportIssue):
                    yield product
                    continue
                external_id, rows = product
                current_rows = [row for row in rows if not row.is_gone]
                distinct_rows, issues = _without_confusable(current_rows, known_skus)
                yield from issues
                if distinct_rows:
                    yield self._detail(external_id, distinct_rows, mark=mark)
                elif (
                    not current_rows
                    and self.mapping.omitted_products is not MissingRowMeans.DISCONTINUED
                ):
                    # A product that is left out would count as unchanged.
                    yield ProductDetail(
                        external_id=external_id, digest="gone", record=None, is_gone=True
                    )
        finally:
            known_skus.close()

    def _detail(self, external_id: str, rows: list[ConvertedRow], *, mark: str) -> ProductDetail:
        try:
            return product_pages.build_detail(
                external_id, rows, mark=mark, headings=self.mapping.headings
            )
        except TASK_ENDING:
            raise
        except Exception as error:  # noqa: BLE001 - failed_detail logs it
            return failed_detail(external_id, error)

    def _grouped_products(self) -> Iterator[tuple[str, list[ConvertedRow]] | ImportIssue]:
        """Group the rows on disk in the first pass; reuse the groups in the second."""
        if self._row_groups is None:
            self._bad_rows = []
            groups = RowGroups(self._work / "groups.sqlite")
            try:
                groups.fill(self._readable_rows(self._bad_rows))
            except BaseException:
                groups.close()
                raise
            self._row_groups = groups
        yield from self._bad_rows
        yield from self._row_groups.products()

    def _readable_rows(self, bad_rows: list[ImportIssue]) -> Iterator[ConvertedRow]:
        for row in self._converted_rows():
            if isinstance(row, ImportIssue):
                bad_rows.append(row)
            else:
                yield row

    def _single_row_products(self) -> Iterator[tuple[str, list[ConvertedRow]] | ImportIssue]:
        for row in self._converted_rows():
            yield row if isinstance(row, ImportIssue) else (row.sku, [row])

    def _converted_rows(self) -> Iterator[ConvertedRow | ImportIssue]:
        for row_name, row in self.rows():
            yield row if isinstance(row, ImportIssue) else self._converted(row, row_name=row_name)

    def _converted(self, row: dict[str, Any], *, row_name: str) -> ConvertedRow | ImportIssue:
        try:
            return self._converter.whole(row, row_name=row_name)
        except TASK_ENDING:
            raise
        except Exception as error:
            message = describe_unexpected(error)
            log.exception("%s of a file cannot be read", row_name)
            return ImportIssue(row=row_name, code="list-unreadable", message=message)

    def stock_rows(
        self, external_id_of: ProductIdOf
    ) -> Iterator[tuple[str, tuple[StockReport | ImportIssue, ...]]]:
        """Yield the stock of each row. Raises PermanentError."""
        for row_name, row in self.rows():
            if row_stock := self.stock_of(row, row_name=row_name, external_id_of=external_id_of):
                yield row_stock

    def stock_of(
        self, row: dict[str, Any] | ImportIssue, *, row_name: str, external_id_of: ProductIdOf
    ) -> tuple[str, tuple[StockReport | ImportIssue, ...]] | None:
        """Return the stock of one row, read by the converter; None if the row has none."""
        identified = self._with_sku(row, row_name=row_name)
        if isinstance(identified, ImportIssue):
            return ("", (replace(identified, code=MISSING_SKU),)) if identified.is_fatal else None
        sku, cells = identified
        converted = self._converter.stock(cells, sku=sku)
        problems = converted.problems
        is_delta = self.mapping.omitted_stock is MissingRowMeans.UNCHANGED
        if is_delta and self.mapping.blank is EmptyCellMeans.UNCHANGED:
            problems = tuple(problem for problem in problems if problem.code != "stock-blank")
        if converted.levels is None and not problems:
            return None
        return external_id_of(sku, self._converter.parent(cells)), (
            *(converted.levels or ()),
            *problems,
        )

    def offer_of(
        self, row: dict[str, Any] | ImportIssue, *, row_name: str, external_id_of: ProductIdOf
    ) -> OfferRow | ImportIssue | None:
        """Return the offer of one row, read by the converter; None if the row has none."""
        identified = self._with_sku(row, row_name=row_name)
        if isinstance(identified, ImportIssue):
            return replace(identified, code="cost-unreadable") if identified.is_fatal else None
        sku, cells = identified
        if self._converter.is_gone(cells):
            return None
        external_id = external_id_of(sku, self._converter.parent(cells))
        return self._converter.offer(cells, external_id=external_id, sku=sku)

    def _with_sku(
        self, row: dict[str, Any] | ImportIssue, *, row_name: str
    ) -> tuple[str, dict[str, Any]] | ImportIssue:
        sku = row if isinstance(row, ImportIssue) else self._converter.sku(row, row_name=row_name)
        return sku if isinstance(sku, ImportIssue) else (sku, cast(dict[str, Any], row))

    def cost_rows(
        self, external_id_of: ProductIdOf
    ) -> Iterator[tuple[str, tuple[PriceReport | ImportIssue, ...]]]:
        """Yield the cost of each row. Raises PermanentError."""
        for row_name, row in self.rows():
            offer = self.offer_of(row, row_name=row_name, external_id_of=external_id_of)
            if isinstance(offer, ImportIssue):
                yield "", (offer,)
            elif offer is not None and isinstance(offer.cost, ImportIssue):
                yield offer.external_id, (offer.cost,)
            elif offer is not None and isinstance(offer.cost, Money):
                yield offer.external_id, (PriceReport(sku=offer.sku, cost=offer.cost),)

    def profile(self) -> FileProfile:
        """Return the file's profile: columns of its first rows, dates of the last full pass."""
        sample = self.file.sample(column_types.SAMPLE_SIZE, xpaths=self.mapping.xpaths)
        rows = [row for row in sample if not isinstance(row, ImportIssue)]
        return FileProfile(
            columns=tuple(dict.fromkeys(name for row in rows for name in row)),
            kinds=column_types.detect(rows, self.mapping),
            newest=self._newest.at,
            latest_rows=self._newest.rows,
            stated_at=self._age.stated_at,
            made_at=self._age.made_at(newest=self._newest.at),
            mapping_hash=column_types.mapping_hash(self.mapping),
        )

    def external_ids(self) -> Iterator[tuple[str, str]]:
        for row_name, row in self.rows():
            identified = self._with_sku(row, row_name=row_name)
            if not isinstance(identified, ImportIssue):
                sku, cells = identified
                yield sku, self._converter.parent(cells) or sku

    def count_rows(self) -> RowCounts:
        """Count all rows. Raises PermanentError."""
        counts = RowCounts()
        for row_name, row in self.rows():
            counts.total += 1
            identified = self._with_sku(row, row_name=row_name)
            if not isinstance(identified, ImportIssue):
                sku, cells = identified
                counter = counts.gone if self._converter.is_gone(cells) else counts.listed
                key = (self._converter.parent(cells) or sku, sku)
                counter[key] += 1
                if counts.first.setdefault(key, counts.total) != counts.total:
                    counts.last[key] = counts.total
        return counts

    def row_numbers(self, skus: AbstractSet[str]) -> dict[str, int]:
        """Return the numbers of the first rows of these SKUs; reads until all are found."""
        numbers: dict[str, int] = {}
        for number, (row_name, row) in enumerate(self.rows(), start=1):
            identified = self._with_sku(row, row_name=row_name)
            if not isinstance(identified, ImportIssue) and identified[0] in skus:
                numbers.setdefault(identified[0], number)
            if len(numbers) == len(skus):
                break
        return numbers

    def contained_skus(self, skus: AbstractSet[str]) -> frozenset[str]:
        return frozenset(sku for sku, _ in self.external_ids() if sku in skus)

    def rows(self) -> Iterator[tuple[str, dict[str, Any] | ImportIssue]]:
        """Yield the rows with their names, up to ``MAX_BAD_ROWS`` bad ones."""
        try:
            yield from self._checked_rows()
        except PermanentError:
            self.is_complete = False
            raise

    def _checked_rows(self) -> Iterator[tuple[str, dict[str, Any] | ImportIssue]]:
        bad_count = 0
        newest = _newest()
        for number, row in enumerate(self.file.rows(xpaths=self.mapping.xpaths), start=1):
            row_name = f"row {number}"
            yield row_name, row
            if isinstance(row, ImportIssue):
                bad_count += row.is_fatal
                if row.is_fatal:
                    self.count_bad_rows(bad_count)
            elif "updated_at" in self.mapping.fields:
                at = self._converter.updated_at(row)
                if at and newest.is_among_latest(at):
                    sku = self._converter.sku(row, row_name=row_name)
                    newest.add(at, "" if isinstance(sku, ImportIssue) else sku)
        self._newest = newest
        if self.mapping.stale_after_h:
            self._check_age(newest.at)

    def count_bad_rows(self, count: int) -> None:
        """Note the number of unreadable rows so far.

        Raises: PermanentError  too many: it is probably another kind of file
        """
        self.is_complete = False
        if count > MAX_BAD_ROWS:
            raise invalid_file("bad-rows", f"More than {MAX_BAD_ROWS} rows cannot be read.")

    def _check_age(self, newest: datetime | None) -> None:
        max_age = timedelta(hours=self.mapping.stale_after_h)
        if newest is not None and datetime.fromtimestamp(time.time(), UTC) - newest > max_age:
            raise invalid_file(
                "stale", f"The newest row of the file is dated {newest:%Y-%m-%d %H:%M}."
            )


def _newest() -> LatestRowDates:
    return LatestRowDates(now=datetime.fromtimestamp(time.time(), UTC))


def _without_confusable(
    rows: list[ConvertedRow], known_skus: DuplicateIndex
) -> tuple[list[ConvertedRow], list[ImportIssue]]:
    confusables: dict[str, str] = {}
    for sku in dict.fromkeys(row.sku for row in rows):
        if confusable := known_skus.find_confusable(sku):
            confusables[sku] = confusable
    bad_rows = [_confusable_row(sku, confusable) for sku, confusable in confusables.items()]
    return [row for row in rows if row.sku not in confusables], bad_rows


def _confusable_row(sku: str, confusable: str) -> ImportIssue:
    if sku == confusable:
        message = "The file contains this SKU twice. The first row applies."
        return ImportIssue(row=sku, code="list-twice", message=message)
    message = f"{sku!r} looks like {confusable!r}, which is also listed: an order could name the wrong one."
    return ImportIssue(row=sku, code="list-no-id", message=message)
