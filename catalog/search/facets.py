"""Facets: count every choice of a list in one query, parse the result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from catalog.search.conditions import (
    AREAS,
    IS_UNKNOWN,
    WATER_LEVELS,
    Sql,
    active_conditions,
    all_of,
    bucket_condition,
    join,
    power_condition,
)
from catalog.search.filters import (
    CHOICES,
    COMBINABLE_POWER_SOURCES,
    DYNAMIC_CHOICES,
    FACETS,
    RANGES,
    ProductFilter,
)

CENTS = Decimal("0.01")
MAX_BRANDS = 100  # with the most cards first
_RANGE_COLUMNS = {
    "price": "price_amount",
    "lumens": "output_lm",
    "beam": "beam_m",
    "runtime": "runtime_min",
    "weight": "weight_g",
}
_ARRAY_COLUMNS = {"color": "colors"}  # other facets have the name of their column


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value of a facet, and the number of cards after adding it."""

    value: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """One facet of a list.

    Shape:  ``param`` is its query parameter (a range has ``<param>_min``, ``<param>_max``);
            ``has_range`` facets have ``low`` and ``high``, the range of all cards; ``unknown``
            counts the cards without a stated value
    Units:  as in ``ProductFilter``
    """

    code: str
    param: str
    has_range: bool
    choices: tuple[Choice, ...] = ()
    unknown: int = 0
    is_unknown_chosen: bool = False
    low: Decimal | None = None
    high: Decimal | None = None
    chosen_low: Decimal | None = None
    chosen_high: Decimal | None = None

    @property
    def is_active(self) -> bool:
        return (
            self.is_unknown_chosen
            or (self.chosen_low, self.chosen_high) != (None, None)
            or any(choice.is_chosen for choice in self.choices)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The counts of a list: ``without`` is the total if one facet were dropped."""

    total: int
    in_stock: int
    facets: tuple[Facet, ...]
    without: dict[str, int]


def count_values(
    *, base: Sql, query: ProductFilter, in_stock: Sql, country: str = ""
) -> Sequence[Any]:
    """Count all values of all facets in one statement.

    One pass counts all but brands and origins, which take one pass each. The counts of a facet
    ignore its own selection, since its values are alternatives. Features must all match, so their
    counts keep the chosen ones; power is both.
    Shape:  numbers in the order of ``parse_counts``; a facet in ``DYNAMIC_CHOICES`` has a number
            per value. Without a ``country``, origins are counted as ``ProductCard.sent_from``
    """
    conditions = active_conditions(query, in_stock=in_stock, country=country)
    wanted = _wanted(conditions, base=base, query=query, in_stock=in_stock, country=country)
    tests = (
        Sql(f"({condition.text}) AS ok_{code}", condition.values)
        for code, condition in conditions.items()
    )
    cards = join(", ", [Sql("*"), *tests])
    selected = join(", ", wanted)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {selected.text} FROM"  # noqa: S608 - made of constants; all values are parameters
            f" (SELECT {cards.text} FROM catalog_productcard WHERE {base.text}) AS card",
            [*selected.values, *cards.values, *base.values],
        )
        row: Sequence[Any] = cursor.fetchone()
    return row


def _wanted(
    conditions: dict[str, Sql], *, base: Sql, query: ProductFilter, in_stock: Sql, country: str
) -> list[Sql]:
    """Return the columns to select, in the order of ``parse_counts``."""

    def counted(test: str = "", *, but: str = "", values: Sequence[Any] = ()) -> Sql:
        tests = [f"ok_{code}" for code in conditions if code != but]
        tests += [f"({test})"] if test else []
        filtered = f" FILTER (WHERE {' AND '.join(tests)})" if tests else ""
        return Sql(f"count(*){filtered}", tuple(values))

    def extreme(function: str, code: str) -> Sql:
        tests = " AND ".join(f"ok_{other}" for other in conditions if other != code)
        filtered = f" FILTER (WHERE {tests})" if tests else ""
        return Sql(f"{function}({_RANGE_COLUMNS[code]}){filtered}")

    def among(but: str) -> Sql:
        others = {code: condition for code, condition in conditions.items() if code != but}
        return all_of({"": base, **others})

    wanted = [
        counted(),
        counted(in_stock.text, but="in_stock", values=in_stock.values),
        _by_value(_origins(all_of({"": among("origin"), "in_stock": in_stock}), country)),
    ]
    wanted += [counted(but=code) for code in conditions]
    for code in FACETS:
        if code in RANGES:
            wanted += [extreme("min", code), extreme("max", code)]
        if code in IS_UNKNOWN:
            wanted.append(counted(IS_UNKNOWN[code], but=code))
        if code in CHOICES:
            but = "" if code == "features" else code
            tests = [_test(code, value, query) for value in CHOICES[code][1]]
            wanted += [counted(test.text, but=but, values=test.values) for test in tests]
        if code == "brand":
            wanted.append(_by_value(_brands(among(code))))
    return wanted


def _by_value(counts: Sql) -> Sql:
    """Turn a query of values and their counts into one column."""
    return Sql(
        f"(SELECT COALESCE(json_object_agg(value, many), '{{}}') FROM ({counts.text}) AS counted)",  # noqa: S608
        counts.values,
    )


def _brands(where: Sql) -> Sql:
    return Sql(
        f"SELECT brand AS value, count(*) AS many FROM catalog_productcard WHERE {where.text}"  # noqa: S608
        f" GROUP BY 1 ORDER BY many DESC, value LIMIT {MAX_BRANDS}",
        where.values,
    )


def _origins(where: Sql, country: str) -> Sql:
    """Count origins: those that ship to one country, or by reached area.

    Cards have few different lists of origins: they are counted by list, then each list is split.
    """
    value = "split_part(way, ':', 1)" if country else "way"
    there = f"WHERE split_part(way, ':', 2)::bigint IN ({AREAS})" if country else ""
    return Sql(
        f"SELECT {value} AS value, sum(cards) AS many FROM"  # noqa: S608
        f" (SELECT sent_from, count(*) AS cards FROM catalog_productcard WHERE {where.text}"
        f" GROUP BY sent_from) AS ways, unnest(ways.sent_from) AS way {there} GROUP BY 1",
        (*where.values, country) if country else where.values,
    )


def _test(code: str, value: str, query: ProductFilter) -> Sql:
    if code == "lumens":
        return Sql(bucket_condition(value))
    if code == "water":
        return Sql(WATER_LEVELS[value])
    has_value = f"'{value}' = ANY({_ARRAY_COLUMNS.get(code, code)})"
    beside = _other_powers(value, query.power) if code == "power" else None
    if beside:
        return Sql(f"{has_value} AND {beside.text}", beside.values)
    return Sql(has_value)


def _other_powers(value: str, chosen: frozenset[str]) -> Sql | None:
    """Return the condition of the chosen powers to which this value is no alternative."""
    return power_condition(
        chosen if value in COMBINABLE_POWER_SOURCES else chosen & COMBINABLE_POWER_SOURCES
    )


def parse_counts(
    row: Sequence[Any], *, query: ProductFilter, in_stock: Sql, country: str
) -> Counts:
    """Parse the numbers from ``count_values``, fresh or cached."""
    numbers = iter(row)
    total, stocked, origins = next(numbers), next(numbers), next(numbers)
    conditions = active_conditions(query, in_stock=in_stock, country=country)
    without = {code: next(numbers) for code in conditions}
    facets = []
    for code in FACETS:
        low = high = None
        if code in RANGES:
            factor = 60 if code == "runtime" else 1
            low, high = (
                None if end is None else (Decimal(end) / factor).quantize(CENTS)
                for end in (next(numbers), next(numbers))
            )
        chosen_low, chosen_high = query.range_of(code) if code in RANGES else (None, None)
        unknown = next(numbers) if code in IS_UNKNOWN else 0
        param, known = CHOICES.get(code, (RANGES.get(code, ""), ()))
        chosen = query.chosen_in(code) if code in CHOICES else frozenset()
        choices = tuple(
            Choice(value=value, count=next(numbers), is_chosen=value in chosen) for value in known
        )
        if code in DYNAMIC_CHOICES:
            param = DYNAMIC_CHOICES[code]
            choices = _named_choices(
                origins if code == "origin" else next(numbers), query.chosen_in(code)
            )
        facets.append(
            Facet(
                code=code,
                param=param,
                has_range=code in RANGES,
                choices=choices,
                unknown=unknown,
                is_unknown_chosen=code in query.unknown,
                low=low,
                high=high,
                chosen_low=chosen_low,
                chosen_high=chosen_high,
            )
        )
    return Counts(total=total, in_stock=stocked, facets=tuple(facets), without=without)


def _named_choices(many: Mapping[str, int], chosen: frozenset[str]) -> tuple[Choice, ...]:
    """Return the values of all cards and the chosen ones, by name."""
    values = sorted({*many, *chosen}, key=str.casefold)
    return tuple(
        Choice(value=value, count=many.get(value, 0), is_chosen=value in chosen) for value in values
    )
