"""Supplier text: translate a supplier's known words, mark the rest as English.

English pages show the supplier's own wording.
"""

import re
from collections.abc import Mapping

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from markupsafe import Markup

from storefront.web.core.labels import COLOR, LIGHT_COLOR

type Translations = Mapping[str, Promise]

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
OPTION: Translations = {
    "color": _("Color"),
    "colour": _("Color"),
    "battery": _("Battery"),
    "pack": _("Pack"),
    "tint": _("Tint"),
    "emitter": _("Emitter"),
    "size": _("Size"),
    "version": _("Version"),
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
VALUE: Translations = {
    **COLOR,
    "grey": _("Gray"),
    "navy": _("Navy"),
    "teal": _("Teal"),
    "purple": _("Purple"),
    "off-white": _("Off-white"),
    "pink": _("Pink"),
    "graphite": _("Graphite"),
    "petrol": _("Petrol"),
    "lime": _("Lime"),
    "cream": _("Cream"),
    "amber": _("Amber"),
    "clear": _("Clear"),
    "oxide": _("Oxide red"),
    "tan": _("Tan"),
    "forest": _("Forest green"),
    "with battery": _("With battery"),
    "without battery": _("Without battery"),
    "side": _("on the side"),
    "top": _("on top"),
    "tail": _("at the tail"),
    "tail and side": _("at the tail and on the side"),
    "twist": _("by twisting"),
    "rotary": _("a dial"),
    "aluminum": _("aluminum"),
    "steel": _("steel"),
    "titanium": _("titanium"),
    "copper": _("Copper"),
    "brass": _("Brass"),
    "pc": _("polycarbonate"),
    "abs": _("ABS"),
    "nylon": _("nylon"),
    "rubber": _("rubber"),
    "silicone": _("silicone"),
    "yes": _("yes"),
    "no": _("no"),
    "passed": _("passed"),
}
KINDS: Mapping[str, Translations] = {"mode": MODE, "option": OPTION, "label": LABEL, "value": VALUE}
PIECES = re.compile(r"(\d+) ?pcs?", re.IGNORECASE)
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


def _reads_english() -> bool:
    return (get_language() or settings.LANGUAGE_CODE) == "en"


def _known(text: str, kind: str) -> str:
    translations = KINDS[kind]
    if translation := translations.get(text.casefold()):
        return str(translation)
    if kind != "value":
        return ""
    if pieces := PIECES.fullmatch(text):
        return str(_("%(count)s pcs")) % {"count": pieces[1]}
    parts = [translations.get(part.casefold()) for part in text.split(", ")]
    return ", ".join(str(part) for part in parts) if all(parts) else ""
