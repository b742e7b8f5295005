"""Bulk edit identifiers: check and add GTINs and part numbers of a file, remove them by undo."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from catalog.attributes.identifiers import InvalidGtinError
from catalog.bulk_edits.fields import Target, printed
from catalog.competitors.labels import MESSAGES
from catalog.models import Identifier
from catalog.products import identifier_edits
from catalog.products.identifier_edits import IdentifierTakenError, InvalidPartNumberError
from storefront.lib.db.transactions import requires_transaction


class IdentifierError(ValueError):
    """An identifier cannot be added. The message is for staff."""


def find_new(target: Target, scheme: str, stated: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the stated identifiers that the variant lacks, and why others are rejected."""
    known = {each.value for each in target.identifiers_of(scheme)}
    found, problems = [], []
    for raw in stated:
        try:
            value = stored_value(target, scheme, raw)
            if value not in known:
                _check_free(target, scheme, raw, value)
                found.append(raw)
        except IdentifierError as error:
            problems.append(str(error))
        else:
            known.add(value)
    return found, problems


def stored_value(target: Target, scheme: str, raw: str) -> str:
    """Return the value that is stored for an identifier. Raises IdentifierError."""
    try:
        return identifier_edits.parse(scheme=scheme, raw=raw, brand=target.product.brand.name)
    except InvalidGtinError as error:
        reason = str(MESSAGES[error.code]) % error.values
        raise IdentifierError(_("Not a GTIN: %(reason)s.") % {"reason": reason}) from error
    except InvalidPartNumberError as error:
        message = _("The part number %(number)s has no letter or digit.")
        raise IdentifierError(message % {"number": raw[:60]}) from error


def _check_free(target: Target, scheme: str, raw: str, value: str) -> None:
    if target.variant is None:
        raise IdentifierError(_("The product or variant was deleted in the meantime."))
    try:
        identifier_edits.check_free(variant=target.variant, scheme=scheme, value=value)
    except IdentifierTakenError as error:
        message = _("The variant %(sku)s has the number %(number)s. Remove it there first.")
        values = {"sku": error.variant.sku, "number": raw[:60]}
        raise IdentifierError(message % values) from error


@requires_transaction
def save_identifiers(target: Target, scheme: str, numbers: Sequence[str], *, now: datetime) -> None:
    """Add the identifiers that the variant lacks, remove the others.

    Locks:  as ``identifier_edits.save_identifiers``
    Raises: IdentifierError  another variant has got a number in the meantime
    """
    present = target.identifiers_of(scheme)
    known = {printed(each) for each in present}
    added = []
    for raw in [number for number in numbers if number not in known]:
        value = stored_value(target, scheme, raw)
        _check_free(target, scheme, raw, value)
        added.append(Identifier(scheme=scheme, value=value, raw=raw))
    if target.variant is not None:
        identifier_edits.save_identifiers(
            variant=target.variant,
            added=added,
            verified={},
            removed=[each for each in present if printed(each) not in numbers],
            now=now,
        )
