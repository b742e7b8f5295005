"""Write a mapping as the fields of its page show it. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from suppliers.connectors.feed.mapping.fields import TARGETS, Kind
from suppliers.connectors.feed.mapping.spec import Mapping, Source
from suppliers.connectors.feed.rows.numbers import GRAMS, MILLIMETERS
from suppliers.feed_mapping import source_syntax

READING = ("format", "encoding", "delimiter", "decimal", "item_path", "sheet")
LISTS = ("images", "options", "claims", "warehouses")
MEANING = (
    "currency",
    "location",
    "country",
    "omitted_products",
    "omitted_stock",
    "blank",
    "stale_after_h",
)
TAB = "tab"  # nobody can type one
UNITS = {Kind.WEIGHT: GRAMS, Kind.LENGTH: MILLIMETERS}
WORDED = (Kind.STOCK, Kind.FLAG)


def initial(mapping: Mapping) -> dict[str, Any]:
    found: dict[str, Any] = {
        "images": "\n".join(map(source_syntax.written, mapping.images)),
        "options": _lines(mapping.options),
        "claims": _lines(mapping.claims),
        "warehouses": source_syntax.unpaired(
            (f"{each.location} {each.country}".strip(), source_syntax.written(each.source))
            for each in mapping.warehouses
        ),
        **{name: getattr(mapping.reading, name) for name in READING},
        "delimiter": mapping.reading.delimiter.replace("\t", TAB),
        **{
            name: getattr(mapping, name)
            for name in ("currency", "location", "country", "stale_after_h")
        },
        "omitted_products": mapping.omitted_products.value,
        "omitted_stock": mapping.omitted_stock.value,
        "blank": mapping.blank.value,
    }
    for name, source in mapping.fields.items():
        kind = TARGETS[name].kind
        bare = msgspec.structs.replace(source, separator="")
        key = "column" if source.column else "else"
        found[f"{key}_{name}"] = source.column or source_syntax.written(bare)
        if kind in UNITS:
            found[f"how_{name}"] = source.unit
        elif kind is Kind.WORDS:
            found[f"how_{name}"] = source.separator
        elif kind in WORDED:
            found[f"how_{name}"] = source_syntax.unpaired(source.words.items())
    return found


def _lines(table: dict[str, Source]) -> str:
    return source_syntax.unpaired(
        (name, source_syntax.written(source)) for name, source in table.items()
    )
