"""Item texts: read pack size, colors, kind and name from titles and option values. Pure.

The words are those of supplier lists in English, German, Azerbaijani, French and Spanish.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from catalog.attributes.colors import COLOR_WORDS
from catalog.attributes.families import BUILT_IN, LIGHTS
from storefront.lib.text import fold

_PIECES = (
    r"(?:pcs?|pieces?|units?|uds?|unidades|stuck|stk|eded|pack|er[ -]?(?:set|pack)"
    r"|l[iu] (?:dest|paket))"
)
_PACKS = (
    re.compile(rf"\(?\b(\d{{1,3}})[ -]?{_PIECES}\b\)?"),
    re.compile(r"\b(?:set|pack|lot|juego|conjunto|box|carton) (?:of|de|von) (\d{1,3})\b"),
    re.compile(r"^(\d{1,3}) ?[x×*] (?=[^\W\d])"),
)
_PAIR = re.compile(r"\b(?:twin|double|doppel)[ -]?pack\b|\bpair of\b")
# The words from here on name the contents of the box, not the item.
_CONTENTS = re.compile(r"\b(?:incl|including|included|inkl|inklusive|with|mit|avec|con)\b.*")
_WITHOUT = re.compile(r"\b(?:without|no|ohne|sans|sin) (?:batter|cell|akku)")
_WITH = re.compile(r"\b(?:with|incl\.?|including|mit|inkl\.?) (?:batter|cell|akku)")
_NUMBERS: Mapping[str, re.Pattern[str]] = {
    "output_lm": re.compile(r"\b(\d[\d.,]*) ?(?:lm|lumens?)\b"),
    "battery_capacity_mah": re.compile(r"\b(\d[\d.,]*) ?mah\b"),
    "cct_k": re.compile(r"\b(\d{4}) ?k\b"),
    "w": re.compile(r"\b(\d{1,4}) ?w(?:att)?\b"),
    "nm": re.compile(r"\b(\d{3}) ?nm\b"),
    "m": re.compile(r"\b(\d{1,4}) ?m\b"),
}
_CELL = re.compile(r"\b(?:10440|14500|16340|18350|18500|18650|20700|21700|26650|32650|cr123a?)\b")
_COUNTED_CELLS = re.compile(r"\b(\d{1,2}) ?x? ?(a{2,3})\b")
_CODES = re.compile(
    rf"\bip[x\d]\d\b|\busb(?:-c)?\b|\b\d(?:[.,]\d)? ?v\b|{_CELL.pattern}|{_COUNTED_CELLS.pattern}"
    r"|\b(?:work|tactical) ?(?:flash)?(?:light|lamp)s?\b"
)
_WORD = re.compile(r"[^\W_]+\+?")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that name another item, also in lower case: editions, bundles, materials.
_EDITIONS = _words(
    "pro max plus mini micro ultra lite core edition bundle kit set combo refurbished used helmet"
    " pair spare kids titanium titan copper kupfer brass messing steel stainless"
)
_SIDES = tuple(
    map(_words, ("front rear", "left right", "button flat", "warm cool neutral", "eu uk us"))
)
_ALL_SIDES = frozenset().union(*_SIDES)
# Words that describe a light and do not name it.
_DESCRIPTIONS = _words(
    "the and for of in on to by with led light lights lamp lamps torch flashlight headlamp headlight"
    " head lantern camping bike bicycle front rear tail inspection keychain key chain ring penlight"
    " pen pocket edc search floodlight spotlight rechargeable type charging waterproof outdoor"
    " hunting running hiking fishing dog walk super bright high power zoom long range battery"
    " batteries cell cells charger charge new original min solar small warm cool neutral duty"
    " everyday reading ultralight motion sensor wide pull up folding slim bar cap band right angle"
    " barrel retro leaf cob button top flat"
    " stirnlampe taschenlampe kopflampe laterne campinglaterne fahrradlicht arbeitsleuchte"
    " stiftlampe schlusselbundlampe suchscheinwerfer leuchte lampe licht mit und fur aufladbar"
    " wiederaufladbar wasserdicht akku geschenkbox mignon frontale"
    " fener feneri bas el ucun aciqliq acarliq isiq isigi"
)
_COLOR_OF_WORD = {word: color for color, words in COLOR_WORDS.items() for word in words.split()}
_NO_NAMES = _DESCRIPTIONS | _COLOR_OF_WORD.keys()
_PARTS = frozenset({"accessory", "charger"})
_NUMBER_RATIO: Mapping[str, Decimal] = {
    "output_lm": Decimal("1.25"), "battery_capacity_mah": Decimal("1.1"), "cct_k": Decimal("1.15"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemText:
    """What the texts of one item state.

    Shape: ``words`` are all words of the title, ``names`` those that may name the product; ``kind``
        is ``light``, another family, or empty; ``options`` are option values that are neither
        color, pack size nor battery
    """

    pack: int
    colors: frozenset[str]
    option_colors: frozenset[str]
    options: frozenset[str]
    option_words: frozenset[str]
    battery: str
    kind: str
    words: frozenset[str]
    names: frozenset[str]
    sides: frozenset[str]
    cells: frozenset[str]
    numbers: Mapping[str, frozenset[Decimal]]


def pack_size(text: str) -> int:
    """Return how many pieces one unit contains: ``set of 2``, ``2 pcs``, ``2er-Set``; else 1."""
    return _split_pack(_plain(text))[0]


def read(*, brand: str, title: str, options: Sequence[str]) -> ItemText:
    """Read the texts of one item."""
    pack, rest = _split_pack(_plain(title))
    rest, is_for_brand = _without_brand(rest, _plain(brand))
    battery = _battery(rest)
    packs = [pack]
    others: set[str] = set()
    option_colors: set[str] = set()
    for value in map(_plain, options):
        count, value_rest = _split_pack(value)
        colors = _colors(value_rest)
        packs.append(count)
        option_colors |= colors
        if stated := _battery(value_rest):
            battery = stated
        elif count == 1 and not colors and value_rest.strip():
            others.add(value_rest.strip())
    numbers = {}
    named = _CONTENTS.sub(" ", rest)
    for unit, pattern in _NUMBERS.items():
        if texts := pattern.findall(rest):
            if found := frozenset(filter(None, map(_number, texts))):
                numbers[unit] = found
            named = pattern.sub(" ", named)
    cells = {*_CELL.findall(named), *map("x".join, _COUNTED_CELLS.findall(named))}
    words = _WORD.findall(_CODES.sub(" ", named))
    is_name = _name_test(title)
    bundle = _EDITIONS.intersection(_WORD.findall(_CODES.sub(" ", rest)))
    return ItemText(
        pack=max(packs),
        colors=frozenset(option_colors) or _colors(rest),
        option_colors=frozenset(option_colors),
        options=frozenset(others),
        option_words=frozenset(word for value in options for word in _WORD.findall(_plain(value))),
        battery=battery,
        kind="accessory" if is_for_brand else _kind(_CONTENTS.sub(" ", rest)),
        words=frozenset(_WORD.findall(_plain(title))),
        names=frozenset(
            word
            for word in (*words, *bundle)
            if word in _EDITIONS or (is_name(word) and word not in _NO_NAMES)
        ),
        sides=_ALL_SIDES.intersection(_WORD.findall(rest)),
        cells=frozenset(cells),
        numbers=numbers,
    )


def _plain(text: str) -> str:
    if text.isascii():
        return text.lower()  # the same, but faster
    decomposed = unicodedata.normalize("NFKD", fold(text).replace("ß", "ss"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _name_test(title: str) -> Callable[[str], bool]:
    """Return a test of words: a name has a capital or a digit, unless the title has no capitals."""
    capitals = {
        _plain(word) for word in _WORD.findall(title) if any(letter.isupper() for letter in word)
    }
    return lambda word: not capitals or word in capitals or any(letter.isdigit() for letter in word)


def _without_brand(title: str, brand: str) -> tuple[str, bool]:
    """Return the title without the brand, and whether it is ``for`` a product of the brand."""
    words = _WORD.findall(brand)
    if not words:
        return title, False
    name = r"[\W_]*".join(map(re.escape, words))
    is_for_brand = re.search(rf"\b(?:for|fur|pour|para) (?:the )?{name}\b", title) is not None
    return re.sub(rf"\b{name}\b", " ", title), is_for_brand


def _kind(title: str) -> str:
    family = BUILT_IN.recognize(title=title, category_path=())
    return "light" if family in LIGHTS else family


def _split_pack(text: str) -> tuple[int, str]:
    """Return the pack size that a text states, and the text without it."""
    if _PAIR.search(text):
        return 2, _PAIR.sub(" ", text)
    for pattern in _PACKS:
        if (found := pattern.search(text)) and int(found[1]) > 0:
            return int(found[1]), text[: found.start()] + " " + text[found.end() :]
    return 1, text


def _battery(text: str) -> str:
    if _WITHOUT.search(text):
        return "without"
    return "with" if _WITH.search(text) else ""


def _colors(text: str) -> frozenset[str]:
    return frozenset(_COLOR_OF_WORD[word] for word in _WORD.findall(text) if word in _COLOR_OF_WORD)


def _number(text: str) -> Decimal | None:
    digits = re.sub(r"[.,](?=\d{3}\b)", "", text).replace(",", ".").rstrip(".")
    return Decimal(digits) if digits.count(".") <= 1 and digits else None


# Differences


def differences(ours: ItemText, theirs: ItemText, *, known: Collection[str]) -> frozenset[str]:
    """Return the aspects in which the texts of two items contradict each other, such as ``pack``.

    A word of the name that only one title has may name an edition, so it is a contradiction.
    Shape: ``known`` are brands, SKU and shared part numbers; their words are not part of the name
    """
    explained = {word for text in known for word in written_words(text)}
    explained |= ours.option_words | theirs.option_words
    found = {
        "pack": ours.pack != theirs.pack,
        "color": _are_apart(ours.option_colors, theirs.option_colors)
        if ours.option_colors and theirs.option_colors
        else ours.colors.isdisjoint(theirs.colors) and bool(ours.colors and theirs.colors),
        "option": _are_apart(ours.options, theirs.options),
        "battery": _are_apart(ours.battery, theirs.battery),
        "kind": _is_other_kind(ours.kind, theirs.kind),
        "name": bool(((ours.names - theirs.words) | (theirs.names - ours.words)) - explained),
        "version": any(_are_apart(group & ours.sides, group & theirs.sides) for group in _SIDES),
        "cell": bool(ours.cells and theirs.cells) and ours.cells.isdisjoint(theirs.cells),
    }
    units = {
        unit
        for unit, values in ours.numbers.items()
        if unit in theirs.numbers and are_numbers_apart(unit, values, theirs.numbers[unit])
    }
    return frozenset({name for name, is_found in found.items() if is_found} | units)


def _are_apart(ours: object, theirs: object) -> bool:
    return bool(ours and theirs) and ours != theirs


def _is_other_kind(ours: str, theirs: str) -> bool:
    """Return whether kinds differ; an accessory also differs from an item of unknown kind."""
    return ours != theirs and (bool(ours and theirs) or bool({ours, theirs} & _PARTS))


def are_numbers_apart(unit: str, ours: Iterable[Decimal], theirs: Iterable[Decimal]) -> bool:
    """Return whether no value of one side is close to a value of the other."""
    ratio = _NUMBER_RATIO.get(unit, Decimal(1))
    pairs = [sorted((one, other)) for one in ours for other in theirs]
    return bool(pairs) and all(high > low * ratio for low, high in pairs)


def written_words(text: str) -> set[str]:
    """Return the words of a text, and all of them as one word."""
    words = _WORD.findall(_plain(text))
    return {*words, "".join(words)}
