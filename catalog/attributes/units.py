"""Units: parse numbers with their units from supplier text. Pure.

An ambiguous number is never guessed: it raises an ``UnreadableError``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from storefront.lib.units import ft_to_m, in_to_mm, oz_to_g, yd_to_m

_NUMBER = r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])|(?<![\d.,])\d+(?:\.\d+)?(?![\d,])"
_G_PER_LB = oz_to_g(Decimal(16))

type Units = Mapping[str, Decimal]

OUTPUT_LM: Units = {"lm": Decimal(1), "lumen": Decimal(1), "lumens": Decimal(1)}
INTENSITY_CD: Units = {"cd": Decimal(1), "candela": Decimal(1), "kcd": Decimal(1000)}
TIME_MIN: Units = {
    **dict.fromkeys(("min", "mins", "minute", "minutes"), Decimal(1)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), Decimal(60)),
    **dict.fromkeys(("d", "day", "days"), Decimal(1440)),
}
WEIGHT_G: Units = {
    **dict.fromkeys(("g", "gr", "gram", "grams"), Decimal(1)),
    **dict.fromkeys(("kg", "kilogram", "kilograms"), Decimal(1000)),
    **dict.fromkeys(("oz", "ounce", "ounces"), oz_to_g(Decimal(1))),
    **dict.fromkeys(("lb", "lbs", "pound", "pounds"), _G_PER_LB),
}
LENGTH_MM: Units = {
    "mm": Decimal(1),
    "cm": Decimal(10),
    "m": Decimal(1000),
    **dict.fromkeys(("in", "inch", "inches", '"', "″"), in_to_mm(Decimal(1))),
    **dict.fromkeys(("ft", "feet", "foot"), ft_to_m(Decimal(1000))),
}
DISTANCE_M: Units = {
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), Decimal(1)),
    "km": Decimal(1000),
    **dict.fromkeys(("ft", "feet", "foot"), ft_to_m(Decimal(1))),
    **dict.fromkeys(("yd", "yds", "yard", "yards"), yd_to_m(Decimal(1))),
}
CAPACITY_MAH: Units = {"mah": Decimal(1), "ah": Decimal(1000)}
VOLTAGE_V: Units = {"v": Decimal(1), "volt": Decimal(1), "volts": Decimal(1)}
ENERGY_WH: Units = {"wh": Decimal(1)}
POWER_W: Units = {"w": Decimal(1), "watt": Decimal(1), "watts": Decimal(1)}
COLOR_K: Units = {"k": Decimal(1), "kelvin": Decimal(1)}


class UnreadableError(ValueError):
    """A number is there, but not which one is meant."""


def quantities(text: str, units: Units) -> list[Decimal]:
    """Return all amounts of one kind in a text, in the unit the table converts to.

    Raises: UnreadableError  a range (``110-140 g``), or a number with two readings (``1.000 lm``)
    """
    names = "|".join(re.escape(name) for name in sorted(units, key=len, reverse=True))
    found = re.compile(rf"({_NUMBER})\s*[- ]?({names})(?![a-z0-9])", re.IGNORECASE)
    is_range = re.compile(
        rf"({_NUMBER})\s*(?:{names})?\s*(?:-|–|—|~|to)\s*({_NUMBER})\s*(?:{names})(?![a-z0-9])",
        re.IGNORECASE,
    )
    if is_range.search(text):
        raise UnreadableError(f"{text[:60]!r} is a range")
    amounts = []
    for number, unit in found.findall(text):
        if re.fullmatch(r"\d{1,3}\.\d{3}", number) and units is not VOLTAGE_V:
            raise UnreadableError(f"{number} may be a thousand or one and a bit")
        amounts.append(Decimal(number.replace(",", "")) * units[unit.lower()])
    return amounts


def quantity(text: str, units: Units) -> Decimal | None:
    """Return the one amount of a kind in a text; None if there is none.

    Raises: UnreadableError  there are several that differ
    """
    amounts = set(quantities(text, units))
    if len(amounts) > 1:
        raise UnreadableError(f"{text[:60]!r} names several")
    return amounts.pop() if amounts else None


def duration_min(text: str) -> Decimal | None:
    """Read ``3.5 h``, ``150 min`` or ``2 h 30 min``.

    Raises: UnreadableError  see ``quantities``
    """
    both = re.fullmatch(
        r"\D*?(\d{1,4})\s*(?:h|hrs?|hours?)\s*(?:and\s*)?(\d{1,2})\s*(?:m|min|mins|minutes?)?\W*",
        text.strip(),
        re.IGNORECASE,
    )
    if both:
        return Decimal(both[1]) * 60 + Decimal(both[2])
    return quantity(text, TIME_MIN)


def longest_side_mm(text: str) -> Decimal | None:
    """Read ``65 x 42 x 38 mm``, ``Ø 25 × 130 mm`` or ``3.1 in``: the longest of the sides.

    Raises: UnreadableError  see ``quantities``
    """
    names = "|".join(re.escape(name) for name in sorted(LENGTH_MM, key=len, reverse=True))
    sides = re.search(
        rf"((?:{_NUMBER})\s*(?:{names})?(?:\s*[x×*]\s*(?:{_NUMBER})\s*(?:{names})?){{1,2}})",
        text,
        re.IGNORECASE,
    )
    if not sides:
        return quantity(text, LENGTH_MM)
    unit = re.search(rf"({names})\s*$", sides[1].strip(), re.IGNORECASE)
    if not unit:
        return None
    numbers = [Decimal(number.replace(",", "")) for number in re.findall(_NUMBER, sides[1])]
    return max(numbers) * LENGTH_MM[unit[1].lower()]


def ip_rating(text: str) -> str:
    """Return the coded rating in a text, ``IPX4`` or ``IP68``; "waterproof" is not one.

    Shape:  a double rating such as ``IP66/IP68`` becomes ``IP66/8``; ``none`` is said in words
    """
    if text.strip().casefold() in {"none", "no", "not waterproof", "not water resistant", "ipx0"}:
        return "none"
    found = re.findall(r"\bIP\s*-?([0-6X])([0-9])(K?)\b", text.upper())
    known = [(dust, water) for dust, water, _ in found if water != "0" or dust != "X"]
    if not known:
        return ""
    dust = max((dust for dust, _ in known), key="X0123456".index)
    waters = sorted({water for _, water in known})
    if len(waters) > 1 and waters[-1] in "78" and waters[-2] in "569":
        return f"IP{dust}{waters[-2]}/{waters[-1]}"
    return f"IP{dust}{waters[-1]}"
