"""Feed values: parse prices, weights, lengths, stock and times as people type them. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from catalog.attributes.numbers import MAX_NUMBER_LENGTH, UnreadableError, parse_decimal
from catalog.attributes.units import LENGTH_MM, WEIGHT_G
from storefront.lib.money import Money
from storefront.lib.units import G_PER_OZ, MM_PER_IN

GROUPED = r"[\s'’](?=\d{3})"  # a thousands separator
PRICE = re.compile(
    rf"(?P<before>[^\d.,+\-]*)(?P<number>[+-]?[\d.,](?:{GROUPED}|[\d.,eE+\-])*)(?P<after>\D*)"
)
NO_CENTS = re.compile(r"[.,][-–—]{1,2}(?=\D*$)")  # 12,- and 12.--
MEASURE = re.compile(rf"(?P<number>[+-]?(?:{GROUPED}|[\d.,])+)\s*(?P<unit>[^\d\s.,]*)\.?")
AT_LEAST = re.compile(r"(?:>=?|more than|over|min\.?)\s*(\d+)|(\d+)\s*\+")
PIECES = re.compile(
    r"(\d[\d.,]*)\s*(?:pcs?|pieces|units?|stk|stück|szt|pz|ud|uds|unidades|pièces)?\.?"
    r"\s*(?:in stock|available|auf lager|verfügbar|en stock|disponibles?)?"
    r"|(?:in stock|auf lager|en stock|available)\s*[:(]\s*(\d+)\s*\)?"
)
LETTERS = re.compile(r"[^\W\d_]{2}")
BELOW = re.compile(r"(?:<=?|less than|under|max\.?)\s*\d+")
SYMBOLS = {"€": "EUR", "£": "GBP", "zł": "PLN", "₼": "AZN", "₺": "TRY", "₴": "UAH", "us$": "USD"}
DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD"})
CODE = re.compile(r"[A-Za-z]{3}")
GRAMS = {
    **dict.fromkeys(("g", "gr", "gram", "grams"), Decimal(1)),
    **dict.fromkeys(("kg", "kgs", "kilogram", "kilograms"), Decimal(1000)),
    **dict.fromkeys(("oz", "ounce", "ounces"), G_PER_OZ),
    **dict.fromkeys(("lb", "lbs", "pound", "pounds"), 16 * G_PER_OZ),
}
MILLIMETERS = {
    "mm": Decimal(1),
    "cm": Decimal(10),
    "m": Decimal(1000),
    **dict.fromkeys(("in", "inch", "inches", '"', "″"), MM_PER_IN),
}
# A cell may state more units than staff may choose for a column.
CELL_GRAMS = {**WEIGHT_G, **GRAMS}
CELL_MILLIMETERS = {**LENGTH_MM, **MILLIMETERS}
YES = frozenset({"yes", "y", "true", "1", "ja", "oui", "si", "x", "active", "on"})
NO = frozenset({"no", "n", "false", "0", "nein", "non", "inactive", "off", "none"})
IN_STOCK = YES | {
    "in stock", "available", "instock", "limited availability", "low stock",
    "auf lager", "lagernd", "vorrätig", "verfügbar", "lieferbar", "sofort lieferbar",
    "en stock", "disponible", "disponibile", "in magazzino", "op voorraad", "na stanie",
}  # fmt: skip
SOLD_OUT = NO | {
    "out of stock", "outofstock", "sold out", "soldout", "unavailable", "not available",
    "preorder", "pre order", "backorder", "back order", "discontinued",
    "ausverkauft", "vergriffen", "nicht verfügbar", "nicht lieferbar", "nicht auf lager",
    "épuisé", "rupture", "rupture de stock", "en rupture", "en rupture de stock", "indisponible",
    "agotado", "sin stock", "no disponible", "esaurito", "non disponibile", "uitverkocht",
    "niet op voorraad", "brak", "wyprzedane", "нет в наличии", "bitib", "satılıb",
}  # fmt: skip
DISCONTINUED = frozenset(
    {"discontinued", "deleted", "gone", "archived", "eol", "end of life", "delisted"}
)
DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T](\d{1,2}):(\d{2}))?")


def money(text: str, *, mark: str, currency: str) -> Money:
    """Parse a price: ``€ 12,30``, ``15.00 USD``, ``$15`` or a bare number.

    Shape:  ``currency`` applies to a price that states none
    Raises: UnreadableError
    """
    match = PRICE.fullmatch(NO_CENTS.sub("", text.strip()[: 2 * MAX_NUMBER_LENGTH]))
    if match is None:
        raise UnreadableError(f"{text[:MAX_NUMBER_LENGTH]!r} is not a price")
    signs = {sign for part in ("before", "after") if (sign := match[part].strip(" \xa0-–"))}
    if len(signs) > 1:
        raise UnreadableError(f"{text[:MAX_NUMBER_LENGTH]!r} contains two currencies")
    price_currency = _currency(signs.pop(), expected=currency) if signs else currency
    return Money(parse_decimal(match["number"], mark=mark), price_currency)


def _currency(sign: str, *, expected: str) -> str:
    known = SYMBOLS.get(sign.casefold())
    if known:
        return known
    if sign == "$":
        return expected if expected in DOLLARS else "USD"
    if CODE.fullmatch(sign):
        return sign.upper()
    raise UnreadableError(f"{sign[:MAX_NUMBER_LENGTH]!r} is an unknown currency")


def grams(text: str, *, mark: str, unit: str) -> int:
    """Parse a weight; a unit in the cell overrides that of the column. Raises UnreadableError."""
    return _measured(text, mark=mark, unit=unit or "g", units=CELL_GRAMS)


def millimeters(text: str, *, mark: str, unit: str) -> int:
    """Parse a length; a unit in the cell overrides that of the column. Raises UnreadableError."""
    return _measured(text, mark=mark, unit=unit or "mm", units=CELL_MILLIMETERS)


def _measured(text: str, *, mark: str, unit: str, units: Mapping[str, Decimal]) -> int:
    match = MEASURE.fullmatch(text.strip()[:MAX_NUMBER_LENGTH])
    if match is None:
        raise UnreadableError(f"{text[:MAX_NUMBER_LENGTH]!r} is not a measure")
    unit_name = (match["unit"] or unit).casefold()
    if unit_name not in units:
        raise UnreadableError(f"{unit_name!r} is an unknown unit")
    value = parse_decimal(match["number"], mark=mark) * units[unit_name]
    if 0 < value < Decimal("0.5"):
        raise UnreadableError(
            f"{text[:MAX_NUMBER_LENGTH]!r} is too small: set the unit of the column"
        )
    if not 0 <= value < 10**9:
        raise UnreadableError(f"{text[:MAX_NUMBER_LENGTH]!r} is not a plausible measure")
    return int(value.to_integral_value())


def units(text: str, *, mark: str, value_map: Mapping[str, str]) -> tuple[int, str]:
    """Parse a quantity; return it with a note, which is empty unless the text was interpreted.

    Shape:  ``value_map`` maps the supplier's texts to units, as staff set it
    Raises: UnreadableError
    """
    normalized = " ".join(text.replace("_", " ").casefold().split())[:MAX_NUMBER_LENGTH]
    for word, meaning in value_map.items():
        if " ".join(word.replace("_", " ").casefold().split()) == normalized:
            return _whole(parse_decimal(meaning, mark="."), meaning), ""
    if at_least := AT_LEAST.fullmatch(normalized):
        minimum = int((at_least[1] or at_least[2])[:18])
        return minimum, f"{text[:MAX_NUMBER_LENGTH]!r} is stored as {minimum}"
    if BELOW.fullmatch(normalized):
        return 0, f"{text[:MAX_NUMBER_LENGTH]!r} states no minimum and is stored as 0"
    if normalized.replace("-", " ") in SOLD_OUT - {"0"}:
        return 0, f"{text[:MAX_NUMBER_LENGTH]!r} is stored as 0"
    if normalized.replace("-", " ") in IN_STOCK - {"1"}:
        return (
            1,
            f"{text[:MAX_NUMBER_LENGTH]!r} is stored as 1: map the word to a number to sell more",
        )
    if match := PIECES.fullmatch(normalized):
        normalized = match[1] or match[2]
    if not any(character.isdigit() for character in normalized) or LETTERS.search(normalized):
        message = f"{text[:MAX_NUMBER_LENGTH]!r} states no quantity: not sold until you map it to a number"
        raise UnreadableError(message)
    return _whole(parse_decimal(normalized, mark=mark), text), ""


def _whole(number: Decimal, text: str) -> int:
    if number != number.to_integral_value():
        raise UnreadableError(f"{text[:MAX_NUMBER_LENGTH]!r} is a fraction of a unit")
    return int(number)


def flag(text: str, *, value_map: Mapping[str, str]) -> bool:
    """Parse yes or no. Raises UnreadableError."""
    normalized = text.strip().casefold()
    normalized = {word.casefold(): meaning for word, meaning in value_map.items()}.get(
        normalized, normalized
    )
    if normalized in YES:
        return True
    if normalized in NO:
        return False
    raise UnreadableError(f"{text[:MAX_NUMBER_LENGTH]!r} is neither yes nor no")


def is_gone(text: str, *, value_map: Mapping[str, str]) -> bool:
    """Return whether a status means discontinued; an unknown text does not."""
    normalized = text.strip().casefold()
    mapped = {word.casefold(): meaning for word, meaning in value_map.items()}.get(normalized)
    return mapped == "gone" if mapped else normalized in DISCONTINUED


def parse_time(text: str) -> datetime:
    """Parse a time, in UTC if it has no zone. It is ISO 8601, or begins like ``31.12.2026``.

    Raises: UnreadableError
    """
    written = text.strip()[:MAX_NUMBER_LENGTH]
    if day_first := DAY_FIRST.fullmatch(written):
        day, month, year, hour, minute = day_first.groups(default="0")
        written = f"{year}-{month:0>2}-{day:0>2} {int(hour):02}:{int(minute):02}"
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise UnreadableError(f"{text[:MAX_NUMBER_LENGTH]!r} is not a valid time") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
