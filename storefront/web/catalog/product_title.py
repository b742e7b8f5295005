"""Product titles: translate the English titles of suppliers, part by part.

A title names the model, the kind of product and its main figures, in any order: ``Tindrel Weir 370
running headlamp, 370 lm, USB-C``. Other languages show ``model, kind, figures``. A title without a
known kind is not changed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from storefront.lib.text import fold
from storefront.web.catalog.supplier_text import marked_english, translated_plain

KINDS: Mapping[str, Promise] = {
    "headlamp": _("headlamp"),
    "headlight": _("headlamp"),
    "head torch": _("headlamp"),
    "running headlamp": _("headlamp for running"),
    "230° band headlamp": _("230° band headlamp"),
    "motion sensor headlamp": _("headlamp with motion sensor"),
    "AAA headlamp": _("headlamp for AAA cells"),
    "zoom headlamp": _("headlamp with zoom"),
    "barrel headlamp": _("barrel headlamp"),
    "cap light": _("cap light"),
    "flashlight": _("flashlight"),
    "torch": _("flashlight"),
    "tactical flashlight": _("tactical flashlight"),
    "long range flashlight": _("long-range flashlight"),
    "everyday flashlight": _("everyday flashlight"),
    "duty flashlight": _("duty flashlight"),
    "zoom flashlight": _("flashlight with zoom"),
    "wide flashlight": _("wide-beam flashlight"),
    "pocket flashlight": _("pocket flashlight"),
    "flat pocket light": _("flat pocket flashlight"),
    "keychain flashlight": _("keychain flashlight"),
    "keychain work light": _("keychain work light"),
    "penlight": _("penlight"),
    "right angle light": _("right-angle light"),
    "coin cell light": _("coin-cell light"),
    "lantern": _("lantern"),
    "camping light": _("camping lantern"),
    "camping lantern": _("camping lantern"),
    "three leaf lantern": _("three-leaf lantern"),
    "retro lantern": _("retro lantern"),
    "pull up lantern": _("pull-up lantern"),
    "folding solar lantern": _("folding solar lantern"),
    "work light": _("work light"),
    "magnetic work light": _("magnetic work light"),
    "inspection light": _("inspection light"),
    "floodlight": _("floodlight"),
    "folding floodlight": _("folding floodlight"),
    "slim light bar": _("slim light bar"),
    "bike light": _("bike light"),
    "rear bike light": _("rear bike light"),
    "front bike light": _("front bike light"),
    "trail bike light": _("bike light for trails"),
    "battery": _("battery"),
    "cell": _("rechargeable cell"),
    "charger": _("charger"),
    "cell charger": _("cell charger"),
    "headlamp strap": _("headlamp strap"),
    "diffuser cone": _("diffuser cone"),
    "color filter": _("color filter"),
    "belt holster": _("belt holster"),
    "hard case": _("hard case"),
    "handlebar mount": _("handlebar mount"),
}
FIGURES: Mapping[str, Promise] = {
    "rechargeable": _("rechargeable"),
    "usb-c and solar": _("USB-C and solar"),
    "solar": _("solar"),
    "in a charger": _("charged in a charger"),
    "waterproof": _("waterproof"),
}
_BY_KEY = {fold(kind): translation for kind, translation in KINDS.items()}
_ANY_KIND = "|".join(
    re.escape(kind).replace(r"\ ", "[ -]") for kind in sorted(KINDS, key=len, reverse=True)
)
_KIND = re.compile(rf"(?<!\w)(?:{_ANY_KIND})(?:s|es)?(?!\w)", re.IGNORECASE)
_UNITS = frozenset({"lm", "cd", "m", "mm", "g", "h", "mah", "wh", "w", "v"})
_ADVERTISING = re.compile(
    r"super|ultra|bright|led|high|power(?:ful)?|rechargeable|waterproof|portable|mini|small|new"
    r"|professional|outdoor|best|light|lamp|with|for|and"
)


def product_title(text: str) -> str:
    """Return a title, or a title with options, in the active language."""
    return _translated(text, get_language() or settings.LANGUAGE_CODE)


def marked_title(text: str) -> str:
    """Return a title in the active language; mark one without a known kind as English."""
    shown = product_title(text)
    return marked_english(text) if shown == text else shown


@lru_cache(maxsize=4096)
def _translated(text: str, language: str) -> str:
    if language == "en":
        return text
    head, *figures = text.split(", ")
    kind = max(_KIND.finditer(head), key=lambda match: len(match[0]), default=None)
    if kind is None:
        return text
    with override(language):
        name = " ".join(_name_words(f"{head[: kind.start()]} {head[kind.end() :]}".split()))
        kind_name = str(_BY_KEY.get(_key(kind[0]), kind[0]))
        shown = [name, kind_name] if name else [_capitalized(kind_name, language)]
        return ", ".join([*shown, *map(_figure, figures)])


def _key(kind: str) -> str:
    folded = fold(kind).replace("-", " ")  # Turkish titles spell FLASHLİGHT
    singular = (folded, folded.removesuffix("s"), folded.removesuffix("es"))
    return next((key for key in singular if key in _BY_KEY), "")


def _capitalized(text: str, language: str) -> str:
    first = "İ" if language == "az" and text.startswith("i") else text[:1].upper()
    return first + text[1:]


def _name_words(words: Iterable[str]) -> Iterator[str]:
    """Yield units, and words that begin with a capital or a digit, except advertising words."""
    for word in words:
        plain = word.casefold().strip("()[]!")
        is_name = (word[0].isupper() or word[0].isdigit()) and not _ADVERTISING.fullmatch(plain)
        if is_name or plain in _UNITS:
            yield word


def _figure(text: str) -> str:
    if known := FIGURES.get(text.casefold()):
        return str(known)
    return " / ".join(translated_plain(part, "value") for part in text.split(" / "))
