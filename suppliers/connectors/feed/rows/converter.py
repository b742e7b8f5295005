"""Row converter: turn one row of a file into stock, cost, offer and product by a mapping. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.attributes.numbers import UnreadableError
from catalog.records import NO_SUPPLIER_TERMS, ImportIssue, SupplierTerms
from storefront.lib.money import Money
from suppliers.connectors.bulk import OfferRow
from suppliers.connectors.feed.formats.delimited import total_row
from suppliers.connectors.feed.mapping import sources
from suppliers.connectors.feed.mapping import spec as mappings
from suppliers.connectors.feed.mapping.fields import is_total
from suppliers.connectors.feed.mapping.sources import Row
from suppliers.connectors.feed.mapping.spec import EmptyCellMeans, Source
from suppliers.connectors.feed.rows import cells, numbers
from suppliers.connectors.feed.rows.cells import MAX_LABEL_LENGTH, Cells, sentence, shortened
from suppliers.connectors.feed.rows.descriptions import DescriptionReader
from suppliers.connectors.feed.rows.terms import TermsReader
from suppliers.connectors.records import StockReport

MAX_GTINS_LENGTH = 300  # a variant may have several, one per pack


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedStock:
    """The stock of a row.

    Shape:  ``levels`` is None if the row has no stock; the stored stock then stays unchanged
    """

    levels: tuple[StockReport, ...] | None
    problems: tuple[ImportIssue, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedRow:
    """One row, converted.

    Shape:  ``problems`` do not reject the row; ``notes`` say what was interpreted
    """

    sku: str
    parent: str = ""
    title: str = ""
    brand: str = ""
    category_path: tuple[str, ...] = ()
    description_html: str = ""
    cost: Money | None = None
    gtin: str = ""
    mpn: str = ""
    weight_g: int | None = None
    picture_urls: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    stock: tuple[StockReport, ...] | None = None
    is_gone: bool = False
    hs_code: str = ""
    has_battery: bool | None = None
    updated_at: datetime | None = None
    terms: SupplierTerms = NO_SUPPLIER_TERMS
    problems: tuple[ImportIssue, ...] = ()
    notes: tuple[str, ...] = ()


OTHER_SUPPLIER = "list-other-supplier"
MAX_CODE_LENGTH = 30
MAX_TITLE_LENGTH = 200
COUNTRY_CODE_LENGTH = 2


class Converter:
    """Converts the rows of one file by its mapping.

    Shape:  ``mark`` is the decimal separator of the file; ``currency`` and ``supplier`` (its code)
            are the supplier's
    """

    def __init__(
        self, mapping: mappings.Mapping, *, currency: str, mark: str, supplier: str = ""
    ) -> None:
        self.mapping = mapping
        self._supplier = supplier
        self._currency = mapping.currency or currency
        self._cells = Cells(mapping, mark=mark)
        self._descriptions = DescriptionReader(mapping, cells=self._cells)
        self._terms = TermsReader(self._cells, currency=self._currency)
        self._warehouses = [
            (
                sources.make_getter(warehouse.source),
                warehouse.source,
                warehouse.location,
                warehouse.country,
            )
            for warehouse in mapping.warehouses
        ]

    def sku(self, row: Row, *, row_name: str) -> str | ImportIssue:
        try:
            identifier = self._cells.identifier("sku", row)
            if (not identifier or is_total([identifier])) and is_total(
                map(sources.text, row.values())
            ):
                return total_row(row_name)
            owner = self._cells.text("supplier", row)
            if owner and self._supplier and owner != self._supplier:
                message = f"The row belongs to the supplier {owner[:MAX_LABEL_LENGTH]}."
                return ImportIssue(row=row_name, code=OTHER_SUPPLIER, message=message)
            return cells.normalized(identifier)
        except UnreadableError as error:
            return ImportIssue(
                row=row_name, code="list-no-id", message=sentence(error), raw=shortened(row)
            )

    def parent(self, row: Row) -> str:
        try:
            return (
                cells.normalized(self._cells.identifier("parent", row))
                if "parent" in self._cells
                else ""
            )
        except UnreadableError:
            return ""

    def is_gone(self, row: Row) -> bool:
        status = self._cells.text("status", row)
        return bool(status) and numbers.is_gone(
            status, value_map=self._cells.source("status").value_map
        )

    def cost(self, row: Row, *, sku: str) -> Money | ImportIssue | None:
        """Return the cost of the row; None if it has none, so that the stored cost stays."""

        def problem(code: str, message: str) -> ImportIssue:
            return ImportIssue(row=sku, code=code, message=message, raw={"cost": text[:40]})

        text, mark = self._cells.number_text("cost", row)
        if not text:
            if self.mapping.blank is EmptyCellMeans.UNCHANGED:
                return None
            return problem("cost-missing", "The row has no price.")
        stated_currency = self._cells.text("currency", row).upper()
        try:
            price = numbers.money(text, mark=mark, currency=stated_currency or self._currency)
        except UnreadableError as error:
            return problem("cost-unreadable", sentence(error))
        if stated_currency and price.currency != stated_currency:
            message = (
                f"The price is in {price.currency}, but the row states {stated_currency[:10]}."
            )
            return problem("cost-two-currencies", message)
        if price.amount <= 0:
            return problem("cost-absurd", f"{text[:40]} is not a valid price.")
        return price

    def stock(self, row: Row, *, sku: str) -> ConvertedStock:
        if self.is_gone(row):
            return ConvertedStock(
                levels=tuple(self._level(sku, 0, *at) for at in self._locations(row))
            )
        levels, problems, notes = [], [], []
        for value, source, location, country in self._stock_cells(row):
            text, mark = self._cells.to_number_text(value)
            raw = {source.column or "stock": text[:40]}
            if not text:
                if self.mapping.blank is EmptyCellMeans.UNCHANGED:
                    message = "The stock cell is empty: the stock stays unchanged."
                    problems.append(
                        ImportIssue(row=sku, code="stock-blank", message=message, raw=raw)
                    )
                    continue
                if self.mapping.blank is EmptyCellMeans.NONE:
                    message = "The stock cell is empty: stored as 0."
                    problems.append(
                        ImportIssue(
                            row=sku, code="stock-blank", message=message, is_fatal=False, raw=raw
                        )
                    )
                levels.append(self._level(sku, 0, location, country))
                continue
            try:
                quantity, note = numbers.units(text, mark=mark, value_map=source.value_map)
            except UnreadableError as error:
                problems.append(
                    ImportIssue(row=sku, code="stock-unreadable", message=sentence(error), raw=raw)
                )
                continue
            levels.append(self._level(sku, quantity, location, country))
            notes += [note] * bool(note)
        return ConvertedStock(
            levels=None if not levels else tuple(levels),
            problems=tuple(problems),
            notes=tuple(notes),
        )

    def whole(self, row: Row, *, row_name: str) -> ConvertedRow | ImportIssue:
        sku = self.sku(row, row_name=row_name)
        if isinstance(sku, ImportIssue):
            return sku
        problems: list[ImportIssue] = []
        cost = self.cost(row, sku=sku) if self.mapping.has_cost else None
        if isinstance(cost, ImportIssue):
            problems.append(cost)
        stocked = (
            self.stock(row, sku=sku) if self.mapping.has_stock else ConvertedStock(levels=None)
        )
        problems += stocked.problems
        return ConvertedRow(
            sku=sku,
            parent=self.parent(row),
            title=self._cells.text("title", row),
            brand=self._cells.text("brand", row),
            category_path=self._descriptions.category(row),
            description_html=self._cells.text("description", row)[: sources.MAX_TEXT_LENGTH],
            cost=cost if isinstance(cost, Money) else None,
            gtin=self._cells.text("gtin", row)[:MAX_GTINS_LENGTH],
            mpn=self._cells.text("mpn", row)[:MAX_LABEL_LENGTH],
            weight_g=self._descriptions.weight_g(row, sku, problems),
            picture_urls=self._descriptions.pictures(row),
            options=self._descriptions.options(row),
            claims=self._descriptions.claims(row, sku, problems),
            stock=stocked.levels,
            is_gone=self.is_gone(row),
            hs_code="".join(
                character for character in self._cells.text("hs_code", row) if character.isdigit()
            )[:10],
            has_battery=self._descriptions.has_battery(row, sku, problems),
            updated_at=self.updated_at(row),
            terms=self._terms.read(row, sku, problems),
            problems=tuple(problems),
            notes=stocked.notes,
        )

    def offer(self, row: Row, *, external_id: str, sku: str) -> OfferRow:
        """Return the offer of the row, without warnings about its terms."""
        return OfferRow(
            external_id=external_id,
            sku=sku,
            cost=self.cost(row, sku=sku),
            title=self._cells.text("title", row)[:MAX_TITLE_LENGTH],
            gtin=self._cells.text("gtin", row)[:MAX_GTINS_LENGTH],
            brand=self._cells.text("brand", row)[:MAX_TITLE_LENGTH],
            terms=self._terms.read(row, sku, []),
        )

    def updated_at(self, row: Row) -> datetime | None:
        text = self._cells.text("updated_at", row)
        try:
            return numbers.parse_time(text) if text else None
        except UnreadableError:
            return None

    def _locations(self, row: Row) -> list[tuple[str, str]]:
        if self._warehouses:
            return [(location, country) for _, _, location, country in self._warehouses]
        location = self._cells.text("location", row)[:MAX_CODE_LENGTH] or self.mapping.location
        country = self._cells.text("country", row) or self.mapping.country
        return [(location, country)]

    def _stock_cells(self, row: Row) -> Iterator[tuple[Any, Source, str, str]]:
        for get, source, location, country in self._warehouses:
            yield get(row), source, location, country
        if "stock" in self._cells and not self._warehouses:
            ((location, country),) = self._locations(row)
            yield self._cells.value("stock", row), self._cells.source("stock"), location, country

    def _level(self, sku: str, quantity: int, location: str, country: str) -> StockReport:
        code = (country or self.mapping.country).upper()[:COUNTRY_CODE_LENGTH]
        return StockReport(sku=sku, location=location, country=code, quantity=quantity)
