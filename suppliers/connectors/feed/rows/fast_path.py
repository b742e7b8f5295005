"""Fast path: turn plain rows of a file into COPY text. Pure.

Most rows of most files are plain: an ordinary SKU, a price such as 12.30, a whole number of units.
Such a row is converted by the position of its cells. Any other row gives None and goes to the
converter. Both give the same result for each row that both can read.
"""

from __future__ import annotations

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
# From a row's values in the order of ``columns`` to its lines, or None for the converter.
Reader = Callable[[Sequence[str]], str | None]

NAME = r"[!-\[\]-~]+(?: [!-\[\]-~]+)*"
EXCLUDED_CHARACTERS = r"\\\0-\x1f\x7f-\x9f\ud800-\udfff"
AMOUNT = r"(?:[1-9][0-9]{0,5}(?:\.[0-9]{1,2})?|0\.(?:0[1-9]|[1-9][0-9]?))"
COUNT = r"(?:[1-9][0-9]{0,4})?"
DAYS = r"(?:[1-9]?[0-9]|[12][0-9]{2})?"
UNITS = r"(?:0|[1-9][0-9]{0,5})"
COUNTRY = r"[A-Z]{0,2}"
MAX_TITLE_LENGTH = 200
MAX_CODE_LENGTH = 30


def _text(most: int) -> str:
    return rf"(?:[^\s{EXCLUDED_CHARACTERS}](?:[^{EXCLUDED_CHARACTERS}]{{0,{most - 2}}}[^\s{EXCLUDED_CHARACTERS}])?)?"


