"""Row descriptions: read the texts, images, sizes and features of a row. Pure."""

import html
from decimal import Decimal
from typing import Any

from catalog.attributes.numbers import UnreadableError
from catalog.attributes.units import with_heading_unit
from catalog.records import ImportIssue
from suppliers.connectors.feed.mapping import sources
from suppliers.connectors.feed.mapping import spec as mappings
from suppliers.connectors.feed.mapping.sources import Row
from suppliers.connectors.feed.rows import numbers
from suppliers.connectors.feed.rows.cells import MAX_LABEL_LENGTH, Cells
from suppliers.connectors.parsing import picture_urls

MAX_CLAIMS = 100
YES_WORDS = {"with battery": "yes", "no battery": "no", "included": "yes", "not included": "no"}


class DescriptionReader:
    def __init__(self, mapping: mappings.Mapping, *, cells: Cells) -> None:
        self._cells = cells
        self._mark_of_claims = mapping.claims_decimal_separator(detected=cells.mark)
        self._images = [
            (sources.make_getter(source), source.separator or "|") for source in mapping.images
        ]
        self._options = {
            name: sources.make_getter(source) for name, source in mapping.options.items()
        }
        self._claims = {
            name: (sources.make_getter(source), source) for name, source in mapping.claims.items()
        }

    def options(self, row: Row) -> dict[str, str]:
        return {
            name: text for name, get in self._options.items() if (text := sources.text(get(row)))
        }

    def category(self, row: Row) -> tuple[str, ...]:
        if "category" not in self._cells:
            return ()
        separator = self._cells.source("category").separator
        names = sources.texts(self._cells.value("category", row), separator=separator)
        return tuple(part[:MAX_LABEL_LENGTH] for part in names[:10])

    def pictures(self, row: Row) -> tuple[str, ...]:
        return picture_urls(
            url
            for get, separator in self._images
            for url in sources.texts(get(row), separator=separator)
        )

    def weight_g(self, row: Row, sku: str, problems: list[ImportIssue]) -> int | None:
        text, mark = self._cells.number_text("weight", row)
        if not text:
            return None
        try:
            return numbers.grams(text, mark=mark, unit=self._cells.source("weight").unit) or None
        except UnreadableError as error:
            code = "weight-unreadable"
            problems.append(self._cells.warning("weight", row, error, sku=sku, code=code))
            return None

    def has_battery(self, row: Row, sku: str, problems: list[ImportIssue]) -> bool | None:
        text = self._cells.text("battery", row)
        if not text:
            return None
        try:
            return numbers.flag(text, value_map=YES_WORDS | self._cells.source("battery").value_map)
        except UnreadableError as error:
            code = "battery-unreadable"
            problems.append(self._cells.warning("battery", row, error, sku=sku, code=code))
            return None

    def claims(self, row: Row, sku: str, problems: list[ImportIssue]) -> dict[str, str]:
        """Return the specification table: joined features, single columns, the dimensions."""
        spec_table: dict[str, str] = {}
        if "features" in self._cells:
            separator = self._cells.source("features").separator or "|"
            words = []
            for piece in _features(self._cells.value("features", row), separator=separator):
                label, colon, value = piece.partition(":")
                if colon and label.strip() and value.strip():
                    spec_table[label.strip()[:MAX_LABEL_LENGTH]] = value.strip()
                elif not colon and piece.strip():
                    words.append(piece.strip())
            if words:  # a list without names: "clip, magnet"
                spec_table.setdefault("Features", ", ".join(words))
        for label, (get, source) in self._claims.items():
            if text := self._claim_text(get(row)):
                heading = f"({source.unit})" if source.unit else source.column or label
                spec_table[label] = with_heading_unit(text, heading=heading)
        if origin := self._cells.text("origin", row):
            spec_table.setdefault("Country of origin", origin)
        sides = [self._side(name, row, sku, problems) for name in ("length", "width", "height")]
        if all(side is not None for side in sides):
            spec_table.setdefault("Dimensions", f"{' × '.join(str(side) for side in sides)} mm")
        return dict(list(spec_table.items())[:MAX_CLAIMS])

    def _claim_text(self, value: Any) -> str:
        """Return a cell as text; a spreadsheet number gets the decimal separator of the file."""
        text = html.unescape(sources.text(value))
        if not isinstance(value, Decimal) or "." not in text:
            return text
        if self._mark_of_claims == ",":
            return text.replace(".", ",")
        # With three decimals and an unknown separator, 1.234 could be read as 1234.
        return f"{text}0" if len(text.partition(".")[2]) == 3 else text  # noqa: PLR2004

    def _side(self, name: str, row: Row, sku: str, problems: list[ImportIssue]) -> int | None:
        text, mark = self._cells.number_text(name, row)
        if not text:
            return None
        try:
            return numbers.millimeters(text, mark=mark, unit=self._cells.source(name).unit)
        except UnreadableError as error:
            code = "size-unreadable"
            problems.append(self._cells.warning(name, row, error, sku=sku, code=code))
            return None


def _features(value: Any, *, separator: str) -> list[str]:
    """Return features as ``name:value``, also from Google's elements of name and value."""
    entries = value if isinstance(value, list) else [value]
    features = []
    for entry in entries:
        if isinstance(entry, dict):
            name, text = entry.get("attribute_name"), entry.get("attribute_value")
            features.append(f"{sources.text(name)}:{sources.text(text)}")
        else:
            features += sources.texts(entry, separator=separator)
    return features
