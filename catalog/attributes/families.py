"""Product families: map a supplier's words to a family, its category and SKU prefix. Pure."""

import re
from collections.abc import Mapping, Sequence

from storefront.lib.text import fold

# Family -> slug of its category.
CATEGORY_SLUGS: Mapping[str, str] = {
    "headlamp": "headlamps",
    "flashlight": "flashlights",
    "lantern": "lanterns",
    "work_light": "work-lights",
    "bike_light": "bike-lights",
    "battery": "cells-chargers",
    "charger": "cells-chargers",
    "accessory": "accessories",
}
LIGHTS = frozenset({"headlamp", "flashlight", "lantern", "work_light", "bike_light"})

# Family -> the highest first price, in euros, published without approval. The most expensive
# search, dive and helmet lights of the trade cost less.
MAX_FIRST_PRICE_EUR: Mapping[str, int] = {
    "headlamp": 1_500,
    "flashlight": 3_000,
    "lantern": 1_000,
    "work_light": 2_000,
    "bike_light": 1_500,
    "battery": 500,
    "charger": 700,
    "accessory": 700,
}

# Family -> prefix of our own SKUs.
SKU_PREFIXES: Mapping[str, str] = {
    "headlamp": "HL",
    "flashlight": "FL",
    "lantern": "LN",
    "work_light": "WL",
    "bike_light": "BL",
    "battery": "BT",
    "charger": "CH",
    "accessory": "AC",
}

# English and German, after ``fold``.
# First match wins: a strap for a headlamp is an accessory, a charger for cells a charger.
_FAMILY_PATTERNS: Sequence[tuple[str, str]] = (
    (
        "accessory",
        r"accessor\w+|straps?|holsters?|diffusers?|filters?|lanyards?|pouch\w*|o-?rings?",
    ),
    (
        "accessory",
        r"(?:bike|bar|helmet|wall|tripod) mounts?|mounts? for|holders?|cases?|spare parts?|zubehor",
    ),
    ("charger", r"chargers?|charging docks?|ladegeräte?"),
    (
        "bike_light",
        r"bike|bicycle|cycling|tail ?lights?|fahrrad(?:lampen?|leuchten?|licht(?:er)?|beleuchtung)",
    ),
    (
        "headlamp",
        (
            r"head ?lamps?|head ?torch\w*|head ?lights?|cap ?lights?|clip-?on cap"
            r"|(?:stirn|kopf)(?:lampen?|leuchten?)"
        ),
    ),
    (
        "lantern",
        (
            r"lanterns?|camping (?:lights?|lamps?)|tent (?:lights?|lamps?)"
            r"|(?:camping|zelt)(?:lampen?|leuchten?|laternen?)|laternen?"
        ),
    ),
    (
        "work_light",
        (
            r"work ?-?(?:lights?|lamps?)|inspection|flood ?lights?|task lights?"
            r"|(?:arbeits|werkstatt)(?:lampen?|leuchten?)"
        ),
    ),
    # German plurals only, as in category names: a "Taschenlampe mit Akku" is not a battery.
    ("battery", r"batter(?:y|ies)|cells?|accus?|akkus|batterien"),
    (
        "flashlight",
        (
            r"flash ?lights?|torch\w*|pen ?lights?|key(?:chain|ring)? ?lights?|spot ?lights?"
            r"|(?:taschen|hand|schlusselbund)(?:lampen?|leuchten?)"
        ),
    ),
)
_FAMILIES = tuple(
    (family, re.compile(rf"\b(?:{pattern})\b")) for family, pattern in _FAMILY_PATTERNS
)


def family_of(*, title: str, category_path: Sequence[str]) -> str:
    """Return the family named by the supplier's category, else by the title; "" if neither does.

    The innermost category that names one family decides. A category that names several
    ("Flashlights & Headlamps") is skipped, unless one of them is accessories.
    """
    for text in [*reversed(category_path), title]:
        folded = fold(text)
        named = [family for family, pattern in _FAMILIES if pattern.search(folded)]
        if text is not title and len(set(named)) > 1 and "accessory" not in named:
            continue
        if named:
            return named[0]
    return ""


# Words that customers search for, in both languages of the shop. Added to each card's search text.
SEARCH_WORDS: Mapping[str, str] = {
    "headlamp": "headlamp head torch headlight lamp alın fənəri baş fənəri",
    "flashlight": "flashlight torch light əl fənəri fənər",
    "lantern": "lantern camping light lamp kempinq kamp fənəri düşərgə lampası",
    "work_light": "work light inspection lamp iş işığı iş lampası",
    "bike_light": "bike light bicycle lamp velosiped işığı fənəri",
    "battery": "battery cell accumulator batareya akkumulyator",
    "charger": "charger charging dock doldurucu şarj cihazı",
    "accessory": "accessory spare part aksesuar",
}
