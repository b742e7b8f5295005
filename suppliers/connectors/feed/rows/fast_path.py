"""Fast path: turn plain rows of a file into COPY text. Pure.

Most rows of most files are plain: an ordinary SKU, a price such as 12.30, a whole number of units.
Such a row is converted by the position of its cells. Any other row gives None and goes to the
converter. For a row that both can read, both give the same result.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from storefront.lib.db.copy_format import escape
from storefront.lib.money import Money
from suppliers.connectors.feed.mapping import sources
from suppliers.connectors.feed.mapping.fields import TOTAL_LABELS
from suppliers.connectors.feed.mapping.spec import Mapping, Source
from suppliers.connectors.feed.rows import numbers
from suppliers.connectors.parsing import MAX_SKU_LENGTH

ProductIdOf = Callable[[str, str], str]
# Converts a row's values, in the order of ``columns``, to COPY lines; None if it is not plain.
Reader = Callable[[Sequence[str]], str | None]

# The ASCII SKUs that ``cells.normalized`` accepts, except those with a backslash.
SKU = r"[!-\[\]_a-~]+(?: [!-\[\]_a-~]+)*"
EXCLUDED_CHARACTERS = r"\\\0-\x1f\x7f-\x9f\ud800-\udfff"
AMOUNT = r"(?:[1-9][0-9]{0,5}(?:\.[0-9]{1,2})?|0\.(?:0[1-9]|[1-9][0-9]?))"
COUNT = r"(?:[1-9][0-9]{0,4})?"
DAYS = r"(?:[1-9]?[0-9]|[12][0-9]{2})?"
UNITS = r"(?:0|[1-9][0-9]{0,5})"
COUNTRY = r"[A-Z]{0,2}"
MAX_TITLE_LENGTH = 200
MAX_CODE_LENGTH = 30


def _text(longest: int) -> str:
    return rf"(?:[^\s{EXCLUDED_CHARACTERS}](?:[^{EXCLUDED_CHARACTERS}]{{0,{longest - 2}}}[^\s{EXCLUDED_CHARACTERS}])?)?"


OFFER = re.compile(
    "\t".join(
        (
            SKU, SKU, AMOUNT, _text(MAX_TITLE_LENGTH), r"[!-\[\]-~]{0,60}", _text(MAX_TITLE_LENGTH),
            COUNT, COUNT, DAYS, f"(?:{AMOUNT})?", f"(?:{AMOUNT})?",
        )
    )
    + "\n"
)  # fmt: skip
OFFER_FIELDS = ("title", "gtin", "brand", "minimum", "pack", "lead_days", "map", "msrp")


class FastConverter(NamedTuple):
    """Converts the plain rows of a file.

    Shape:  ``columns`` are the columns that it reads, two or more
    """

    columns: Sequence[str]
    read: Reader


class _Cells:
    """The positions of the needed cells in a row, or their constant values."""

    def __init__(self, mapping: Mapping) -> None:
        self._fields = mapping.fields
        self.columns: list[str] = []

    def position_of(self, source: Source) -> int:
        if source.column not in self.columns:
            self.columns.append(source.column)
        return self.columns.index(source.column)

    def of(self, name: str) -> tuple[int, str]:
        """Return the position of a field, or -1 and its constant value."""
        source = self._fields.get(name)
        if source is None:
            return -1, ""
        if source.constant:
            return -1, sources.text(source.constant)
        return self.position_of(source), ""


def is_plain(source: Source | None) -> bool:
    return source is None or bool(source.column or source.constant)


def offers(
    mapping: Mapping, *, currency: str, mark: str, external_id_of: ProductIdOf
) -> FastConverter | None:
    """Return the converter for price runs; None if no row of the file can be plain.

    Shape:  ``currency`` is the supplier's, ``mark`` the decimal separator of the file
    """
    used_fields = ("sku", "parent", "cost", "status", "currency", *OFFER_FIELDS)
    if (
        not all(is_plain(mapping.fields.get(name)) for name in used_fields)
        or not _has_cents(currency)
        or mapping.currency not in {"", currency}
        or mapping.stale_after_h
        or {"supplier", "updated_at"} & mapping.fields.keys()
        or "cost" not in mapping.fields
    ):
        return None
    cells = _Cells(mapping)
    sku_position, sku_constant = cells.of("sku")
    parent_position, parent_constant = cells.of("parent")
    cost_position, cost_constant = cells.of("cost")
    status_position, status_constant = cells.of("status")
    currency_position, currency_constant = cells.of("currency")
    optional_cells = [cells.of(name) for name in OFFER_FIELDS]
    is_discontinued = _discontinued_values(mapping)
    with_comma = mark == ","
    is_plain_line = OFFER.fullmatch

    def read(values: Sequence[str]) -> str | None:
        status = values[status_position] if status_position >= 0 else status_constant
        if status and is_discontinued(status):
            return None
        row_currency = values[currency_position] if currency_position >= 0 else currency_constant
        if row_currency and row_currency != currency:
            return None
        sku = values[sku_position] if sku_position >= 0 else sku_constant
        if sku.casefold() in TOTAL_LABELS:
            return None
        parent = values[parent_position] if parent_position >= 0 else parent_constant
        price = values[cost_position] if cost_position >= 0 else cost_constant
        title, gtin, brand, minimum, pack, days, map_price, msrp = [
            values[position] if position >= 0 else constant for position, constant in optional_cells
        ]
        if with_comma:
            price, map_price, msrp = (
                _with_decimal_point(price),
                _with_decimal_point(map_price),
                _with_decimal_point(msrp),
            )
        if len(sku) > MAX_SKU_LENGTH or len(parent) > MAX_SKU_LENGTH:
            return None
        line = (
            f"{external_id_of(sku, parent)}\t{sku}\t{price}\t{title}\t{gtin}\t{brand}\t{minimum}\t{pack}"
            f"\t{days}\t{map_price}\t{msrp}\n"
        )
        return line if is_plain_line(line) else None

    return FastConverter(_at_least_two(cells.columns), read)


def stock(mapping: Mapping, *, external_id_of: ProductIdOf) -> FastConverter | None:
    """Return the converter for stock runs; None if no row of the file can be plain."""
    stock_sources = [warehouse.source for warehouse in mapping.warehouses] or [
        source for name, source in mapping.fields.items() if name == "stock"
    ]
    used_fields = ("sku", "parent", "status", "location", "country")
    if (
        not all(is_plain(mapping.fields.get(name)) for name in used_fields)
        or not stock_sources
        or not all(_is_countable(stock_source) for stock_source in stock_sources)
        or mapping.stale_after_h
        or {"supplier", "updated_at"} & mapping.fields.keys()
    ):
        return None
    cells = _Cells(mapping)
    sku_position, sku_constant = cells.of("sku")
    parent_position, parent_constant = cells.of("parent")
    status_position, status_constant = cells.of("status")
    location_position, _ = cells.of("location")
    country_position, _ = cells.of("country")
    unit_positions = [cells.position_of(stock_source) for stock_source in stock_sources]
    locations = _stock_locations(mapping)
    is_discontinued = _discontinued_values(mapping)
    line_pattern = rf"{SKU}\t{SKU}\t{_text(MAX_CODE_LENGTH)}\t{COUNTRY}\t{UNITS}\n"
    is_plain_line = re.compile(line_pattern * len(unit_positions)).fullmatch

    def read(values: Sequence[str]) -> str | None:
        status = values[status_position] if status_position >= 0 else status_constant
        if status and is_discontinued(status):
            return None
        sku = values[sku_position] if sku_position >= 0 else sku_constant
        if sku.casefold() in TOTAL_LABELS:
            return None
        parent = values[parent_position] if parent_position >= 0 else parent_constant
        if len(sku) > MAX_SKU_LENGTH or len(parent) > MAX_SKU_LENGTH:
            return None
        prefix = f"{external_id_of(sku, parent)}\t{sku}"
        if len(unit_positions) == 1:
            location, country = locations[0]
            location = (values[location_position] if location_position >= 0 else "") or location
            country = (values[country_position] if country_position >= 0 else "") or country
            line = f"{prefix}\t{location}\t{country}\t{values[unit_positions[0]]}\n"
        else:
            line = "".join(
                [
                    f"{prefix}\t{location}\t{country}\t{values[position]}\n"
                    for (location, country), position in zip(locations, unit_positions, strict=True)
                ]
            )
        return line if is_plain_line(line) else None

    if mapping.warehouses:
        location_position = country_position = -1
    return FastConverter(_at_least_two(cells.columns), read)


def plain_values(row: dict[str, Any], columns: Sequence[str]) -> list[str] | None:
    """Return the cells of a row in the order of ``columns``; None if one is no plain value."""
    values: list[Any] = []
    for name in columns:
        value = row.get(name)
        kind = type(value)
        if kind is str:
            values.append(value)
        elif value is None:
            values.append("")
        elif kind is int or kind is Decimal:
            values.append(sources.text(value))
        else:
            return None
    return values


def _stock_locations(mapping: Mapping) -> list[tuple[str, str]]:
    """Return location and country of each stock column, escaped for COPY."""
    fields = mapping.fields
    if mapping.warehouses:
        locations = [(warehouse.location, warehouse.country) for warehouse in mapping.warehouses]
    else:
        constants = {
            name: sources.text(fields[name].constant) if name in fields else ""
            for name in ("location", "country")
        }
        locations = [
            (constants["location"][:MAX_CODE_LENGTH] or mapping.location, constants["country"])
        ]
    return [
        (escape(location), (country or mapping.country).upper()[:2])
        for location, country in locations
    ]


def _is_countable(source: Source) -> bool:
    """Return whether the source is a column whose numbers the value map does not reinterpret."""
    return bool(source.column) and not any(
        "".join(word.split()).isdigit() for word in source.value_map
    )


def _discontinued_values(mapping: Mapping) -> Callable[[str], bool]:
    source = mapping.fields.get("status")
    value_map = source.value_map if source else {}

    @lru_cache(maxsize=1_000)
    def is_discontinued(status: str) -> bool:
        return bool(status.strip()) and numbers.is_gone(status, value_map=value_map)

    return is_discontinued


def _has_cents(currency: str) -> bool:
    cent = Decimal("0.01")
    return len(currency) == len("EUR") and Money(cent, currency).rounded().amount == cent


def _with_decimal_point(number: str) -> str:
    """Return 12,30 as 12.30, and a number with a point for thousands as ``?``: it is not plain."""
    return "?" if "." in number else number.replace(",", ".")


def _at_least_two(columns: list[str]) -> list[str]:
    """Return at least two columns, so that ``itemgetter`` always returns a tuple."""
    return columns if len(columns) > 1 else [*columns, *columns, *columns][:2]
