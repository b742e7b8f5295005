"""Contacts: read a product's manufacturer and its responsible person in the EU. Pure.

Suppliers state a contact in one line: name, postal address, country code, e-mail address.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from babel import Locale

from catalog.attributes.text_cleaning import clean_text
from catalog.enums import EU
from storefront.lib.address import COUNTRIES

MANUFACTURER = re.compile(r"(?:manufacturer|maker|producer|hersteller)", re.IGNORECASE)
RESPONSIBLE = re.compile(
    r"(?:eu|ec) (?:responsible person|rep(?:resentative)?)|responsible person(?: in the eu)?"
    r"|authori[sz]ed representative",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]+")
# "Lumen Lighting Co., Ltd." is one name.
_LEGAL_FORM = re.compile(r"(?:ltd|limited|inc|llc|corp|gmbh|s\.?a\.?|s\.?l\.?)\.?", re.IGNORECASE)
_PARTS = re.compile(r"\s*[,;|]\s*")
MAX_NAME, MAX_ADDRESS, MAX_EMAIL = 120, 300, 254


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    name: str
    address: str
    country: str
    email: str


def find_manufacturer(claims: Mapping[str, str]) -> Contact | None:
    """Return the manufacturer, if one line states it completely."""
    return _stated(claims, MANUFACTURER)


def find_responsible_person(claims: Mapping[str, str]) -> Contact | None:
    """Return the responsible person, if one line states it completely, with an EU country."""
    contact = _stated(claims, RESPONSIBLE)
    return contact if contact and contact.country in EU else None


def is_stated_by(label: str, claims: Mapping[str, str]) -> bool:
    """Return whether a line of the specification table was read as a contact."""
    of_manufacturer = MANUFACTURER.fullmatch(label.strip()) and find_manufacturer(claims)
    return bool(
        of_manufacturer
        or (RESPONSIBLE.fullmatch(label.strip()) and find_responsible_person(claims))
    )


def country_code(text: str) -> str:
    """Return the code of a country that is written as a code or in English, "" if unknown."""
    written = re.sub(r"^made in ", "", clean_text(text).strip(" ."), flags=re.IGNORECASE)
    if written.upper() in COUNTRIES:
        return written.upper()
    return _codes_by_name().get(written.casefold(), "")


@cache
def _codes_by_name() -> dict[str, str]:
    names = Locale("en").territories
    usual = {"usa": "US", "uk": "GB", "prc": "CN", "p.r.c": "CN", "p.r. china": "CN"}
    return {names[code].casefold(): code for code in COUNTRIES} | usual


def _stated(claims: Mapping[str, str], label: re.Pattern[str]) -> Contact | None:
    texts = (text for name, text in claims.items() if label.fullmatch(name.strip()))
    return next((contact for text in texts if (contact := parse(text))), None)


def parse(text: str) -> Contact | None:
    """Return the contact in one line; None if a part is missing."""
    text = clean_text(text)
    email = _EMAIL.search(text)
    if email is None:
        return None
    parts = [part for part in _PARTS.split(text.replace(email[0], "")) if part]
    country = next((part for part in reversed(parts) if part in COUNTRIES), "")
    if not country:
        return None
    parts.reverse()
    parts.remove(country)
    parts.reverse()
    of_name = 2 if len(parts) > 1 and _LEGAL_FORM.fullmatch(parts[1]) else 1
    name, address = ", ".join(parts[:of_name]), ", ".join(parts[of_name:])
    is_too_long = len(name) > MAX_NAME or len(address) > MAX_ADDRESS or len(email[0]) > MAX_EMAIL
    if not name or not address or is_too_long:
        return None
    return Contact(name=name, address=address, country=country, email=email[0])
