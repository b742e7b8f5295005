"""Product families: describe them, recognize them in a supplier's words. Pure.

Staff keep the families (``models.families``); ``BUILT_IN`` are those of a new shop.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from storefront.lib.text import fold


class FamilyKind(StrEnum):
    """What the rules of physics, shipping and publication need to know of a family."""

    LIGHT = "light"
    BATTERY = "battery"
    CHARGER = "charger"
    ACCESSORY = "accessory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One family of products. Hashable, since it is part of cache keys.

    Shape:  ``names`` are pairs of language and name; ``category`` is the slug of the category that
            a supplier's product gets; ``words`` recognize the family in supplier data, see
            ``word_pattern``; the lowest ``match_priority`` is tried first; ``search_words`` are
            added to the search text of its products; without ``max_first_price_eur`` any first
            price is published
    """

    code: str
    kind: str
    names: tuple[tuple[str, str], ...]
    category: str
    sku_prefix: str
    words: tuple[str, ...] = ()
    match_priority: int = 25
    search_words: str = ""
    max_first_price_eur: int | None = None

    def name_in(self, language: str) -> str:
        names = dict(self.names)
        return names.get(language) or names.get("en", self.code)


class _Match(NamedTuple):
    family: Family
    start: int
    end: int


class Families:
    """All families of the shop, in their order."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._by_code = {family.code: family for family in families}
        self._patterns = [
            (family, word_pattern(family.words))
            for family in sorted(self, key=lambda family: family.match_priority)
            if family.words
        ]

    def __iter__(self) -> Iterator[Family]:
        return iter(self._by_code.values())

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __getitem__(self, code: str) -> Family:
        return self._by_code[code]

    def name_in(self, code: str, language: str) -> str:
        """Return the name of a family, of an unknown one its code."""
        return self[code].name_in(language) if code in self else code

    def kind_of(self, code: str) -> str:
        """Return the kind of a family, "" of an unknown one."""
        return self[code].kind if code in self else ""

    def of_kind(self, kind: str) -> frozenset[str]:
        """Return the codes of the families of a kind."""
        return frozenset(family.code for family in self if family.kind == kind)

    def recognize(self, *, title: str, category_path: Sequence[str]) -> str:
        """Return the family named by the supplier's category, else by the title, else "".

        The innermost category that names one family decides. A category that names several
        ("Flashlights & Headlamps") is skipped, unless one of them is an accessory.
        """
        for text in [*reversed(category_path), title]:
            named = self._named_in(fold(text))
            is_accessory = any(family.kind == FamilyKind.ACCESSORY for family in named)
            if text is not title and len(named) > 1 and not is_accessory:
                continue
            if named:
                return named[0].code
        return ""

    def _named_in(self, folded: str) -> list[Family]:
        """Return the named families. In "head torch", "torch" names no family of its own.

        A word of several families names the one with the lowest priority number.
        """
        matches = [
            _Match(family, *found.span())
            for family, pattern in self._patterns
            if (found := pattern.search(folded))
        ]
        return [match.family for match in matches if not _is_covered(match, matches)]


def _is_covered(match: _Match, matches: Sequence[_Match]) -> bool:
    """Return whether another match contains this one, or an earlier one is of the same words."""
    earlier = matches[: matches.index(match)]
    return any(
        other.start <= match.start
        and match.end <= other.end
        and ((other.start, other.end) != (match.start, match.end) or other in earlier)
        for other in matches
    )


def word_pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that finds one of the words as a whole, also in the plural, in folded text.

    A space also stands for a hyphen or nothing ("head lamp", "headlamp"), a final ``*`` for any
    ending.
    """
    shapes = [_shape(fold(word).strip()) for word in words]
    return re.compile(rf"\b(?:{'|'.join(shapes)})\b")


def _shape(word: str) -> str:
    stem = "[ -]?".join(map(re.escape, word.removesuffix("*").split()))
    return stem + (r"\w*" if word.endswith("*") else "(?:e?s|n)?")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


