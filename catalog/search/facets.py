"""Facets: count the cards of every choice of a list."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pyroaring import BitMap64

from catalog.search.detail_facets import DetailFacet
from catalog.search.filters import DYNAMIC_CHOICES, ProductFilter, is_custom
from catalog.search.selection import RANGE_COLUMNS, Selection, unknown

CENTS = Decimal("0.01")
MAX_BRANDS = 100  # those with the most cards


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
            facets with ``has_range`` have ``low`` and ``high``, the range of the cards that pass all
            other filters; ``unknown`` counts the cards without a stated value; ``custom`` is the
            definition of a custom attribute
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
    custom: DetailFacet | None = None

    @property
    def is_active(self) -> bool:
        return (
            self.is_unknown_chosen
            or (self.chosen_low, self.chosen_high) != (None, None)
            or any(choice.is_chosen for choice in self.choices)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The counts of a list; ``without`` maps each facet in use to the total without it."""

    total: int
    in_stock: int
    facets: tuple[Facet, ...]
    without: dict[str, int]


def count(selection: Selection) -> Counts:
    """Count all values of the facets; folded facets only if the list shows them.

    The counts of a facet ignore its own selection, since its values are alternatives. Features must
    all match, so their counts respect the chosen features. Power has values of both kinds.
    """
    cards = selection.cards()
    without = {code: selection.cards(except_facet=code) for code in selection.by_facet}
    in_stock = without.get("in_stock", cards) & selection.in_stock
    return Counts(
        total=len(cards),
        in_stock=len(in_stock),
        facets=tuple(
            _facet(selection, code, cards if code == "features" else without.get(code, cards))
            for code in selection.query.shown_facets
        ),
        without={code: len(remaining) for code, remaining in without.items()},
    )


def _facet(selection: Selection, code: str, among: BitMap64) -> Facet:
    index, query = selection.index, selection.query
    low = high = None
    chosen_low = chosen_high = None
    detail, has_range = query.detail_facets.get(code), code in query.all_ranges
    if has_range:
        factor = detail.factor if detail else 60 if code == "runtime" else 1
        low, high = (
            None if end is None else (Decimal(end) / factor).quantize(CENTS)
            for end in index.columns[RANGE_COLUMNS.get(code, code)].extremes(among)
        )
        chosen_low, chosen_high = query.range_of(code)
    return Facet(
        code=code,
        param=_param(query, code),
        has_range=has_range,
        choices=_choices(selection, code, among),
        unknown=unknown(index, code).intersection_cardinality(among)
        if code in query.can_be_unknown
        else 0,
        is_unknown_chosen=code in query.unknown,
        low=low,
        high=high,
        chosen_low=chosen_low,
        chosen_high=chosen_high,
        custom=detail if is_custom(code) else None,
    )


def _param(query: ProductFilter, code: str) -> str:
    if code in DYNAMIC_CHOICES:
        return DYNAMIC_CHOICES[code]
    choices = query.all_choices
    return choices[code][0] if code in choices else query.all_ranges[code]


def _choices(selection: Selection, code: str, among: BitMap64) -> tuple[Choice, ...]:
    query = selection.query
    if code == "brand":
        return _named_choices(_brands(selection, among), query.chosen_in(code))
    if code == "origin":
        return _named_choices(_origins(selection, among), query.chosen_in(code))
    if code not in query.all_choices:
        return ()
    chosen = query.chosen_in(code)
    return tuple(
        Choice(
            value=value,
            count=selection.cards_with_choice(code, value).intersection_cardinality(among),
            is_chosen=value in chosen,
        )
        for value in query.all_choices[code][1]
    )


def _brands(selection: Selection, among: BitMap64) -> dict[str, int]:
    """Count the cards of each brand; if there are many brands, only those with the most cards."""
    counted = {
        str(brand): count
        for brand, cards in selection.index.sets["brand"].items()
        if (count := cards.intersection_cardinality(among))
    }
    ranked = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return dict(ranked[:MAX_BRANDS])


def _origins(selection: Selection, among: BitMap64) -> dict[str, int]:
    """Count the countries that items ship from to the customer."""
    buyable, areas = among & selection.in_stock, {str(area) for area in selection.areas}
    cards_by_origin: dict[str, BitMap64] = {}
    for route, cards in selection.index.sets["sent_from"].items():
        if route is not None:
            origin, area = str(route).split(":")
            if area in areas:
                cards_by_origin[origin] = cards_by_origin.get(origin, BitMap64()) | cards
    return {
        origin: count
        for origin, cards in cards_by_origin.items()
        if (count := cards.intersection_cardinality(buyable))
    }


def _named_choices(many: Mapping[str, int], chosen: frozenset[str]) -> tuple[Choice, ...]:
    """Return the counted values and the chosen ones, by name."""
    values = sorted({*many, *chosen}, key=str.casefold)
    return tuple(
        Choice(value=value, count=many.get(value, 0), is_chosen=value in chosen) for value in values
    )
