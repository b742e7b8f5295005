"""Default title templates: by language and family. Titles in English are those of suppliers."""

from collections.abc import Mapping

_LIGHT = "{brand} {model}, {kind}, {output_lm} lm, {charging}"
TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "az": {
        **dict.fromkeys(("headlamp", "flashlight", "lantern", "work_light", "bike_light"), _LIGHT),
        **dict.fromkeys(("battery", "charger", "accessory"), "{brand} {model}, {kind}, {figures}"),
    }
}
