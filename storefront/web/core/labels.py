"""Labels: translate the codes of the catalog for customers, one table per kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Words = Mapping[str, Promise]

FAMILY: Words = {
    "flashlight": _("Flashlight"),
    "headlamp": _("Headlamp"),
    "lantern": _("Lantern"),
    "work_light": _("Work light"),
    "bike_light": _("Bike light"),
    "battery": _("Battery"),
    "charger": _("Charger"),
    "accessory": _("Accessory"),
}
ROW_TITLES: Words = {
    "headlamp": _("On your head"),
    "flashlight": _("In your hand"),
    "lantern": _("On the table"),
    "work_light": _("On the job"),
    "bike_light": _("On the road"),
}
POWER: Words = {
    "built_in": _("Built-in battery"),
    "replaceable_cell": _("Replaceable cell"),
    "usb_c": _("USB-C charging"),
    "micro_usb": _("Micro-USB charging"),
    "magnetic": _("Magnetic charging"),
    "dock": _("Charging dock"),
    "aaa": _("AAA"),
    "aa": _("AA"),
    "14500": _("14500"),
    "18650": _("18650"),
    "21700": _("21700"),
    "26650": _("26650"),
    "cr123a": _("CR123A"),
    "other_cell": _("Another cell"),
    "solar": _("Solar panel"),
    "crank": _("Hand crank"),
    "external": _("External power"),
    "mains": _("Mains"),
}
WATER: Words = {
    "splash": _("Splashes and rain"),
    "jets": _("Water jets"),
    "submersible": _("Under water"),
}
FEATURES: Words = {
    "motion_sensor": _("Motion sensor"),
    "red_light": _("Red light"),
    "magnet": _("Magnet"),
    "zoom": _("Zoom"),
    "clip": _("Clip"),
    "hook": _("Hook"),
    "dimming": _("Stepless dimming"),
    "lockout": _("Lock-out"),
    "power_bank": _("Power bank"),
    "battery_indicator": _("Battery indicator"),
    "rear_light": _("Rear light"),
    "high_cri": _("True colors (CRI 90)"),
}
LUMENS: Words = {
    "0-100": _("up to 100 lm"),
    "100-300": _("100 to 300 lm"),
    "300-1000": _("300 to 1,000 lm"),
    "1000-3000": _("1,000 to 3,000 lm"),
    "3000-": _("over 3,000 lm"),
}
FACET: Words = {
    "price": _("Price"),
    "lumens": _("Brightness"),
    "beam": _("Beam distance"),
    "runtime": _("Run time on high"),
    "weight": _("Weight"),
    "power": _("Power"),
    "water": _("Water"),
    "features": _("Features"),
    "brand": _("Brand"),
    "color": _("Color"),
    "origin": _("Ships from"),
}
FACET_HELP: Words = {
    "price": _("As on the cards, with duty. Delivery is added in the cart, before you pay."),
    "lumens": _("Double the lumens to notice a difference. 300 lm is enough for most paths."),
    "beam": _(
        "Until it is as dim as a full moon (0.25 lx). At half that distance it is four times as"
        " bright."
    ),
    "runtime": _("Until the light has fallen to a tenth of its first output, on the highest mode."),
    "weight": _("With its battery. Under 100 g you forget a headlamp."),
    "power": _(
        "What feeds it: one of the cells you tick. USB-C, sun and crank must be there as well."
    ),
    "water": _("At least this protection. Submersible does not mean protected against water jets."),
    "features": _("Products that have all selected features."),
    "brand": _("Products of any selected brand."),
    "color": _("Colors that you can buy. Similar colors are grouped: navy counts as blue."),
    "origin": _(
        "A country that can ship the product to you. If several can, the product page says"
        " which one ships it."
    ),
}
UNITS: Words = {"runtime": _("h"), "weight": _("g"), "lumens": _("lm"), "beam": _("m")}
TIME: Words = {"min": _("min"), "h": _("h"), "d": _("d")}
SORT: Words = {
    "best": _("Best match"),
    "price": _("Price, low first"),
    "price_desc": _("Price, high first"),
    "lumens": _("Brightest first"),
    "beam": _("Farthest beam"),
    "runtime": _("Longest run time"),
    "weight": _("Lightest first"),
    "newest": _("Newest first"),
}
CHEMISTRY: Words = {
    "li_ion": _("Li-ion"),
    "li_po": _("Li-Po"),
    "lifepo4": _("LiFePO4"),
    "nimh": _("NiMH"),
    "alkaline": _("Alkaline"),
    "li_metal": _("Lithium metal"),
}
LIGHT_COLOR: Words = {
    "white": _("White"),
    "warm_white": _("Warm white"),
    "red": _("Red"),
    "green": _("Green"),
    "blue": _("Blue"),
    "amber": _("Amber"),
    "uv": _("UV"),
    "infrared": _("Infrared"),
    "rgb": _("RGB"),
    "strobe": _("Strobe"),
    "sos": _("SOS"),
    "beacon": _("Beacon"),
}
BASIS: Words = {
    "none": _("not checked"),
    "supplier_claim": _("supplier’s claim, passes physics"),
    "fl1_claim": _("FL 1 claim, report not seen"),
    "test_report": _("FL 1 report seen"),
    "own_measurement": _("measured by us"),
}
BAD_BASIS = _("supplier’s claim, doubtful")
WARNING: Words = {
    "output-unlikely": _(
        "More light than such a battery usually feeds. Treat the lumens with care."
    ),
    "energy-unlikely": _("So much light for so long needs more energy than the battery holds."),
    "runtime-by-step-down": _(
        "The run time counts on the light getting dimmer after some minutes."
    ),
    "weight-below-cells": _(
        "It weighs less than its cells should. Perhaps it is weighed without them."
    ),
    "brighter-runs-longer": _("A brighter mode is said to run longer than a dimmer one."),
    "beam-contradicts-intensity": _(
        "The supplier’s beam distance does not fit the stated candela. We compute ours."
    ),
    "capacity-unlikely": _("The battery is said to hold more than its size usually does."),
}
NO_WATER = _("none")
TIER: Words = {"economy": _("Standard"), "express": _("Express")}
COLOR: Words = {
    "black": _("Black"),
    "white": _("White"),
    "red": _("Red"),
    "green": _("Green"),
    "blue": _("Blue"),
    "orange": _("Orange"),
    "yellow": _("Yellow"),
    "gray": _("Gray"),
    "silver": _("Silver"),
    "sand": _("Sand"),
    "olive": _("Olive"),
    "purple": _("Purple"),
    "pink": _("Pink"),
    "brown": _("Brown"),
    "gold": _("Gold"),
}
KINDS: Mapping[str, Words] = {
    "family": FAMILY,
    "power": POWER,
    "water": WATER,
    "features": FEATURES,
    "lumens": LUMENS,
    "facet": FACET,
    "facet_help": FACET_HELP,
    "unit": UNITS,
    "sort": SORT,
    "time": TIME,
    "chemistry": CHEMISTRY,
    "light_color": LIGHT_COLOR,
    "basis": BASIS,
    "warning": WARNING,
    "tier": TIER,
    "color": {**COLOR, "other": _("Other color")},
}


def word(code: Any, kind: str) -> str:
    """Return the label of a code; an unknown code is shown with spaces."""
    known = KINDS[kind].get(str(code).lower() if kind == "color" else str(code))
    return str(known) if known is not None else str(code).replace("_", " ")


def ip(code: str) -> str:
    """Return an ingress protection code; "none" is a stated value, "" is not stated."""
    return str(NO_WATER) if code == "none" else code