# English and German. A strap for a headlamp is an accessory, a charger for cells a charger.
BUILT_IN = Families((
    Family(
        code="headlamp", kind=FamilyKind.LIGHT, names=(("az", "Baş fənəri"), ("en", "Headlamp")),
        category="headlamps", sku_prefix="HL", match_priority=40, max_first_price_eur=1_500,
        words=_words("head lamp, head torch*, head light, cap light, clip on cap, stirnlampe"
                     ", stirnleuchte, kopflampe, kopfleuchte, helmet light, helmlampe"),
        search_words="headlamp head torch headlight lamp alın fənəri baş fənəri",
    ),
    Family(
        code="flashlight", kind=FamilyKind.LIGHT, names=(("az", "Əl fənəri"), ("en", "Flashlight")),
        category="flashlights", sku_prefix="FL", match_priority=80, max_first_price_eur=3_000,
        words=_words("flash light, torch*, pen light, keychain light, keyring light, key light"
                     ", spot light, taschenlampe, taschenleuchte, handlampe, handleuchte"
                     ", schlüsselbundlampe, schlüsselbundleuchte, dive light, diving light"
                     ", tauchlampe"),
        search_words="flashlight torch light əl fənəri fənər",
    ),
    Family(
        code="lantern", kind=FamilyKind.LIGHT, names=(("az", "Kempinq fənəri"), ("en", "Lantern")),
        category="lanterns", sku_prefix="LN", match_priority=50, max_first_price_eur=1_000,
        words=_words("lantern, camping light, camping lamp, tent light, tent lamp, campinglampe"
                     ", campingleuchte, campinglaterne, zeltlampe, zeltleuchte, zeltlaterne"
                     ", laterne"),
        search_words="lantern camping light lamp kempinq kamp fənəri düşərgə lampası",
    ),
    Family(
        code="work_light", kind=FamilyKind.LIGHT, names=(("az", "İş işığı"), ("en", "Work light")),
        category="work-lights", sku_prefix="WL", match_priority=60, max_first_price_eur=2_000,
        words=_words("work light, work lamp, inspection, flood light, task light, arbeitslampe"
                     ", arbeitsleuchte, werkstattlampe, werkstattleuchte"),
        search_words="work light inspection lamp iş işığı iş lampası",
    ),
    Family(
        code="bike_light", kind=FamilyKind.LIGHT,
        names=(("az", "Velosiped işığı"), ("en", "Bike light")),
        category="bike-lights", sku_prefix="BL", match_priority=30, max_first_price_eur=1_500,
        words=_words("bike, bicycle, cycling, tail light, fahrradlampe, fahrradleuchte"
                     ", fahrradlicht, fahrradlichter, fahrradbeleuchtung"),
        search_words="bike light bicycle lamp velosiped işığı fənəri",
    ),
    # German plurals only, as in category names: a "Taschenlampe mit Akku" is not a battery.
    Family(
        code="battery", kind=FamilyKind.BATTERY, names=(("az", "Batareya"), ("en", "Battery")),
        category="cells-chargers", sku_prefix="BT", match_priority=70, max_first_price_eur=500,
        words=_words("battery, batteries, cell, accu, akkus, batterien"),
        search_words="battery cell accumulator batareya akkumulyator",
    ),
    Family(
        code="charger", kind=FamilyKind.CHARGER, names=(("az", "Doldurucu"), ("en", "Charger")),
        category="cells-chargers", sku_prefix="CH", match_priority=20, max_first_price_eur=700,
        words=_words("charger, charging dock, ladegerät, ladegeräte"),
        search_words="charger charging dock doldurucu şarj cihazı",
    ),
    Family(
        code="accessory", kind=FamilyKind.ACCESSORY, names=(("az", "Aksesuar"), ("en", "Accessory")),
        category="accessories", sku_prefix="AC", match_priority=10, max_first_price_eur=700,
        words=_words("accessor*, strap, holster, diffuser, filter, lanyard, pouch*, o ring"
                     ", bike mount, bar mount, helmet mount, wall mount, tripod mount, mount for"
                     ", mounts for, holder, case, spare part, zubehör"),
        search_words="accessory spare part aksesuar",
    ),
))  # fmt: skip
LIGHTS = BUILT_IN.of_kind(FamilyKind.LIGHT)
