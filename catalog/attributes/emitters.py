"""Emitters: remove LED models that do not exist from a title. Pure.

Resellers name large generic LEDs after real ones, such as ``XHP360``. Only names that match the
naming scheme of a known LED family are checked. The product's own model number is never removed.
"""

import re
from collections.abc import Iterable

from catalog.attributes.identifiers import brand_key
from catalog.attributes.text_cleaning import close_gaps

_COUNT = r"(?:(?<![\w.])\d{1,2}\s?[x×*]\s?)?"  # "3 x XHP360"
# No letter, digit, hyphen, decimal or unit follows.
_END = r"(?![\w-]|[.,]\d|\s*(?:lm|lumens?|mah|[gmvwx])\b)"
# Manufacturer, format of a model family, and the numbers that exist.
_FAMILIES = tuple(
    (
        re.compile(rf"{_COUNT}(?<![\w.-]){manufacturer}(?P<model>{shape}){_END}", re.IGNORECASE),
        frozenset(known.split()),
    )
    for manufacturer, shape, known in (
        (
            r"(?:cree\s+)?",
            r"xhp[- ]?(?P<number>\d{2,3}(?:\.\d)?)[a-z]?",
            "35 35.2 50 50.2 50.3 70 70.2 70.3",
        ),
        (r"(?:cree\s+)?", r"xm-?l(?P<number>\d{1,3})", "2"),
        (r"(?:cree\s+)?", r"xp-?[el](?P<number>\d{1,3})", "2"),
        (r"(?:cree\s+)?", r"xp-?g(?P<number>\d{1,3})", "2 3 4"),
        (r"(?:luminus\s+)?", r"sst[- ]?(?P<number>\d{2,3})[a-z]?", "08 10 12 20 36 40 50 70 80 90"),
        (r"(?:luminus\s+)?", r"sbt[- ]?(?P<number>\d{2,3}(?:\.\d)?)[a-z]?", "16 70 90 90.2"),
        (r"(?:luminus\s+)?", r"sft[- ]?(?P<number>\d{2,3})[a-z]?", "12 20 25 40 42 50 60 70 90"),
        (r"nichia\s+", r"(?P<number>\d{3})[a-f]", "119 144 183 219 233 319 519 719"),
        # Osram has P8 and P9. No manufacturer has P90, P99, P160 or P900.
        (r"(?:cree|luminus|nichia|osram)\s+", r"p-?(?P<number>\d{2,3})", ""),
    )
)


def remove_unknown_emitters(
    title: str, *, brand: str, own: Iterable[str]
) -> tuple[str, tuple[str, ...]]:
    """Return a title without LED models that do not exist, and the removed ones as written.

    Shape:  ``own`` are the model and part numbers of the product. They are kept, and so is a name
            that starts with the brand
    """
    own_keys = [key for number in own if (key := brand_key(number))]
    invented: list[str] = []

    def replaced(match: re.Match[str], known: frozenset[str]) -> str:
        is_own = any(key.startswith(brand_key(match["model"])) for key in own_keys)
        is_of_brand = bool(brand_key(brand)) and brand_key(match[0]).startswith(brand_key(brand))
        if match["number"] in known or is_own or is_of_brand:
            return match[0]
        invented.append(match[0])
        return " "

    for shape, known in _FAMILIES:
        title = shape.sub(lambda match, known=known: replaced(match, known), title)  # type: ignore[misc]
    return (close_gaps(title), tuple(invented)) if invented else (title, ())
