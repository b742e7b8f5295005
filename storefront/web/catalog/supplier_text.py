"""Supplier text: translate a supplier's known words, mark the rest as English.

English pages show the supplier's own wording.
"""

import re
from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from markupsafe import Markup

from catalog.texts import options as option_texts
from catalog.texts.code_labels import LIGHT_COLOR
from catalog.texts.vocabulary import Translations

MODE: Translations = {
    **LIGHT_COLOR,
    "turbo": _("Turbo"),
    "boost": _("Boost"),
    "max": _("Max"),
    "high": _("High"),
    "medium": _("Medium"),
    "mid": _("Medium"),
    "low": _("Low"),
    "eco": _("Eco"),
    "moonlight": _("Moonlight"),
    "firefly": _("Moonlight"),
    "flash": _("Flash"),
    "day flash": _("Day flash"),
    "red tail": _("Red tail light"),
    "red and blue flash": _("Red and blue flash"),
    "top spot": _("Top spot"),
    "spot": _("Spot"),
    "flood": _("Flood"),
    "flame": _("Flame"),
    "candle": _("Candle"),
}
LABEL: Translations = {
    "country of origin": _("Country of origin"),
    "brand": _("Brand"),
    "manufacturer": _("Manufacturer"),
    "model / mpn": _("Model / MPN"),
    "marks": _("Marks"),
    "switch": _("Switch"),
    "light source": _("Light source"),
    "light output": _("Light output"),
    "peak beam intensity": _("Peak intensity"),
    "beam distance": _("Beam distance"),
    "beam": _("Beam"),
    "input": _("Input"),
    "bays": _("Bays"),
    "fits": _("Fits"),
    "holds": _("Holds"),
    "turns": _("Turns"),
    "un 38.3": _("UN 38.3"),
}
KINDS: Mapping[str, Translations] = {"mode": MODE, "label": LABEL}
OPTION_KINDS = {"option": option_texts.NAME, "value": option_texts.VALUE}
WORD = re.compile(r"[a-z]{3}", re.IGNORECASE)


def translated(text: str, kind: str) -> str:
    """Translate a supplier's term, or mark it as English."""
    if _reads_english():
        return text
    return _known(text, kind) or marked_english(text)


def translated_plain(text: str, kind: str) -> str:
    """Translate a supplier's term as plain text, without markup."""
    return text if _reads_english() else _known(text, kind) or text


def options(text: str) -> Markup:
    """Translate the options of a variant: ``Purple / 2 pcs``."""
    return Markup(" / ").join(translated(part, "value") for part in text.split(" / "))


def marked_english(text: str) -> str:
    """Mark untranslated text as English, for screen readers."""
    if _reads_english() or not WORD.search(text):
        return text
    return Markup('<span lang="en">{}</span>').format(text)


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE


def _reads_english() -> bool:
    return _language() == settings.LANGUAGE_CODE


def _known(text: str, kind: str) -> str:
    if kind in OPTION_KINDS:
        return option_texts.translate_option(text, kind=OPTION_KINDS[kind], language=_language())
    return str(KINDS[kind].get(text.casefold(), ""))
