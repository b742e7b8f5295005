"""Product titles: take the English title apart, return the title in a language.

A title names the model, the kind of product and its main figures, in any order: ``Tindrel Weir 370
running headlamp, 370 lm, USB-C``. The title in a language is, in this order: the override of staff,
that of the family's template (both in ``Product.titles``), in English the stored title, in another
language its translation part by part as ``model, kind, figures``. A title without a known kind
stays English.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from catalog.models import Variant
from catalog.models.texts import TRANSLATED_LANGUAGES
from catalog.texts import options
from catalog.texts.options import OptionTexts
from catalog.texts.vocabulary import FIGURES, KINDS
from storefront.lib.text import fold

MAX_FULL_TITLE = 200
_BY_KEY = {fold(kind): translation for kind, translation in KINDS.items()}
_SPELLINGS = {fold(kind): kind for kind in KINDS}  # "AAA headlamp"
_ANY_KIND = "|".join(
    re.escape(kind).replace(r"\ ", "[ -]") for kind in sorted(KINDS, key=len, reverse=True)
)
_KIND = re.compile(rf"(?<!\w)(?:{_ANY_KIND})(?:s|es)?(?!\w)", re.IGNORECASE)
_PACK = re.compile(
    r",?\s*\(?(?<!\w)(?<!/ )(?:(?:set|pack) of (?P<size>\d{1,2})|(?P<pieces>\d{1,2})[ -]?(?:pack|pcs|pieces))"
    r"(?!\w)\)?",
    re.IGNORECASE,
)
_UNITS = frozenset({"lm", "cd", "m", "mm", "g", "h", "mah", "wh", "w", "v"})
_ADVERTISING = re.compile(
    r"super|ultra|bright|led|high|power(?:ful)?|rechargeable|waterproof|portable|mini|small|new"
    r"|professional|outdoor|best|light|lamp|with|for|and"
)


class Titled(Protocol):
    """What has an English title, and others by language."""

    @property
    def title(self) -> str: ...
    @property
    def titles(self) -> Mapping[str, str]: ...


def title_in(titled: Titled, language: str) -> str:
    """Return the title of a product or an order line in a language."""
    return titled.titles.get(language) or translate_title(titled.title, language)


def full_title_in(variant: Variant, language: str) -> str:
    """Return the title of a variant's product with its options, in a language."""
    if language == settings.LANGUAGE_CODE:
        return variant.full_title
    title = title_in(variant.product, language)
    text = variant.options_text
    shown = f"{title}, {options.options_in(text, language)}" if text else title
    return shown[:MAX_FULL_TITLE]


def full_titles(variant: Variant) -> dict[str, str]:
    """Return the full title in each language but the base language, for an order line."""
    return {code: full_title_in(variant, code) for code, _name in TRANSLATED_LANGUAGES}


def translate_title(text: str, language: str) -> str:
    """Return an English title, or a title with options, in a language, as far as it is known."""
    if language == settings.LANGUAGE_CODE:
        return text
    return _translated(text, language, options.cached())


@lru_cache(maxsize=4096)
def _translated(text: str, language: str, texts: OptionTexts) -> str:
    del texts  # the translations of options, part of the cache key
    parts = take_apart(text)
    if not parts.kind:
        return text
    kind = kind_in(parts.kind, language)
    shown = [parts.name, kind] if parts.name else [_capitalized(kind, language)]
    figures = [figure_in(figure, language) or figure for figure in parts.figures]
    return ", ".join(filter(None, [*shown, *figures, pack_in(parts.pack, language)]))


@dataclass(frozen=True, slots=True)
class TitleParts:
    """Parts of an English title. ``kind`` is a key of the vocabulary, or empty; ``pack`` counts pieces."""

    name: str
    kind: str
    figures: tuple[str, ...]
    pack: int = 1


def take_apart(title: str) -> TitleParts:
    packed = _PACK.search(title)
    if packed is not None:
        title = title[: packed.start()] + title[packed.end() :]
    head, *figures = title.split(", ")
    match = max(_KIND.finditer(head), key=lambda match: len(match[0]), default=None)
    if match is not None:
        head = f"{head[: match.start()]} {head[match.end() :]}"
    name = " ".join(_name_words(head.split()))
    pack = int(packed["size"] or packed["pieces"]) if packed else 1
    return TitleParts(name, _key(match[0]) if match else "", tuple(figures), pack)


def kind_in(kind: str, language: str) -> str:
    """Return a kind in a language; in English its own words, or the usual ones for a synonym."""
    with override(language):
        name = str(_BY_KEY[kind])
    is_named = language != settings.LANGUAGE_CODE or fold(name) in _BY_KEY
    return name if is_named else _SPELLINGS[kind]


def pack_in(pack: int, language: str) -> str:
    """Return a pack size in a language; "" for a single piece."""
    if pack <= 1:
        return ""
    with override(language):
        return _("set of %(count)d") % {"count": pack}


def figure_in(text: str, language: str) -> str:
    """Return a figure of a title in a language; "" if it has unknown words."""
    if language == settings.LANGUAGE_CODE:
        return text
    if known := FIGURES.get(text.casefold()):
        with override(language):
            return str(known)
    shown = [
        options.translate_option(part, kind=options.VALUE, language=language) or _unless_word(part)
        for part in text.split(" / ")
    ]
    return " / ".join(shown) if all(shown) else ""


def _unless_word(text: str) -> str:
    return "" if options.needs_translation(text) else text


def _key(kind: str) -> str:
    folded = fold(kind).replace("-", " ")  # Turkish titles spell FLASHLİGHT
    singular = (folded, folded.removesuffix("s"), folded.removesuffix("es"))
    return next((key for key in singular if key in _BY_KEY), "")


def _capitalized(text: str, language: str) -> str:
    first = "İ" if language == "az" and text.startswith("i") else text[:1].upper()
    return first + text[1:]


def _name_words(words: Iterable[str]) -> Iterator[str]:
    """Yield units, and words with a capital or a digit, except advertising words."""
    for word in words:
        plain = word.casefold().strip("()[]!")
        has_sign = any(letter.isupper() or letter.isdigit() for letter in word)
        is_name = has_sign and not _ADVERTISING.fullmatch(plain)
        if is_name or plain in _UNITS:
            yield word
