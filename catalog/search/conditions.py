"""Search conditions: translate a product filter into SQL conditions on cards. Pure.

The list and the facet counts use the same conditions, so they always agree.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from catalog.search.filters import ANY_RANGE, COMBINABLE_POWER_SOURCES, ProductFilter, Range
from catalog.search.query_parser import Term

LUMEN_BUCKETS: dict[str, tuple[int, int | None]] = {  # above the first, up to the second
    "0-100": (-1, 100),
    "100-300": (100, 300),
    "300-1000": (300, 1000),
    "1000-3000": (1000, 3000),
    "3000-": (3000, None),
}
# Jets are water 2 and 4: immersion (3) does not imply jets.
WATER_LEVELS: dict[str, str] = {
    "splash": "water >= 1",
    "jets": "water IN (2, 4)",
    "submersible": "water >= 3",
}
IS_UNKNOWN: dict[str, str] = {
    "lumens": "output_lm IS NULL",
    "beam": "beam_m IS NULL",
    "runtime": "runtime_min IS NULL",
    "weight": "weight_g IS NULL",
    "power": "power = '{}'",
    "water": "water IS NULL",
    "color": "colors = '{}'",
}
# The delivery areas of a country: few, and computed once per statement.
AREAS = "SELECT id FROM catalog_deliveryarea WHERE countries = '{}' OR %s = ANY(countries)"


class Sql(NamedTuple):
    """A piece of SQL with its parameter values."""

    text: str
    values: tuple[Any, ...] = ()


def base_condition(*, channel_id: int, category_id: int | None, terms: list[Term]) -> Sql:
    """Return the base condition: channel, category and search words."""
    text, values = "channel_id = %s", [channel_id]
    if category_id is not None:
        text += " AND category_id = %s"
        values.append(category_id)
    if terms:
        tsquery = text_query(terms)
        return Sql(f"{text} AND search @@ ({tsquery.text})", (*values, *tsquery.values))
    return Sql(text, tuple(values))


def text_query(terms: Sequence[Term]) -> Sql:
    """Build a tsquery: every word, in any form; the last one as a prefix."""
    parts, values = [], []
    for index, term in enumerate(terms):
        quoted = _quoted(term.word)
        names = " | ".join(_quoted(name) for name in term.names)
        is_last = index == len(terms) - 1 and len(term.word) > 1
        begun = f"{quoted}:*" if is_last else quoted
        parts.append(
            "(to_tsquery('english', %s) || to_tsquery('simple', %s) || CAST(%s AS tsquery))"
        )
        values += [quoted, begun, names]
    return Sql(" && ".join(parts), tuple(values))


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "").replace("'", "''") + "'"


def active_conditions(query: ProductFilter, *, in_stock: Sql, country: str) -> dict[str, Sql]:
    """Return the condition of each facet in use.

    Shape:  ``in_stock`` as ``is_in_stock`` returns it for ``country``
    """
    condition_by_facet = {
        "price": _range("price_amount", query.price),
        "lumens": _lumens(query),
        "beam": _range("beam_m", query.beam_m),
        "runtime": _range("runtime_min", query.runtime_h, factor=60),
        "weight": _range("weight_g", query.weight_g),
        "power": power_condition(query.power),
        "water": _water(query),
        "features": Sql("features @> %s", (sorted(query.features),)) if query.features else None,
        "brand": Sql("brand = ANY(%s)", (sorted(query.brand),)) if query.brand else None,
        "color": Sql("colors && %s", (sorted(query.color),)) if query.color else None,
        "origin": _sent_from(query, in_stock, country) if query.origin else None,
        "in_stock": in_stock if query.in_stock else None,
    }
    conditions = {}
    for code, selected in condition_by_facet.items():
        if code in query.unknown:
            condition = _either(selected, Sql(IS_UNKNOWN[code]))
        elif selected:
            condition = selected
        else:
            continue
        conditions[code] = Sql(f"COALESCE({condition.text}, false)", condition.values)
    return conditions


def is_in_stock(*, country: str, fresh_since: datetime) -> Sql:
    """Return the condition for cards that can be bought in a country; never null."""
    return Sql(
        f"available > 0 AND COALESCE(as_of >= %s AND area_id IN ({AREAS}), false)",
        (fresh_since, country),
    )


def _sent_from(query: ProductFilter, in_stock: Sql, country: str) -> Sql:
    """Return the condition for cards that ship from one of some countries to the customer."""
    routes = f"SELECT unnest(%s::text[]) || ':' || area.id FROM ({AREAS}) AS area"  # noqa: S608
    return Sql(
        f"{in_stock.text} AND sent_from && ARRAY({routes})::varchar[]",
        (*in_stock.values, sorted(query.origin), country),
    )


def is_fresh(fresh_since: datetime) -> Sql:
    """Return the condition for cards that can be bought in some country."""
    return Sql("available > 0 AND as_of >= %s", (fresh_since,))


def join(between: str, parts: Iterable[Sql]) -> Sql:
    """Join pieces of SQL and their values."""
    parts = list(parts)
    text = between.join(part.text for part in parts)
    return Sql(text, tuple(value for part in parts for value in part.values))


def all_of(conditions: dict[str, Sql]) -> Sql:
    return join(
        " AND ", (Sql(f"({condition.text})", condition.values) for condition in conditions.values())
    )


def _either(first: Sql | None, second: Sql) -> Sql:
    if first is None:
        return second
    return Sql(f"({first.text}) OR ({second.text})", (*first.values, *second.values))


def _range(column: str, ends: Range, *, factor: int = 1) -> Sql | None:
    if ends == ANY_RANGE:
        return None
    parts: list[str] = []
    values: list[Decimal] = []
    for end, sign in zip(ends, (">=", "<="), strict=True):
        if end is not None:
            parts.append(f"{column} {sign} %s")
            values.append(end * factor)
    return Sql(" AND ".join(parts), tuple(values))


def bucket_condition(value: str) -> str:
    above, up_to = LUMEN_BUCKETS[value]
    return f"output_lm > {above}" + ("" if up_to is None else f" AND output_lm <= {up_to}")


def _lumens(query: ProductFilter) -> Sql | None:
    """Return the condition on the output: a free range and buckets must both hold."""
    output_range = _range("output_lm", query.lumens)
    if not query.lumens_in:
        return output_range
    buckets = " OR ".join(f"({bucket_condition(value)})" for value in sorted(query.lumens_in))
    return (
        Sql(f"({output_range.text}) AND ({buckets})", output_range.values)
        if output_range
        else Sql(buckets)
    )


def power_condition(selected: frozenset[str]) -> Sql | None:
    """Match any of the cells and all of the others, so that "18650 usb-c" narrows."""
    cells, also = (
        sorted(selected - COMBINABLE_POWER_SOURCES),
        sorted(selected & COMBINABLE_POWER_SOURCES),
    )
    tests = [Sql("power && %s", (cells,))] if cells else []
    tests += [Sql("power @> %s", (also,))] if also else []
    return join(" AND ", tests) if tests else None


def _water(query: ProductFilter) -> Sql | None:
    if not query.water:
        return None
    return Sql(" OR ".join(WATER_LEVELS[value] for value in sorted(query.water)))
