"""Write a mapping as the fields of its page show it. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from suppliers import source_words
from suppliers.adapters.feed.figures import GRAMS, MILLIMETERS
from suppliers.adapters.feed.mapping import Mapping, Source
from suppliers.adapters.feed.targets import TARGETS, Kind

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
        "images": "\n".join(map(source_words.written, mapping.images)),
        "options": _lines(mapping.options),
        "claims": _lines(mapping.claims),
        "warehouses": source_words.unpaired(
            (f"{each.location} {each.country}".strip(), source_words.written(each.source))
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
        found[f"{key}_{name}"] = source.column or source_words.written(bare)
        if kind in UNITS:
            found[f"how_{name}"] = source.unit
        elif kind is Kind.WORDS:
            found[f"how_{name}"] = source.separator
        elif kind in WORDED:
            found[f"how_{name}"] = source_words.unpaired(source.words.items())
    return found


def _lines(table: dict[str, Source]) -> str:
    return source_words.unpaired(
        (name, source_words.written(source)) for name, source in table.items()
    )