OFFER = re.compile(
    "\t".join(
        (
            NAME, NAME, AMOUNT, _text(MAX_TITLE_LENGTH), r"[!-\[\]-~]{0,60}", _text(MAX_TITLE_LENGTH),
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

    def place(self, source: Source) -> int:
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
        return self.place(source), ""


def is_plain(source: Source | None) -> bool:
    return source is None or bool(source.column or source.constant)


def offers(
    mapping: Mapping, *, currency: str, mark: str, external_id_of: ProductIdOf
) -> FastConverter | None:
    """Return the converter for price runs; None where no row of such a file is plain.

    Shape:  ``currency`` is the supplier's, ``mark`` the decimal separator of the file
    """
    wanted = ("sku", "parent", "cost", "status", "currency", *OFFER_FIELDS)
    if (
        not all(is_plain(mapping.fields.get(name)) for name in wanted)
        or not _has_cents(currency)
        or mapping.currency not in {"", currency}
        or mapping.stale_after_h
        or "updated_at" in mapping.fields
        or "cost" not in mapping.fields
    ):
        return None
    cells = _Cells(mapping)
    sku, sku_said = cells.of("sku")
    parent, parent_said = cells.of("parent")
    cost, cost_said = cells.of("cost")
    status, status_said = cells.of("status")
    money, money_said = cells.of("currency")
    rest = [cells.of(name) for name in OFFER_FIELDS]
    is_gone = _discontinued_values(mapping)
    with_comma = mark == ","
    fits = OFFER.fullmatch

    def read(values: Sequence[str]) -> str | None:
        if (values[status] if status >= 0 else status_said) and is_gone(
            values[status] if status >= 0 else status_said
        ):
            return None
        said = values[money] if money >= 0 else money_said
        if said and said != currency:
            return None
        name = values[sku] if sku >= 0 else sku_said
        if name.casefold() in TOTAL_LABELS:
            return None
        group = values[parent] if parent >= 0 else parent_said
        price = values[cost] if cost >= 0 else cost_said
        title, gtin, brand, minimum, pack, days, least, advised = [
            values[place] if place >= 0 else same for place, same in rest
        ]
        if with_comma:
            price, least, advised = (
                _with_decimal_point(price),
                _with_decimal_point(least),
                _with_decimal_point(advised),
            )
        if len(name) > MAX_SKU_LENGTH or len(group) > MAX_SKU_LENGTH:
            return None
        line = (
            f"{external_id_of(name, group)}\t{name}\t{price}\t{title}\t{gtin}\t{brand}\t{minimum}\t{pack}"
            f"\t{days}\t{least}\t{advised}\n"
        )
        return line if fits(line) else None

    return FastConverter(_at_least_two(cells.columns), read)


def stock(mapping: Mapping, *, external_id_of: ProductIdOf) -> FastConverter | None:
    """Return the converter for stock runs; None where no row of such a file is plain."""
    piles = [each.source for each in mapping.warehouses] or [
        source for name, source in mapping.fields.items() if name == "stock"
    ]
    wanted = ("sku", "parent", "status", "location", "country")
    if (
        not all(is_plain(mapping.fields.get(name)) for name in wanted)
        or not piles
        or not all(_is_countable(pile) for pile in piles)
        or mapping.stale_after_h
        or "updated_at" in mapping.fields
    ):
        return None
    cells = _Cells(mapping)
    sku, sku_said = cells.of("sku")
    parent, parent_said = cells.of("parent")
    status, status_said = cells.of("status")
    location, _ = cells.of("location")
    country, _ = cells.of("country")
    counted = [cells.place(pile) for pile in piles]
    places = _stock_locations(mapping)
    is_gone = _discontinued_values(mapping)
    at = rf"{NAME}\t{NAME}\t{_text(MAX_CODE_LENGTH)}\t{COUNTRY}\t{UNITS}\n"
    fits = re.compile(at * len(counted)).fullmatch

    def read(values: Sequence[str]) -> str | None:
        if (values[status] if status >= 0 else status_said) and is_gone(
            values[status] if status >= 0 else status_said
        ):
            return None
        name = values[sku] if sku >= 0 else sku_said
        if name.casefold() in TOTAL_LABELS:
            return None
        group = values[parent] if parent >= 0 else parent_said
        if len(name) > MAX_SKU_LENGTH or len(group) > MAX_SKU_LENGTH:
            return None
        start = f"{external_id_of(name, group)}\t{name}"
        if len(counted) == 1:
            where, land = places[0]
            where = (values[location] if location >= 0 else "") or where
            land = (values[country] if country >= 0 else "") or land
            line = f"{start}\t{where}\t{land}\t{values[counted[0]]}\n"
        else:
            line = "".join(
                [
                    f"{start}\t{where}\t{land}\t{values[place]}\n"
                    for (where, land), place in zip(places, counted, strict=True)
                ]
            )
        return line if fits(line) else None

    if mapping.warehouses:
        location = country = -1
    return FastConverter(_at_least_two(cells.columns), read)


def plain_values(row: dict[str, Any], columns: Sequence[str]) -> list[str] | None:
    """Return the cells of a row by name; None where one of them is no plain value."""
    found: list[Any] = []
    for name in columns:
        value = row.get(name)
        kind = type(value)
        if kind is str:
            found.append(value)
        elif value is None:
            found.append("")
        elif kind is int or kind is Decimal:
            found.append(sources.text(value))
        else:
            return None
    return found


def _stock_locations(mapping: Mapping) -> list[tuple[str, str]]:
    """Return location and country of each stock column, escaped for COPY."""
    fields = mapping.fields
    if mapping.warehouses:
        told = [(each.location, each.country) for each in mapping.warehouses]
    else:
        same = {
            name: sources.text(fields[name].constant) if name in fields else ""
            for name in ("location", "country")
        }
        told = [(same["location"][:MAX_CODE_LENGTH] or mapping.location, same["country"])]
    return [(escape(where), (land or mapping.country).upper()[:2]) for where, land in told]


def _is_countable(source: Source) -> bool:
    """Test whether the source is a column whose numbers have no other meaning."""
    return bool(source.column) and not any("".join(word.split()).isdigit() for word in source.words)


def _discontinued_values(mapping: Mapping) -> Callable[[str], bool]:
    source = mapping.fields.get("status")
    words = source.words if source else {}

    @lru_cache(maxsize=1_000)
    def is_gone(said: str) -> bool:
        return bool(said.strip()) and numbers.is_gone(said, words=words)

    return is_gone


def _has_cents(currency: str) -> bool:
    cent = Decimal("0.01")
    return len(currency) == len("EUR") and Money(cent, currency).rounded().amount == cent


def _with_decimal_point(figure: str) -> str:
    """Return 12,30 as 12.30. A point there separates thousands: not plain."""
    return "?" if "." in figure else figure.replace(",", ".")


def _at_least_two(columns: list[str]) -> list[str]:
    """Return at least two columns, so that ``itemgetter`` always returns a tuple."""
    return columns if len(columns) > 1 else [*columns, *columns, *columns][:2]
