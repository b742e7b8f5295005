"""Search query parser: turn search text into filters and search words. Pure.

Example: ``18650 usb-c headlamp under 100g``. Recognized parts become filters, the rest are search
         words. No text is an error.
"""

import re
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from catalog.attributes.identifiers import InvalidGtinError, brand_key, gtin14
from catalog.search.filters import RANGE_FIELDS, ProductFilter
from storefront.lib.text import fold
from storefront.lib.units import G_PER_OZ

MAX_TERMS = 12
MAX_TERM_LENGTH = 40

_BELOW = r"under|below|less than|at most|up to|max|maximum|<=|<|≤"
_ABOVE = r"over|above|more than|at least|from|min|minimum|>=|>|≥"
_NUMBER = r"(?P<number>\d{1,7}(?:[.,]\d{3})*(?:[.,]\d{1,2})?)"
# Unit (Azerbaijani words take endings) -> facet; a plain number after "under" is money.
_UNITS = (
    r"(?P<weight>kg|oz|g|gr|grams?|qram\w*)"
    r"|(?P<lumens>lm|lumens?|lumen\w*)"
    r"|(?P<runtime>h|hrs?|hours?|saat\w*)"
    r"|(?P<price>€|\$|£|eur|euros?|usd|avro\w*)"
)
_BOUND = re.compile(
    rf"(?<!\S)(?:(?P<below>{_BELOW})|(?P<above>{_ABOVE}))?\s*(?P<sign>[€$£])?\s*{_NUMBER}"
    rf"\s*(?:{_UNITS})?(?:\s+(?P<after>qeder|az|cox))?(?!\S)"
)

# Folded phrase -> its filter. Longer phrases match first.
_PHRASES: dict[str, tuple[str, str]] = {
    "built in battery": ("power", "built_in"),
    **dict.fromkeys(("usb-c", "usb c", "usbc", "type-c", "type c"), ("power", "usb_c")),
    **{cell: ("power", cell) for cell in ("aaa", "aa", "14500", "18650", "21700", "26650")},
    **dict.fromkeys(("cr123a", "cr123"), ("power", "cr123a")),
    **dict.fromkeys(("solar", "gunes"), ("power", "solar")),
    **dict.fromkeys(("hand crank", "crank", "dynamo"), ("power", "crank")),
    **dict.fromkeys(
        ("waterproof", "splashproof", "ipx4", "ip44", "ip54", "ip64", "suya davamli"),
        ("water", "splash"),
    ),
    **dict.fromkeys(
        ("ipx5", "ipx6", "ipx9", "ipx9k", "ip65", "ip66", "ip69", "ip69k"), ("water", "jets")
    ),
    **dict.fromkeys(
        ("submersible", "underwater", "ipx7", "ipx8", "ip67", "ip68"), ("water", "submersible")
    ),
    **dict.fromkeys(
        ("motion sensor", "wave sensor", "hereket sensoru"), ("features", "motion_sensor")
    ),
    **dict.fromkeys(("red light", "night vision", "qirmizi isiq"), ("features", "red_light")),
    **dict.fromkeys(("magnetic", "magnet", "maqnit", "maqnitli"), ("features", "magnet")),
    **dict.fromkeys(("zoomable", "zoom"), ("features", "zoom")),
    **dict.fromkeys(("dimmable", "dimming", "stepless"), ("features", "dimming")),
    **dict.fromkeys(("power bank", "powerbank"), ("features", "power_bank")),
    **dict.fromkeys(("high cri", "cri 90", "cri90"), ("features", "high_cri")),
    **dict.fromkeys(("in stock", "stokda"), ("in_stock", "1")),
}
_PHRASE = re.compile(
    r"(?<![\w-])(?:"
    + "|".join(re.escape(phrase) for phrase in sorted(_PHRASES, key=len, reverse=True))
    + r")(?![\w-])"
)
_WORD = re.compile(r"\w+(?:[-./']\w+)*")
_STOP_WORDS = frozenset(
    {"a", "an", "and", "for", "in", "is", "it", "of", "on", "or", "the", "to", "with"}
    | {"ve", "ile", "ucun", "bir", "under", "over"}
)


class Term(NamedTuple):
    """One search word; ``names`` are its forms as an identifier."""

    word: str
    names: tuple[str, ...]


def parse(query: ProductFilter) -> ProductFilter:
    """Return the query with the filters in its text; ``search_text`` keeps the remaining text."""
    if not query.search_text:
        return query
    remaining = query.search_text
    folded = fold(remaining)
    if len(folded) != len(remaining):  # a letter that folds into two: positions no longer agree
        remaining = folded
    for match in list(_PHRASE.finditer(folded)):
        query = _with_choice(query, *_PHRASES[match.group()])
        remaining, folded = _blank(remaining, match), _blank(folded, match)
    for match in list(_BOUND.finditer(folded)):
        changed = _with_bound(query, match)
        if changed is not query:
            query = changed
            remaining = _blank(remaining, match)
    words = " ".join(remaining.split())
    return replace(query, search_text=words if split_terms(words) else "")


def is_wordless(query: ProductFilter) -> bool:
    """Return whether the text names no search word and no filter, such as "%"."""
    return (
        query.search_text != ""
        and parse(ProductFilter(search_text=query.search_text)) == ProductFilter()
    )


def split_terms(text: str) -> list[Term]:
    """Split the remaining text into search words."""
    texts = [word[:MAX_TERM_LENGTH] for word in _WORD.findall(fold(text.replace("\0", " ")))]
    return [Term(word, _names(word)) for word in texts if word not in _STOP_WORDS][:MAX_TERMS]


def _names(word: str) -> tuple[str, ...]:
    names = {word, brand_key(word)} - {""}
    with suppress(InvalidGtinError):
        names.add(gtin14(word))
    return tuple(sorted(names))


def _blank(text: str, match: re.Match[str]) -> str:
    return text[: match.start()] + " " * (match.end() - match.start()) + text[match.end() :]


def _with_choice(query: ProductFilter, code: str, value: str) -> ProductFilter:
    if code == "in_stock":
        return replace(query, in_stock=True)
    return replace(query, **{code: query.chosen_in(code) | {value}})  # type: ignore[arg-type]


def _with_bound(query: ProductFilter, match: re.Match[str]) -> ProductFilter:
    """Parse one number; a number without a unit counts only after "under" or "over"."""
    part = match.groupdict()
    code = next((code for code in ("weight", "lumens", "runtime", "price") if part[code]), None)
    if code is None and (part["sign"] or part["below"] or part["above"]):
        code = "price"
    if code is None:
        return query
    number = _number(part["number"])
    if code == "weight" and part["weight"] == "kg":
        number *= 1000
    if code == "weight" and part["weight"] == "oz":
        number = (number * G_PER_OZ).quantize(Decimal(1))
    # A bare "100 g" or "€50" is a maximum; a bare "1000 lm" or "10 h" a minimum.
    is_most = code in {"weight", "price"}
    if part["below"] or part["after"] in {"qeder", "az"}:
        is_most = True
    if part["above"] or part["after"] == "cox":
        is_most = False
    low, high = query.range_of(code)
    bound = (low, number) if is_most else (number, high)
    return replace(query, **{RANGE_FIELDS.get(code, code): bound})  # type: ignore[arg-type]


def _number(text: str) -> Decimal:
    """Parse ``1,000`` and ``1.000`` as a thousand, ``9,90`` and ``9.90`` as decimals."""
    digits = re.sub(r"[.,](?=\d{3}(?!\d))", "", text)
    return Decimal(digits.replace(",", "."))
