"""Units: parse numbers with their units from supplier text. Pure.

An ambiguous number is never guessed: it raises an ``UnreadableError``. ``mark`` is the decimal
mark, a point or a comma; empty if unknown.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from catalog.attributes.numbers import UnreadableError, narrow, parse_decimal
from storefront.lib.units import G_PER_OZ, M_PER_FT, M_PER_YD, MM_PER_IN

_SPACED = r"\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?:[.,]\d+)?"
# An exponent belongs to its number: the 9 of "1e9" is not a separate amount.
_NUMBER = (
    rf"(?<![\d.,'’])(?<!\d[eE])(?<!\d[eE][+-])(?:{_SPACED}|\d(?:[\d.,]*\d)?|\.\d+)"
    r"(?:[eE][+-]?\d+)?(?!\d)"
)
_G_PER_LB = 16 * G_PER_OZ
SAME_AMOUNT = Decimal("1.05")  # ratio up to which two amounts are one, rounded or converted

type Units = Mapping[str, Decimal]

OUTPUT_LM: Units = dict.fromkeys(
    ("lm", "lum", "lumen", "lumens", "lúmenes", "lumenes", "流明"), Decimal(1)
)
INTENSITY_CD: Units = {
    **dict.fromkeys(("cd", "candela", "candelas", "坎德拉"), Decimal(1)),
    "kcd": Decimal(1000),
}
TIME_MIN: Units = {
    **dict.fromkeys(("min", "mins", "minute", "minutes", "minuten", "minuti", "分钟"), Decimal(1)),
    **dict.fromkeys(
        ("h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden", "小时"), Decimal(60)
    ),
    **dict.fromkeys(("heure", "heures", "hora", "horas", "ora", "ore"), Decimal(60)),
    **dict.fromkeys(("d", "day", "days", "tag", "tage", "天"), Decimal(1440)),
}
WEIGHT_G: Units = {
    **dict.fromkeys(("g", "gr", "gram", "grams", "gramm", "克"), Decimal(1)),
    **dict.fromkeys(("kg", "kilogram", "kilograms", "千克", "公斤"), Decimal(1000)),
    **dict.fromkeys(("oz", "ounce", "ounces"), G_PER_OZ),
    **dict.fromkeys(("lb", "lbs", "pound", "pounds"), _G_PER_LB),
}
LENGTH_MM: Units = {
    **dict.fromkeys(("mm", "毫米"), Decimal(1)),
    **dict.fromkeys(("cm", "厘米"), Decimal(10)),
    **dict.fromkeys(("m", "米"), Decimal(1000)),
    **dict.fromkeys(("in", "inch", "inches", "zoll", '"', "″"), MM_PER_IN),
    **dict.fromkeys(("ft", "feet", "foot"), 1000 * M_PER_FT),
}
DISTANCE_M: Units = {
    **dict.fromkeys(
        ("m", "meter", "meters", "metre", "metres", "mètres", "metros", "metri", "米"), Decimal(1)
    ),
    "km": Decimal(1000),
    **dict.fromkeys(("ft", "feet", "foot"), M_PER_FT),
    **dict.fromkeys(("yd", "yds", "yard", "yards"), M_PER_YD),
}
CAPACITY_MAH: Units = {
    **dict.fromkeys(("mah", "毫安", "毫安时"), Decimal(1)),
    **dict.fromkeys(("ah", "安时"), Decimal(1000)),
}
VOLTAGE_V: Units = dict.fromkeys(("v", "volt", "volts", "伏"), Decimal(1))
ENERGY_WH: Units = dict.fromkeys(("wh", "瓦时"), Decimal(1))
POWER_W: Units = dict.fromkeys(("w", "watt", "watts", "瓦"), Decimal(1))
COLOR_K: Units = {"k": Decimal(1), "kelvin": Decimal(1)}


# Unit words that count only in brackets: "Size (in)", not "Size in".
_BRACKETED_ONLY = frozenset({"d", "in", '"', "″", "ora", "ore", "tag"})
_ALL_UNITS = frozenset().union(
    OUTPUT_LM, INTENSITY_CD, TIME_MIN, WEIGHT_G, LENGTH_MM, DISTANCE_M, CAPACITY_MAH, VOLTAGE_V,
    ENERGY_WH, POWER_W, COLOR_K,
)  # fmt: skip
# A unit ends here: "10 W", but not "10 Wh"; 瓦, but not 瓦时.
_END = r"(?![a-z0-9]|(?<=[安瓦])时)"
_BRACKET = re.compile(r"[(\[]\s*(?:in\s+)?([^()\[\]]+?)\s*[)\]]")
_WORD = re.compile(r"[^\W\d_]+")
_LAST_WORD = re.compile(r"([^\W_]+)\W*$")
# Bounded, so that the time does not grow with the square of the length.
_SEPARATED = rf"{_NUMBER}(?:\s*[/|;]\s*{_NUMBER}){{1,12}}"
_LIST = re.compile(_SEPARATED)
_BARE = re.compile(
    r"(?:(?:up to|max\.?|approx\.?|about|ca\.?|[~≈约])\s*)?[-−]?"
    rf"(?:\d{{1,3}}:[0-5]\d|{_NUMBER}(?:\s*(?:[x×*–~-]|to|bis|à)\s*{_NUMBER}){{0,2}})",
    re.IGNORECASE,
)
_CELLS_IN_PACK = re.compile(rf"({_NUMBER})\s*[xX×*]\s*([1-9]\d?)")  # "3500*2"
_LUX = re.compile(
    rf"(?P<lux>{_NUMBER})\s*(?P<k>k?)(?:lux|lx)\s*(?:@|at|in|auf|à|bei|a)?\s*"
    rf"(?P<meters>{_NUMBER})\s*m(?:et\w+)?(?![a-z0-9])",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(r"\s*[-−]\s*[\d.]")
_LUX_AT = re.compile(r"k?(?:lux|lx)\s*@?\s*\d+\s*m", re.IGNORECASE)


def heading_unit(heading: str) -> str:
    """Return the unit that a heading states: ``Output (lm)``, ``beam_m``, ``Weight (g, empty)``."""
    plain = narrow(heading).casefold()
    for inside in _BRACKET.findall(plain):
        if inside in _ALL_UNITS or _LUX_AT.fullmatch(inside):
            return str(inside)
        words = (_ALL_UNITS - _BRACKETED_ONLY).intersection(_WORD.findall(inside))
        if len(words) == 1 and not re.search(r"\d", inside):
            return next(iter(words))
    last = _LAST_WORD.search(_BRACKET.sub("", plain))
    return last[1] if last and last[1] in _ALL_UNITS - _BRACKETED_ONLY else ""


def with_heading_unit(text: str, *, heading: str) -> str:
    """Append the unit of the heading to a bare number, range, list, or dimensions (``65 x 42``).

    A capacity such as ``3500*2`` is that of one cell: ``3500 mah*2``.
    """
    unit, plain = heading_unit(heading), narrow(text).strip()
    if unit in CAPACITY_MAH and (pack := _CELLS_IN_PACK.fullmatch(plain)):
        return f"{pack[1]} {unit}*{pack[2]}"
    if unit and _LIST.fullmatch(plain):
        return re.sub(_NUMBER, rf"\g<0> {unit}", plain)
    return f"{text} {unit}" if unit and _BARE.fullmatch(plain) else text


# "1000*2 lm" would be read as 2 lm.
_PRODUCT_LM = re.compile(
    rf"{_NUMBER}\s*[x×*]\s*{_NUMBER}\s*(?:{'|'.join(map(re.escape, OUTPUT_LM))}){_END}",
    re.IGNORECASE,
)

# Letters that ``re.IGNORECASE`` takes for i and s: Turkish suppliers write ``120 MİN``.
_SAME_LETTERS = str.maketrans("İıſ", "iis")


class _Patterns(NamedTuple):
    range: re.Pattern[str]
    sum: re.Pattern[str]
    list: re.Pattern[str]
    quantity: re.Pattern[str]


@cache
def _patterns(units: tuple[str, ...]) -> _Patterns:
    names = "|".join(re.escape(name) for name in sorted(units, key=len, reverse=True))
    to = r"\s*(?:-|–|—|~|to|bis|à)\s*"
    return _Patterns(
        range=re.compile(
            rf"{_NUMBER}\s*(?:{names})?{to}{_NUMBER}\s*(?:{names}){_END}", re.IGNORECASE
        ),
        sum=re.compile(
            rf"{_NUMBER}\s*(?:{names})?\s*\+\s*{_NUMBER}\s*(?:{names}){_END}", re.IGNORECASE
        ),
        list=re.compile(rf"({_SEPARATED})\s*({names}){_END}", re.IGNORECASE),
        quantity=re.compile(rf"({_NUMBER})\s*[- ]?({names}){_END}", re.IGNORECASE),
    )


def _factor(units: Units, name: str) -> Decimal:
    return units[name.translate(_SAME_LETTERS).lower()]


def parse_quantities(text: str, units: Units, *, mark: str = "") -> list[Decimal]:
    """Return all amounts in a text that have one of these units, converted by the table.

    A unit at the end of a list such as ``1000/400/50 lm`` applies to each number.
    Raises: UnreadableError  a range (``110-140 g``), a sum (``500+300 lm``), a negative or ambiguous
                             number (``1.000 lm``), or a product of lumens (``1000*2 lm``)
    """
    patterns = _patterns(tuple(units))
    if patterns.range.search(text):
        raise UnreadableError(f"{text[:60]!r} is a range")
    if patterns.sum.search(text):
        raise UnreadableError(f"{text[:60]!r} is a sum")
    if _NEGATIVE.match(text) and patterns.quantity.search(text):
        raise UnreadableError(f"{text[:60]!r} is negative")
    if units is OUTPUT_LM and _PRODUCT_LM.search(text):
        raise UnreadableError(f"{text[:60]!r} is a product of two numbers")
    is_small = units is VOLTAGE_V or units is ENERGY_WH  # no light has a thousand of them
    text = patterns.list.sub(lambda match: re.sub(_NUMBER, rf"\g<0> {match[2]}", match[1]), text)
    amounts = []
    for match in patterns.quantity.finditer(text):
        number, unit = match[1], match[2]
        if " " in number and text[: match.start()].strip():
            raise UnreadableError(f"{number} may be one number or two")
        number_mark = mark
        if is_small and re.fullmatch(r"\d+[.,]\d+", number):
            number, number_mark = number.replace(",", "."), "."
        amounts.append(parse_decimal(number, mark=number_mark) * _factor(units, unit))
    return amounts


def parse_quantity(text: str, units: Units, *, mark: str = "") -> Decimal | None:
    """Return the amount that a text states in these units, or None.

    The same amount repeated, rounded or in another unit, counts once: ``150 g (5.3 oz)``. Of a
    rounded amount and an exact one, the exact one is returned: ``0.4 Wh (0.37 Wh)``.
    Raises: UnreadableError  the text states different amounts
    """
    amounts = parse_quantities(text, units, mark=mark)
    if not amounts or max(amounts) <= min(amounts) * SAME_AMOUNT:
        return amounts[0] if amounts else None
    exact = min(amounts, key=lambda amount: int(amount.as_tuple().exponent))
    if not all(_is_rounded(amount, exact) for amount in amounts):
        raise UnreadableError(f"{text[:60]!r} states several amounts")
    return exact


def _is_rounded(amount: Decimal, exact: Decimal) -> bool:
    """Return whether an amount with decimals may be another one, rounded: 0.4 is 0.37, 4 is not."""
    step = amount.as_tuple().exponent
    return amount == exact or (
        isinstance(step, int) and step < 0 and abs(amount - exact) <= Decimal(5).scaleb(step - 1)
    )


def parse_intensities_cd(text: str, *, mark: str = "") -> list[Decimal]:
    """Return all intensities in a text, in candela. ``49 lux @ 5m`` is 49 · 5² cd.

    Raises: UnreadableError  see ``parse_quantities``
    """
    lux = [
        parse_decimal(match["lux"], mark=mark)
        * (1000 if match["k"] else 1)
        * parse_decimal(match["meters"], mark=mark) ** 2
        for match in _LUX.finditer(text)
    ]
    return [*parse_quantities(text, INTENSITY_CD, mark=mark), *lux]


def parse_duration_min(text: str, *, mark: str = "") -> Decimal | None:
    """Parse ``3.5 h``, ``150 min``, ``2 h 30 min`` or ``2:30 h``.

    Raises: UnreadableError  see ``parse_quantities``
    """
    match = re.fullmatch(
        r"\D*?(\d{1,4})\s*(?:h|hrs?|hours?|std\.?|stunden?|小时)\s*(?:and\s*)?(\d{1,2})\s*"
        r"(?:m|min|mins|minutes?|minuten|分钟?)?\W*"
        r"|\D*?(\d{1,3}):([0-5]\d)\s*(?:h|hrs?|hours?|std\.?)\W*",
        text.strip(),
        re.IGNORECASE,
    )
    if match:
        return Decimal(match[1] or match[3]) * 60 + Decimal(match[2] or match[4])
    return parse_quantity(text, TIME_MIN, mark=mark)


def parse_mode_min(text: str, *, mark: str = "") -> Decimal | None:
    """Return the run time of a mode; another amount may precede it: ``720 mW / 0 h 45 min``."""
    parts = (parse_duration_min(part, mark=mark) for part in text.split("/"))
    return next(filter(None, parts), None)


def parse_longest_side_mm(text: str, *, mark: str = "") -> Decimal | None:
    """Parse ``65 x 42 x 38 mm``, ``Ø 25 × 130 mm`` or ``3.1 in`` and return the longest side.

    Raises: UnreadableError  see ``parse_quantities``
    """
    names = "|".join(re.escape(name) for name in sorted(LENGTH_MM, key=len, reverse=True))
    sides = re.search(
        rf"((?:{_NUMBER})\s*(?:{names})?(?:\s*[x×*]\s*(?:{_NUMBER})\s*(?:{names})?){{1,2}})",
        text,
        re.IGNORECASE,
    )
    if not sides:
        return parse_quantity(text, LENGTH_MM, mark=mark)
    unit = re.search(rf"({names})\s*$", sides[1].strip(), re.IGNORECASE)
    if not unit:
        return None
    numbers = [parse_decimal(number, mark=mark) for number in re.findall(_NUMBER, sides[1])]
    return max(numbers) * _factor(LENGTH_MM, unit[1])


def parse_ip_rating(text: str) -> str:
    """Return the IP code in a text, such as ``IPX4`` or ``IP69K``; empty if it has none.

    ``9K`` (ISO 20653) is a stronger water jet than ``9`` (IEC 60529).

    Shape:  a double rating such as ``IP66/IP68`` becomes ``IP66/8``; ``none`` also covers "not waterproof"
    """
    if text.strip().casefold() in {"none", "no", "not waterproof", "not water resistant", "ipx0"}:
        return "none"
    ratings = re.findall(r"\bIP\s*-?([0-6X])([0-9])(K?)\b", text.upper())
    known = [
        (dust, water + k if water == "9" else water)
        for dust, water, k in ratings
        if water != "0" or dust != "X"
    ]
    if not known:
        return ""
    dust = max((dust for dust, _ in known), key="X0123456".index)
    waters = sorted({water for _, water in known})
    jets = [water for water in waters if water in {"5", "6", "9", "9K"}]
    depths = [water for water in waters if water in {"7", "8"}]
    if jets and depths:
        return f"IP{dust}{jets[-1]}/{depths[-1]}"
    return f"IP{dust}{waters[-1]}"
