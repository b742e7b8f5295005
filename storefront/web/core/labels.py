"""Labels: translate the codes of the catalog for customers, one table per kind."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.models.families import family_name
from catalog.texts.code_labels import CHARGING, CHEMISTRY, FEATURES, LIGHT_COLOR, POWER
from catalog.texts.vocabulary import COLOR

type Labels = Mapping[str, Promise]

ROW_TITLES: Labels = {
    "headlamp": _("On your head"),
    "flashlight": _("In your hand"),
    "lantern": _("On the table"),
    "work_light": _("On the job"),
    "bike_light": _("On the road"),
}
WATER: Labels = {
    "splash": _("Splashes and rain"),
    "jets": _("Water jets"),
    "submersible": _("Under water"),
}
LUMENS: Labels = {
    "0-100": _("up to 100 lm"),
    "100-300": _("100 to 300 lm"),
    "300-1000": _("300 to 1,000 lm"),
    "1000-3000": _("1,000 to 3,000 lm"),
    "3000-": _("over 3,000 lm"),
}
FACET: Labels = {
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
    "longest_runtime": _("Longest run time"),
    "charging": _("Charging"),
    "battery_included": _("Battery included"),
    "beam_shape": _("Beam shape"),
    "light_color": _("Light colors"),
    "color_temperature": _("Color temperature"),
    "lowest_output": _("Lowest brightness"),
    "length": _("Length"),
    "head": _("Head diameter"),
    "impact": _("Drop resistance"),
    "material": _("Material"),
    "chemistry": _("Chemistry"),
    "capacity": _("Capacity"),
    "energy": _("Energy"),
}
FACET_HELP: Labels = {
    "price": _("Prices include duty. Delivery is added in the cart, before you pay."),
    "lumens": _("Twice the lumens look noticeably brighter. 300 lm is enough for most paths."),
    "beam": _(
        "Distance at which the light is as dim as a full moon (0.25 lx). At half"
        " that distance it is four times as bright."
    ),
    "runtime": _("Time on the highest mode until the output falls to 10 %."),
    "weight": _("Weight with battery. Under 100 g you hardly notice a headlamp."),
    "power": _(
        "One of the selected batteries. If you also select USB-C, solar panel or"
        " hand crank, the light must have them too."
    ),
    "water": _("At least this protection. Submersible does not mean protected against water jets."),
    "features": _("Products that have all selected features."),
    "brand": _("Products of any selected brand."),
    "color": _("Colors that you can buy. Similar colors are grouped: navy counts as blue."),
    "origin": _(
        "A country that can ship the product to you. If several can, the product page says"
        " which one ships it."
    ),
    "longest_runtime": _("Time on the lowest mode until the output falls to 10 %."),
    "charging": _("Products with any of the selected ways of charging."),
    "battery_included": _("Whether you can use the light without buying a battery."),
    "beam_shape": _(
        "Wide light shows what is near. A far beam is narrow. Calculated from candela and lumens."
    ),
    "light_color": _("Products with any of the selected colors of light."),
    "color_temperature": _(
        "Warm light up to 3,500 K is yellowish, cool light over 5,000 K is bluish."
    ),
    "lowest_output": _("Output of the dimmest mode. A few lumens are enough to read a map."),
    "length": _("Length of the light. A headlamp without its strap."),
    "head": _("Diameter of the head, its widest part."),
    "impact": _("Height from which the light may fall onto concrete."),
    "material": _("Products of any selected material."),
    "chemistry": _("Products with a battery of any selected type."),
    "capacity": _("Capacity of one battery."),
    "energy": _("Energy of all batteries: capacity multiplied by voltage."),
}
UNITS: Labels = {
    "runtime": _("h"),
    "weight": _("g"),
    "lumens": _("lm"),
    "beam": _("m"),
    "longest_runtime": _("h"),
    "lowest_output": _("lm"),
    "length": _("mm"),
    "head": _("mm"),
    "impact": _("m"),
    "capacity": _("mAh"),
    "energy": _("Wh"),
}
BEAM_SHAPE: Labels = {
    "wide": _("Wide beam"),
    "balanced": _("Balanced beam"),
    "far": _("Far beam"),
}
COLOR_TEMPERATURE: Labels = {
    "warm": _("Warm light"),
    "neutral": _("Neutral light"),
    "cool": _("Cool light"),
}
BATTERY_INCLUDED: Labels = {
    "yes": _("With battery"),
    "no": _("Without battery"),
}
MATERIAL: Labels = {
    "aluminum": _("Aluminum"),
    "abs": _("ABS plastic"),
    "polycarbonate": _("Polycarbonate"),
    "nylon": _("Nylon"),
    "rubber": _("Rubber"),
    "silicone": _("Silicone"),
    "steel": _("Steel"),
    "titanium": _("Titanium"),
    "copper": _("Copper"),
    "brass": _("Brass"),
}
TIME: Labels = {"min": _("min"), "h": _("h"), "d": _("d")}
SORT: Labels = {
    "best": _("Best match"),
    "price": _("Price, low to high"),
    "price_desc": _("Price, high to low"),
    "lumens": _("Brightest first"),
    "beam": _("Longest beam"),
    "runtime": _("Longest run time"),
    "weight": _("Lightest first"),
    "newest": _("Newest first"),
}
BASIS: Labels = {
    "none": _("not checked"),
    "supplier_claim": _("supplier’s figures, plausible"),
    "fl1_claim": _("FL 1 stated, report not seen"),
    "test_report": _("FL 1 report seen"),
    "own_measurement": _("measured by us"),
}
BAD_BASIS = _("supplier’s figures, doubtful")
WARNING: Labels = {
    "output-unlikely": _(
        "This is more light than such a battery can usually supply. The lumens may be overstated."
    ),
    "output-impossible": _(
        "The light output that the supplier states is not physically possible, so we do not show it."
    ),
    "energy-unlikely": _(
        "The stated energy of the battery does not match its voltage and capacity."
    ),
    "power-unlikely": _("The stated LED power is more than such a battery can usually supply."),
    "runtime-impossible": _(
        "The stated output and run time together need more energy than the battery holds, so we do"
        " not show the run time."
    ),
    "runtime-by-step-down": _(
        "This run time is only possible if the light gets dimmer after some minutes."
    ),
    "weight-below-cells": _(
        "The stated weight is less than that of the batteries. It may be the weight without them."
    ),
    "brighter-runs-longer": _(
        "The supplier states a longer run time for a brighter mode than for a dimmer one."
    ),
    "beam-contradicts-intensity": _(
        "The supplier’s beam distance does not match the stated candela, so we do not show it."
    ),
    "intensity-impossible": _(
        "The beam that the supplier states is not physically possible, so we do not show it."
    ),
    "intensity-unlikely": _(
        "This beam is unusually strong for such a light. The figures may be overstated."
    ),
    "capacity-impossible": _(
        "No battery of this size has the capacity that the supplier states, so we do not show it."
    ),
    "out-of-range": _("The supplier states a figure that no light has, so we do not show it."),
}
NO_WATER = _("none")
TIER: Labels = {"economy": _("Standard"), "express": _("Express")}
DOCUMENT: Labels = {
    "declaration": _("Declaration of conformity"),
    "test_report": _("Test report"),
    "un_38_3": _("UN 38.3 test summary"),
    "safety_data_sheet": _("Safety data sheet"),
    "manual": _("User manual"),
}
KINDS: Mapping[str, Labels] = {
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
    "charging": CHARGING,
    "beam_shape": BEAM_SHAPE,
    "color_temperature": COLOR_TEMPERATURE,
    "battery_included": BATTERY_INCLUDED,
    "material": MATERIAL,
    "basis": BASIS,
    "warning": WARNING,
    "document": DOCUMENT,
    "tier": TIER,
    "color": {**COLOR, "other": _("Other color")},
}


def label_for(code: Any, kind: str) -> str:
    """Return the label of a code; of an unknown code, the code with spaces for underscores."""
    if kind == "family":
        return family_name(str(code))
    known = KINDS[kind].get(str(code).lower() if kind == "color" else str(code))
    return str(known) if known is not None else str(code).replace("_", " ")


def ip(code: str) -> str:
    """Return the text of an ingress protection code; "none" is stated, "" is not."""
    return str(NO_WATER) if code == "none" else code
