"""Product filter: parse, change and write the query parameters of a list page. Pure.

Any text is accepted. An invalid parameter is recorded as ignored, never an error.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol, Self

from catalog.attributes.colors import COLORS
from catalog.search.detail_facets import (
    CUSTOM_PREFIX,
    DETAIL_CHOICES,
    DETAIL_FACETS,
    DETAIL_RANGES,
    MAX_NUMBER,
    CustomFacets,
    DetailFacet,
)
from storefront.lib.address import COUNTRIES

type Range = tuple[Decimal | None, Decimal | None]

ANY_RANGE: Range = (None, None)
MAX_QUERY_LENGTH = 200
MAX_PAGE = 10_000
MAX_BRAND_LENGTH = 80
MAX_VALUES = 100  # per parameter, as many as ``facets.MAX_BRANDS``

# Facet code -> the query parameter prefix of its two ends. Units: money, lm, m, h, g.
RANGES: Mapping[str, str] = {
    "price": "price",
    "lumens": "lm",
    "beam": "m",
    "runtime": "h",
    "weight": "g",
}
# Facet code -> query parameter and its values, in display order.
CHOICES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "lumens": ("lm", ("0-100", "100-300", "300-1000", "1000-3000", "3000-")),
    "power": (
        "power",
        (
            "built_in",
            "usb_c",
            "aaa",
            "aa",
            "14500",
            "18650",
            "21700",
            "26650",
            "cr123a",
            "other_cell",
            "solar",
            "crank",
            "external",
        ),
    ),
    "water": ("water", ("splash", "jets", "submersible")),
    "features": (
        "f",
        (
            "motion_sensor",
            "red_light",
            "magnet",
            "zoom",
            "clip",
            "hook",
            "dimming",
            "lockout",
            "power_bank",
            "battery_indicator",
            "rear_light",
            "high_cri",
        ),
    ),
    "color": ("color", COLORS),
}
# Facet code -> query parameter, if the values come from the cards: brand names, and codes of the
# countries that items ship from.
DYNAMIC_CHOICES: Mapping[str, str] = {"brand": "brand", "origin": "from"}
# Facet code -> the field of ``ProductFilter`` that holds its range or choices, if named otherwise.
RANGE_FIELDS: Mapping[str, str] = {"beam": "beam_m", "runtime": "runtime_h", "weight": "weight_g"}
CHOICE_FIELDS: Mapping[str, str] = {"lumens": "lumens_in"}
# The facets that are always counted, in display order; ``DETAIL_FACETS`` only if the list asks.
FACETS = (
    *("price", "brand", "lumens", "beam", "runtime", "weight", "power", "water", "features"),
    *("color", "origin"),
)
# Power features that combine with a cell: each one chosen must match.
COMBINABLE_POWER_SOURCES = frozenset({"usb_c", "solar", "crank"})
# Facets with a "not stated" choice.
CAN_BE_UNKNOWN = ("lumens", "beam", "runtime", "weight", "power", "water", "color")
# The same with the detail facets.
ALL_RANGES: Mapping[str, str] = {**RANGES, **{code: code for code in DETAIL_RANGES}}
ALL_CHOICES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    **CHOICES,
    **{code: (code, DETAIL_FACETS[code].values) for code in DETAIL_CHOICES},
}
ALL_CAN_BE_UNKNOWN = (*CAN_BE_UNKNOWN, *DETAIL_FACETS)
SORTS = ("best", "price", "price_desc", "lumens", "beam", "runtime", "weight", "newest")


def is_custom(name: str) -> bool:
    """Return whether a code or parameter is that of a custom attribute."""
    return name.startswith(CUSTOM_PREFIX)


def parameter_names() -> frozenset[str]:
    """Return all query parameters that may change a list, without those of custom attributes."""
    ends = {f"{name}_{end}" for name in RANGES.values() for end in ("min", "max")}
    ends |= {f"{code}_{end}" for code in DETAIL_RANGES for end in ("min", "max")}
    choices = {name for name, _values in CHOICES.values()} | {*DETAIL_CHOICES}
    fixed = {"q", "unknown", "more", "in_stock", "sort", "page"}
    return frozenset(fixed | ends | choices | set(DYNAMIC_CHOICES.values()))


class Params(Protocol):
    """The part of ``QueryDict`` that we use."""

    def __contains__(self, key: str, /) -> bool: ...

    def getlist(self, key: str) -> Sequence[object]: ...

    def keys(self) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """The filters and sort order of a list.

    Shape:  values of a facet are alternatives, except ``features`` and those of
            ``COMBINABLE_POWER_SOURCES``: they must all match, beside one of the chosen cells;
            ``details`` are pairs of a detail facet and its range or chosen values; ``custom`` are
            the facets of custom attributes that the list offers; ``unknown`` names facets that also
            match "not stated"; ``ignored`` names invalid parameters
    Units:  price in the channel's currency, beam in meters, run time in hours, weight in grams
    """

    category: str | None = None
    search_text: str = ""
    price: Range = ANY_RANGE
    lumens: Range = ANY_RANGE
    beam_m: Range = ANY_RANGE
    runtime_h: Range = ANY_RANGE
    weight_g: Range = ANY_RANGE
    lumens_in: frozenset[str] = frozenset()
    power: frozenset[str] = frozenset()
    water: frozenset[str] = frozenset()
    features: frozenset[str] = frozenset()
    brand: frozenset[str] = frozenset()
    color: frozenset[str] = frozenset()
    origin: frozenset[str] = frozenset()
    details: tuple[tuple[str, Range | frozenset[str]], ...] = ()
    custom: CustomFacets = ()
    unknown: frozenset[str] = frozenset()
    with_details: bool = False
    in_stock: bool = False
    sort: str = "best"
    page: int = 1
    ignored: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def from_params(
        cls, params: Params, category: str | None = None, *, custom: CustomFacets = ()
    ) -> Self:
        """Parse query parameters: ``q price_min lm lm_max power water f unknown sort …``.

        Shape:  choices may be repeated (``f=magnet&f=zoom``) or listed (``f=magnet,zoom``)
        """
        parser = _ParamParser(params)
        return cls(
            category=category,
            search_text=parser.search_text("q"),
            price=parser.range("price"),
            lumens=parser.range("lm"),
            beam_m=parser.range("m"),
            runtime_h=parser.range("h"),
            weight_g=parser.range("g"),
            lumens_in=parser.choices(*CHOICES["lumens"]),
            power=parser.choices(*CHOICES["power"]),
            water=parser.choices(*CHOICES["water"]),
            features=parser.choices(*CHOICES["features"]),
            brand=parser.brands(DYNAMIC_CHOICES["brand"]),
            color=parser.choices(*CHOICES["color"]),
            origin=parser.choices(DYNAMIC_CHOICES["origin"], tuple(COUNTRIES)),
            details=tuple(parser.details({**DETAIL_FACETS, **dict(custom)})),
            custom=custom,
            unknown=parser.choices("unknown", (*ALL_CAN_BE_UNKNOWN, *dict(custom))),
            with_details=bool(parser.choices("more", ("1",))),
            in_stock=bool(parser.choices("in_stock", ("1",))),
            sort=next(iter(parser.choices("sort", SORTS)), "best"),
            page=parser.page("page"),
            ignored=tuple(parser.ignored),
        )

    def to_params(self) -> list[tuple[str, str]]:
        """Return the query parameters of this list, without defaults."""
        params = [("q", self.search_text)] if self.search_text else []
        for code, name in self.all_ranges.items():
            for end, number in zip(("min", "max"), self.range_of(code), strict=True):
                if number is not None:
                    params.append((f"{name}_{end}", f"{number.normalize():f}"))
        for code, (name, known) in self.all_choices.items():
            chosen = self.chosen_in(code)
            params += [(name, value) for value in known if value in chosen]
        for code, name in DYNAMIC_CHOICES.items():
            params += [(name, value) for value in sorted(self.chosen_in(code))]
        params += [("unknown", code) for code in self.can_be_unknown if code in self.unknown]
        if self.with_details:
            params.append(("more", "1"))
        if self.in_stock:
            params.append(("in_stock", "1"))
        if self.sort != "best":
            params.append(("sort", self.sort))
        if self.page > 1:
            params.append(("page", str(self.page)))
        return params

    @property
    def detail_facets(self) -> Mapping[str, DetailFacet]:
        return {**DETAIL_FACETS, **dict(self.custom)} if self.custom else DETAIL_FACETS

    @property
    def all_ranges(self) -> Mapping[str, str]:
        own = {code: code for code, facet in self.custom if not facet.values}
        return {**ALL_RANGES, **own} if own else ALL_RANGES

    @property
    def all_choices(self) -> Mapping[str, tuple[str, tuple[str, ...]]]:
        own = {code: (code, facet.values) for code, facet in self.custom if facet.values}
        return {**ALL_CHOICES, **own} if own else ALL_CHOICES

    @property
    def can_be_unknown(self) -> tuple[str, ...]:
        return (*ALL_CAN_BE_UNKNOWN, *dict(self.custom))

    @property
    def shown_facets(self) -> tuple[str, ...]:
        """Return the codes of the facets that the list counts, in display order."""
        shown = tuple(code for code, facet in self.custom if not facet.is_folded)
        return (*FACETS, *shown, *(self._folded if self.shows_details else ()))

    @property
    def _folded(self) -> list[str]:
        return [code for code, facet in self.detail_facets.items() if facet.is_folded]

    def range_of(self, code: str) -> Range:
        value: Any = (
            dict(self.details).get(code, ANY_RANGE)
            if code in self.detail_facets
            else getattr(self, RANGE_FIELDS.get(code, code))
        )
        found: Range = value
        return found

    def chosen_in(self, code: str) -> frozenset[str]:
        value: Any = (
            dict(self.details).get(code, frozenset())
            if code in self.detail_facets
            else getattr(self, CHOICE_FIELDS.get(code, code))
        )
        choices: frozenset[str] = value
        return choices

    @property
    def shows_details(self) -> bool:
        """Return whether the folded facets are counted: asked for, or one of them is in use."""
        used = self.unknown.union(dict(self.details))
        return self.with_details or not used.isdisjoint(self._folded)

    @property
    def is_plain(self) -> bool:
        """Return whether only a category, page or sort order is set."""
        return replace(self, category=None, sort="best", page=1, custom=()) == type(self)()

    def without(self, code: str, value: str = "") -> Self:
        """Return the filter without one facet, or one value of it.

        Shape:  ``code`` is a facet, ``search_text`` or ``in_stock``; ``value`` is a choice, ``range`` or
                ``unknown``; empty means the whole facet
        """
        changes: dict[str, object] = {"page": 1}
        if code == "search_text":
            changes["search_text"] = ""
        if code == "in_stock":
            changes["in_stock"] = False
        if code in RANGES and value in {"", "range"}:
            changes[RANGE_FIELDS.get(code, code)] = ANY_RANGE
        if (code in CHOICES or code in DYNAMIC_CHOICES) and value not in {"range", "unknown"}:
            remaining = self.chosen_in(code) - {value} if value else frozenset()
            changes[CHOICE_FIELDS.get(code, code)] = remaining
        if code in self.detail_facets and value != "unknown":
            changes["details"] = tuple(self._details_without(code, value))
        if value in {"", "unknown"}:
            changes["unknown"] = self.unknown - {code}
        return replace(self, **changes)  # type: ignore[arg-type]

    def _details_without(
        self, code: str, value: str
    ) -> Iterator[tuple[str, Range | frozenset[str]]]:
        for other, chosen in self.details:
            if other != code:
                yield other, chosen
            elif isinstance(chosen, frozenset) and value and chosen - {value}:
                yield code, chosen - {value}

    def chosen(self) -> list[tuple[str, str]]:
        """Return all filters in use, as arguments of ``without``."""
        pairs = [("search_text", "")] if self.search_text else []
        ranges, choices = self.all_ranges, self.all_choices
        for code in (*FACETS, *self.detail_facets):
            if code in ranges and self.range_of(code) != ANY_RANGE:
                pairs.append((code, "range"))
            if code in choices:
                chosen = self.chosen_in(code)
                pairs += [(code, value) for value in choices[code][1] if value in chosen]
            if code in DYNAMIC_CHOICES:
                pairs += [(code, value) for value in sorted(self.chosen_in(code))]
            if code in self.unknown:
                pairs.append((code, "unknown"))
        return [*pairs, ("in_stock", "")] if self.in_stock else pairs


class _ParamParser:
    """Parses single parameters and records the invalid ones."""

    def __init__(self, params: Params) -> None:
        self._params = params
        self.ignored: list[str] = []

    def _texts(self, name: str) -> list[str]:
        if name not in self._params:
            return []
        submitted = self._params.getlist(name)
        if len(submitted) > MAX_VALUES:
            self.ignored.append(name)
        texts = (str(text).replace("\0", "").strip()[:400] for text in submitted[:MAX_VALUES])
        return [text for text in texts if text]

    def search_text(self, name: str) -> str:
        text = " ".join(" ".join(self._texts(name)[:1]).split())
        return text[:MAX_QUERY_LENGTH]

    def range(self, name: str) -> Range:
        least = -MAX_NUMBER if is_custom(name) else Decimal(0)
        low, high = (self._number(f"{name}_{end}", least=least) for end in ("min", "max"))
        if low is not None and high is not None and low > high:
            return high, low
        return low, high

    def _number(self, name: str, *, least: Decimal) -> Decimal | None:
        for text in self._texts(name)[:1]:
            try:
                number = Decimal(text.replace(",", "."))
            except InvalidOperation:
                number = Decimal("NaN")
            if number.is_finite() and least <= number <= MAX_NUMBER:
                return number.quantize(Decimal("0.001"))
            self.ignored.append(name)
        return None

    def choices(self, name: str, known: Sequence[str]) -> frozenset[str]:
        values = {part.strip() for text in self._texts(name) for part in text.split(",")} - {""}
        if not values:
            return frozenset()
        if values - set(known):
            self.ignored.append(name)
        return frozenset(values & set(known))

    def details(
        self, facets: Mapping[str, DetailFacet]
    ) -> Iterator[tuple[str, Range | frozenset[str]]]:
        """Yield the detail facets in use."""
        for code, facet in facets.items():
            if facet.values:
                if values := self.choices(code, facet.values):
                    yield code, values
            elif (ends := self.range(code)) != ANY_RANGE:
                yield code, ends

    def brands(self, name: str) -> frozenset[str]:
        values = {" ".join(text.split()) for text in self._texts(name)}
        known = {value for value in values if len(value) <= MAX_BRAND_LENGTH}
        if values - known:
            self.ignored.append(name)
        return frozenset(known)

    def page(self, name: str) -> int:
        for text in self._texts(name)[:1]:
            if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MAX_PAGE:
                return int(text[:6])
            self.ignored.append(name)
        return 1
