"""Column types: classify the values of each mapped column, hash a mapping. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Final

import msgspec

from catalog.attributes import identifiers
from suppliers.connectors.bulk import EMPTY_KIND, MIXED_KIND
from suppliers.connectors.feed.mapping import sources
from suppliers.connectors.feed.mapping.sources import Row
from suppliers.connectors.feed.mapping.spec import Mapping, Source

SAMPLE_SIZE: Final = 400
# A column has a kind when at least this share of its values has it.
MAJORITY_PERCENT: Final = 80
INTEGER = re.compile(r"\d{1,12}")
DECIMAL = re.compile(r"[^\d.,\s]{0,3}\s?-?\d[\d.,' ]*[.,]\d+\s?[^\d.,]{0,3}")
GTIN = re.compile(r"\d{8}|\d{12,14}")


def detect(rows: Sequence[Row], mapping: Mapping) -> dict[str, str]:
    """Return the kind of each field; of several stock columns, the first one counts."""
    fields: dict[str, Source] = dict(mapping.fields)
    for warehouse in mapping.warehouses[:1]:
        fields.setdefault("stock", warehouse.source)
    return {
        name: majority_type(sources.text(get(row)) for row in rows)
        for name, source in fields.items()
        if not source.constant
        for get in [sources.make_getter(source)]
    }


def majority_type(values: Iterable[str]) -> str:
    counted = Counter(_type_of(value) for value in values if value)
    if not counted:
        return EMPTY_KIND
    ((kind, count),) = counted.most_common(1)
    return kind if 100 * count >= MAJORITY_PERCENT * counted.total() else MIXED_KIND


def _type_of(value: str) -> str:
    if GTIN.fullmatch(value) and _is_gtin(value):
        return "gtin"
    if INTEGER.fullmatch(value):
        return "number"
    if DECIMAL.fullmatch(value):
        return "decimal"
    if value.startswith(("http://", "https://")):
        return "address"
    return "text" if " " in value else "code"


def _is_gtin(value: str) -> bool:
    try:
        return bool(identifiers.gtin14(value))
    except identifiers.InvalidGtinError:
        return False


def mapping_hash(mapping: Mapping) -> str:
    """Return a hash of the mapping: files read by different mappings are not compared."""
    content = msgspec.json.encode(mapping.to_dict(), order="sorted")
    return blake2b(content, digest_size=8).hexdigest()
