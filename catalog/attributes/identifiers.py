"""Product identifiers: validate GTINs, build comparison keys of brands and part numbers. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from stdnum import ean

GTIN_LENGTHS = frozenset({8, 12, 13, 14})
EAN_8_ZEROS = 6  # before the digits of a GTIN-8
_SEPARATORS = re.compile(r"[\s\-]+")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
MAX_BRAND_KEY = 80  # characters of ``Brand.key``, and of a name
MAX_IDENTIFIER_LENGTH = 160  # characters of ``Identifier.value``
# What suppliers write where they know no brand.
_NO_BRAND = frozenset({"", "unbranded", "nobrand", "noname", "generic", "oem", "none", "na"})
_MIN_PART_NUMBER_LENGTH = 3


class InvalidGtinError(ValueError):
    """Not a GTIN: wrong length, non-digits, a placeholder or a wrong check digit.

    ``code`` and ``values`` hold the message for callers with their own wording.
    """

    def __init__(self, message: str, *, code: str, **values: object) -> None:
        super().__init__(message)
        self.code, self.values = code, values


def gtin14(raw: str) -> str:
    """Return a GTIN-8, -12, -13 or -14 as 14 digits.

    Raises: InvalidGtinError  the message says what is wrong
    Source: GS1 General Specifications, check digit calculation
    """
    digits, quoted = _SEPARATORS.sub("", raw), repr(raw[:40])
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidGtinError(
            f"{quoted} contains characters other than digits", code="gtin_no_digits", value=quoted
        )
    if len(digits) not in GTIN_LENGTHS:
        message = f"{quoted} has {len(digits)} digits, not 8, 12, 13 or 14"
        raise InvalidGtinError(message, code="gtin_length", value=quoted, digits=len(digits))
    padded = digits.zfill(14)
    if not int(padded):
        raise InvalidGtinError(f"{quoted} is a placeholder", code="gtin_placeholder", value=quoted)
    expected = check_digit(padded[:-1])
    if padded[-1] != expected:
        message = f"{quoted} ends in {padded[-1]}, but its check digit must be {expected}"
        values = {"value": quoted, "last": padded[-1], "expected": expected}
        raise InvalidGtinError(message, code="gtin_check_digit", **values)
    return padded


def split_gtins(text: str) -> list[str]:
    """Return the GTINs of a cell such as ``4006381333931; 036000291452``, as stated."""
    return [part for part in map(str.strip, re.split(r"[;|]", text)) if part]


def gtin_kind(gtin: str) -> str:
    """Return how a GTIN of 14 digits is known: EAN-8, UPC, EAN or GTIN-14."""
    zeros = len(gtin) - len(gtin.lstrip("0"))
    kinds = {0: "GTIN-14", 1: "EAN"}
    return kinds.get(zeros, "UPC" if zeros < EAN_8_ZEROS else "EAN-8")


def check_digit(body: str) -> str:
    """Return the digit that completes ``body``."""
    return str(ean.calc_check_digit(body))


def brand_key(name: str) -> str:
    """Fold a brand name so that spellings compare equal: ``Fénix`` and ``FENIX``."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return _NOT_ALPHANUMERIC.sub("", "".join(c for c in decomposed if not unicodedata.combining(c)))


def stored_brand_key(name: str) -> str:
    """Return ``brand_key`` as ``Brand.key`` and ``BrandAlias.key`` store it."""
    return brand_key(name)[:MAX_BRAND_KEY]


def number_key(number: str) -> str:
    """Fold a part or model number. A plus stays: ``PD36R+`` and ``PD36R`` are two lights."""
    return "+".join(brand_key(part) for part in number.split("+"))


def mpn_key(brand: str, mpn: str) -> str:
    """Return ``brand:mpn``, both folded: a part number is unique only within its brand."""
    return f"{stored_brand_key(brand)}:{number_key(mpn)[:70]}"


def can_identify(brand: str, number: str) -> bool:
    """Return whether a part or model number can name a product: it needs a brand and a digit."""
    key = number_key(number)
    return (
        brand_key(brand) not in _NO_BRAND
        and len(key) >= _MIN_PART_NUMBER_LENGTH
        and any(character.isdigit() for character in key)
        and len(set(key)) > 1  # "000" is a placeholder
    )


def option_keys(option_values: Iterable[str]) -> frozenset[str]:
    """Fold the option values of a variant, such as its color."""
    return frozenset(key for value in option_values if (key := brand_key(value)))


def model_key(brand: str, model: str, option_values: Sequence[str]) -> str:
    """Return ``brand:model:options``, folded; empty if it cannot identify or is too long."""
    if not can_identify(brand, model):
        return ""
    options = "+".join(sorted(option_keys(option_values)))
    key = f"{brand_key(brand)}:{number_key(model)}:{options}"
    return key if len(key) <= MAX_IDENTIFIER_LENGTH else ""
