"""Selection: apply the filters of a list to the cards in the index.

Call within ``card_index.locked_index``. The list and its facet counts use the same sets of cards, so
they always agree.
"""

from dataclasses import dataclass
from decimal import Decimal

from pyroaring import BitMap64

from catalog.search.card_index import CardIndex
from catalog.search.detail_facets import DETAIL_RANGES
from catalog.search.filters import (
    ANY_RANGE,
    COMBINABLE_POWER_SOURCES,
    ProductFilter,
    Range,
    is_custom,
)

LUMEN_BUCKETS: dict[str, tuple[int, int | None]] = {  # both ends included
    "0-100": (0, 100),
    "100-300": (101, 300),
    "300-1000": (301, 1000),
    "1000-3000": (1001, 3000),
    "3000-": (3001, None),
}
# Jets are water 2 and 4: immersion (3) does not imply jets.
WATER_LEVELS: dict[str, tuple[int, ...]] = {
    "splash": (1, 2, 3, 4),
    "jets": (2, 4),
    "submersible": (3, 4),
}
# Facet code -> the column of its range; that of a custom attribute has the code of the facet.
RANGE_COLUMNS: dict[str, str] = {
    "price": "price_amount",
    "lumens": "output_lm",
    "beam": "beam_m",
    "runtime": "runtime_min",
    "weight": "weight_g",
    **{code: code for code in DETAIL_RANGES},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The cards of a list.

    Shape:  ``base`` are the cards of the category that match the search words; ``by_facet`` maps
            each facet in use to the cards that pass it, regardless of other filters
    """

    index: CardIndex
    query: ProductFilter
    base: BitMap64
    in_stock: BitMap64
    by_facet: dict[str, BitMap64]
    areas: list[int]

    def cards(self, *, except_facet: str = "") -> BitMap64:
        """Return the cards that pass all filters, or all except one."""
        others = (cards for code, cards in self.by_facet.items() if code != except_facet)
        return BitMap64.intersection(self.base, *others)

    def cards_with_choice(self, code: str, value: str) -> BitMap64:
        """Return the cards that pass a facet with this choice."""
        if code == "power":
            return _power(self.index, _required_with(value, self.query.power) | {value})
        return _cards_with_choice(self.index, code, value)


def select(
    query: ProductFilter, *, index: CardIndex, base: BitMap64, in_stock: BitMap64, country: str
) -> Selection:
    """Apply each filter in use."""
    areas = index.areas_of(country)
    by_facet = {
        "price": _range(index, "price", query.price),
        "lumens": _lumens(index, query),
        "beam": _range(index, "beam", query.beam_m),
        "runtime": _range(index, "runtime", query.runtime_h, factor=60),
        "weight": _range(index, "weight", query.weight_g),
        "power": _power(index, query.power) if query.power else None,
        "water": _any(index, "water", query.water),
        "features": BitMap64.intersection(
            *(index.cards_with("features", value) for value in query.features)
        )
        if query.features
        else None,
        "brand": _any(index, "brand", query.brand),
        "color": _any(index, "color", query.color),
        "origin": in_stock & _sent_from(index, query.origin, areas) if query.origin else None,
        "in_stock": in_stock if query.in_stock else None,
        **{
            code: _any(index, code, chosen)
            if isinstance(chosen, frozenset)
            else _range(index, code, chosen, factor=query.detail_facets[code].factor)
            for code, chosen in query.details
        },
    }
    for code in query.unknown:
        by_facet[code] = (by_facet.get(code) or BitMap64()) | unknown(index, code)
    return Selection(
        index=index,
        query=query,
        base=base,
        in_stock=in_stock,
        by_facet={code: cards for code, cards in by_facet.items() if cards is not None},
        areas=areas,
    )


def unknown(index: CardIndex, code: str) -> BitMap64:
    """Return the cards that do not state the value of a facet."""
    if is_custom(code):
        return index.memoize(("unknown", code), lambda: index.cards - index.cards_stating(code))
    if code in RANGE_COLUMNS:
        column = index.columns[RANGE_COLUMNS[code]]
        return index.memoize(("unknown", code), lambda: index.cards - column.cards)
    return index.cards_with(code, None)


def _cards_with_choice(index: CardIndex, code: str, value: str) -> BitMap64:
    if code == "lumens":
        bucket = LUMEN_BUCKETS[value]
        return index.memoize(("lumens", value), lambda: index.columns["output_lm"].between(*bucket))
    if code == "water":
        return index.memoize(
            ("water", value), lambda: index.cards_with("water", *WATER_LEVELS[value])
        )
    return index.cards_with(code, value)


def _any(index: CardIndex, code: str, values: frozenset[str]) -> BitMap64 | None:
    if not values:
        return None
    return BitMap64.union(*(_cards_with_choice(index, code, value) for value in values))


def _range(index: CardIndex, code: str, ends: Range, *, factor: int = 1) -> BitMap64 | None:
    if ends == ANY_RANGE:
        return None
    low, high = (None if end is None else Decimal(end) * factor for end in ends)
    return index.columns[RANGE_COLUMNS.get(code, code)].between(low, high)


def _lumens(index: CardIndex, query: ProductFilter) -> BitMap64 | None:
    """Return the cards of an output: a free range and buckets must both hold."""
    cards, buckets = _range(index, "lumens", query.lumens), _any(index, "lumens", query.lumens_in)
    return buckets if cards is None else cards if buckets is None else cards & buckets


def _power(index: CardIndex, selected: frozenset[str]) -> BitMap64:
    """Match any of the cells and all of the others, so that "18650 usb-c" narrows."""
    cells, also = selected - COMBINABLE_POWER_SOURCES, selected & COMBINABLE_POWER_SOURCES
    found = [index.cards_with("power", value) for value in also]
    if cells:
        found.append(index.cards_with("power", *cells))
    return BitMap64.intersection(*found)


def _required_with(value: str, chosen: frozenset[str]) -> frozenset[str]:
    """Return the chosen power values that a card must match in addition to this value."""
    return chosen if value in COMBINABLE_POWER_SOURCES else chosen & COMBINABLE_POWER_SOURCES


def _sent_from(index: CardIndex, origins: frozenset[str], areas: list[int]) -> BitMap64:
    routes = (f"{origin}:{area}" for origin in origins for area in areas)
    return index.cards_with("sent_from", *routes)
