"""Feed mapping: describe how a file is read, validate the description, convert it to JSON. Pure.

Staff build a mapping, and each version is stored as JSON. A version has all that is needed to read
a file, so that an old file can be read again as before.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Self

import jmespath
import msgspec
from jmespath.exceptions import JMESPathError
from lxml import etree

from storefront.lib.http.errors import PermanentError
from suppliers.connectors.feed.mapping.fields import TARGETS
from suppliers.connectors.records import MissingRowMeans

MAX_EXPRESSION_LENGTH = 500
MAX_SOURCES = 200


class Format(StrEnum):
    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    NDJSON = "ndjson"
    XML = "xml"
    XLSX = "xlsx"


class EmptyCellMeans(StrEnum):
    """What an empty stock or price cell means. In a text column, it always means no text."""

    UNCHANGED = "unchanged"
    NONE = "none"  # unknown: no units, no price, and an issue for staff
    ZERO = "zero"


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a value comes from, and how the supplier writes it.

    Shape:  exactly one of ``column``, ``jmespath``, ``xpath`` and ``constant`` is set; ``value_map``
            maps the supplier's texts to quantities, to ``gone`` or ``sold``, or to ``yes`` or
            ``no``; ``separator`` splits a cell that holds several values
    """

    column: str = ""
    jmespath: str = ""
    xpath: str = ""
    constant: str = ""
    unit: str = ""
    separator: str = ""
    value_map: dict[str, str] = msgspec.field(default_factory=dict, name="words")  # as stored

    def validation_error(self) -> str:
        expressions = [self.column, self.jmespath, self.xpath, self.constant]
        if sum(bool(expression) for expression in expressions) != 1:
            return "enter exactly one of a column, a JMESPath, an XPath and a constant"
        if max(map(len, expressions)) > MAX_EXPRESSION_LENGTH:
            return f"an expression has at most {MAX_EXPRESSION_LENGTH} characters"
        try:
            if self.jmespath:
                jmespath.compile(self.jmespath)
            if self.xpath:
                etree.XPath(self.xpath, namespaces={"g": "http://base.google.com/ns/1.0"})
        except (JMESPathError, etree.XPathError) as error:
            return f"the expression is invalid: {error}"
        return ""


class Warehouse(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A stock column for one warehouse."""

    source: Source
    location: str
    country: str = ""


class FormatOverrides(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the file is written, where staff override the detection.

    Shape:  ``header_row`` is the line of the file, or the row of the sheet, that names the columns
    """

    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    item_path: str = ""
    sheet: str = ""
    header_row: int = 0


class Mapping(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """Maps a supplier's columns to our fields, and says what a missing value means.

    Shape:  ``fields`` is keyed by ``TARGETS``, ``options`` by an option's name such as Color,
            ``claims`` by a label of the specification table. With ``stale_after_h`` 0 the age of
            the newest row is not checked
    """

    fields: dict[str, Source] = {}
    images: tuple[Source, ...] = ()
    options: dict[str, Source] = {}
    claims: dict[str, Source] = {}
    warehouses: tuple[Warehouse, ...] = ()
    reading: FormatOverrides = FormatOverrides()
    currency: str = ""
    location: str = "main"
    country: str = ""
    omitted_products: MissingRowMeans = MissingRowMeans.DISCONTINUED
    omitted_stock: MissingRowMeans = MissingRowMeans.OUT_OF_STOCK
    blank: EmptyCellMeans = EmptyCellMeans.ZERO
    stale_after_h: int = 0

    @classmethod
    def read(cls, stored: dict[str, Any]) -> Self:
        """Parse a stored version. Raises PermanentError with a message for staff."""
        try:
            mapping = msgspec.convert(stored, cls)
        except msgspec.ValidationError as error:
            raise PermanentError(f"the mapping: {error}", code="bad_mapping") from error
        if validation_errors := list(mapping.validation_errors()):
            raise PermanentError(f"the mapping: {validation_errors[0]}", code="bad_mapping")
        return mapping

    def to_dict(self) -> dict[str, Any]:
        content: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return content

    def validation_errors(self) -> Iterator[str]:
        """Yield the errors of the mapping, as texts for staff."""
        if "sku" not in self.fields:
            yield "no column is mapped to the SKU"
        for name in self.fields:
            if name not in TARGETS:
                yield f"unknown field {name!r}"
        if len(self.sources) > MAX_SOURCES:
            yield f"more than {MAX_SOURCES} sources"
        for source in self.sources:
            if validation_error := source.validation_error():
                yield validation_error
        if self.reading.format and self.reading.format not in set(Format):
            yield f"unknown format {self.reading.format!r}"
        if self.reading.decimal not in {"", ".", ","}:
            yield "the decimal separator must be a point or a comma"
        if len(self.reading.delimiter) > 1:
            yield "the delimiter must be one character"

    def claims_decimal_separator(self, *, detected: str) -> str:
        """Return the decimal separator of the specifications; empty if unknown.

        A point is certain only if staff set it: it is also detected in a file without decimals.
        """
        return self.reading.decimal or ("," if detected == "," else "")

    @property
    def sources(self) -> tuple[Source, ...]:
        return (
            *self.fields.values(),
            *self.images,
            *self.options.values(),
            *self.claims.values(),
            *(warehouse.source for warehouse in self.warehouses),
        )

    @property
    def headings(self) -> dict[str, str]:
        """The column of each label of the specification table."""
        return {label: source.column for label, source in self.claims.items() if source.column}

    @property
    def xpaths(self) -> tuple[str, ...]:
        return tuple(sorted({source.xpath for source in self.sources if source.xpath}))

    @property
    def has_stock(self) -> bool:
        return "stock" in self.fields or bool(self.warehouses)

    @property
    def has_cost(self) -> bool:
        return "cost" in self.fields

    @property
    def is_grouped(self) -> bool:
        """Whether the rows of one product may be far apart."""
        return "parent" in self.fields or "location" in self.fields
