"""Row terms: read minimum quantity, pack size, lead time, MAP, MSRP and restock date. Pure."""

from datetime import date

from catalog.attributes.numbers import UnreadableError, parse_decimal
from catalog.records import NO_SUPPLIER_TERMS, ImportIssue, SupplierTerms
from storefront.lib.money import Money
from suppliers.connectors.feed.mapping.sources import Row
from suppliers.connectors.feed.rows import numbers
from suppliers.connectors.feed.rows.cells import Cells

MAX_UNITS = 100_000
MAX_DAYS = 365
FIRST_YEAR, LAST_YEAR = 2000, 2099
TERM_FIELDS = ("minimum", "pack", "lead_days", "map", "msrp", "restock")


class TermsReader:
    """Reads the terms of a file's rows. ``currency`` applies to prices that state none."""

    def __init__(self, cells: Cells, *, currency: str) -> None:
        self._cells = cells
        self._currency = currency
        self._has_no_terms = not any(name in cells for name in TERM_FIELDS)

    def read(self, row: Row, sku: str, problems: list[ImportIssue]) -> SupplierTerms:
        if self._has_no_terms:
            return NO_SUPPLIER_TERMS
        return SupplierTerms(
            min_order_units=self._count("minimum", row, sku, problems, maximum=MAX_UNITS) or None,
            pack_size=self._count("pack", row, sku, problems, maximum=MAX_UNITS) or None,
            lead_days=self._count("lead_days", row, sku, problems, maximum=MAX_DAYS),
            map_price=self._price("map", row, sku, problems),
            msrp=self._price("msrp", row, sku, problems),
            restock_on=self._restock_on(row, sku, problems),
        )

    def _count(
        self, name: str, row: Row, sku: str, problems: list[ImportIssue], *, maximum: int
    ) -> int | None:
        text, mark = self._cells.number_text(name, row)
        if not text:
            return None
        try:
            return _parse_count(text, mark=mark, maximum=maximum)
        except UnreadableError as error:
            code = f"{name.replace('_', '-')}-unreadable"
            problems.append(self._cells.warning(name, row, error, sku=sku, code=code))
            return None

    def _price(self, name: str, row: Row, sku: str, problems: list[ImportIssue]) -> Money | None:
        text, mark = self._cells.number_text(name, row)
        if not text:
            return None
        stated_currency = self._cells.text("currency", row).upper()
        try:
            price = numbers.money(text, mark=mark, currency=stated_currency or self._currency)
        except UnreadableError as error:
            code = f"{name}-unreadable"
            problems.append(self._cells.warning(name, row, error, sku=sku, code=code))
            return None
        return price if price.amount > 0 else None

    def _restock_on(self, row: Row, sku: str, problems: list[ImportIssue]) -> date | None:
        text = self._cells.text("restock", row)
        if not text:
            return None
        try:
            return _restock_date(text)
        except UnreadableError as error:
            code = "restock-unreadable"
            problems.append(self._cells.warning("restock", row, error, sku=sku, code=code))
            return None


def _restock_date(text: str) -> date | None:
    """Parse a day; one before ``FIRST_YEAR``, such as 1970-01-01, is a placeholder, so None."""
    day = numbers.parse_time(text).date()
    if day.year > LAST_YEAR:
        raise UnreadableError(f"{text[:40]!r} is too far ahead for a restock date")
    return day if day.year >= FIRST_YEAR else None


def _parse_count(text: str, *, mark: str, maximum: int) -> int:
    number = parse_decimal(text, mark=mark)
    if number != number.to_integral_value() or not 0 <= number <= maximum:
        raise UnreadableError(f"{text[:40]!r} is not a valid number here")
    return int(number)
