"""Show what a mapping makes of real rows, before anybody relies on it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, NamedTuple

from catalog.records import BadRow
from suppliers.connectors.feed.mapping import spec as mappings
from suppliers.connectors.feed.rows.converter import Converter
from suppliers.connectors.feed.rows.mapped import Mapped


class Preview(NamedTuple):
    """One row as he wrote it, as we understand it, and what had to be interpreted."""

    raw: Mapping[str, Any]
    record: Mapped | BadRow
    notes: tuple[str, ...]


def preview(
    rows: Iterable[Mapping[str, Any] | BadRow],
    mapping: mappings.Mapping,
    n: int = 20,
    *,
    currency: str = "USD",
    decimal: str = ".",
) -> list[Preview]:
    """Convert the first rows; rows that could not even be read are shown as they are."""
    converter = Converter(mapping, currency=currency, mark=mapping.reading.decimal or decimal)
    return [_shown(converter, place, row) for place, row in enumerate(islice(rows, n), start=1)]


def _shown(converter: Converter, place: int, row: Mapping[str, Any] | BadRow) -> Preview:
    if isinstance(row, BadRow):
        return Preview(raw=row.raw, record=row, notes=(row.message,))
    record = converter.whole(row, place=f"row {place}")
    if isinstance(record, BadRow):
        return Preview(raw=row, record=record, notes=(record.message,))
    said = (*record.notes, *(problem.message for problem in record.problems))
    gone = ("He sells it no more.",) if record.is_gone else ()
    return Preview(raw=row, record=record, notes=(*said, *gone))
