"""Code labels: name the codes of specifications, for customers and staff."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from catalog.texts.vocabulary import Translations

POWER: Translations = {
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
CHARGING: Translations = {
    "usb_c": _("USB-C"),
    "micro_usb": _("Micro-USB"),
    "magnetic": _("Magnetic cable"),
    "cradle": _("Charging dock"),
    "dc": _("DC plug"),
    "solar": _("Solar panel"),
    "crank": _("Hand crank"),
}
FEATURES: Translations = {
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
CHEMISTRY: Translations = {
    "li_ion": _("Li-ion"),
    "li_po": _("Li-Po"),
    "lifepo4": _("LiFePO4"),
    "nimh": _("NiMH"),
    "alkaline": _("Alkaline"),
    "lithium_metal": _("Lithium metal"),
}
LIGHT_COLOR: Translations = {
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
# Column of ``Spec`` -> labels of its codes.
BY_COLUMN: Mapping[str, Translations] = {
    "power_sources": POWER,
    "battery_format": POWER,
    "battery_chemistry": CHEMISTRY,
    "charging": CHARGING,
    "features": FEATURES,
    "light_colors": LIGHT_COLOR,
}


def code_label(column: str, code: str) -> str:
    """Return the label of a code in a column of ``Spec``; a code without one as words."""
    label = BY_COLUMN.get(column, {}).get(code)
    if label is None:
        return code.replace("_", " ") if column in BY_COLUMN else code
    return str(label)
