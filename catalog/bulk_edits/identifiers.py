"""Bulk edit identifiers: check and add GTINs and part numbers of a file, remove them by undo."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from catalog.attributes.identifiers import InvalidGtinError
from catalog.bulk_edits.fields import Target, printed
from catalog.competitors.labels import MESSAGES
from catalog.models import Identifier, Variant
from catalog.products import identifier_edits
from catalog.products.identifier_edits import IdentifierEdit, InvalidPartNumberError
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
    return stored_value_of(scheme, raw, brand=target.product.brand.name)


def stored_value_of(scheme: str, raw: str, *, brand: str) -> str:
    """Return the value that is stored for a number of a brand. Raises IdentifierError."""
    try:
        return identifier_edits.parse(scheme=scheme, raw=raw, brand=brand)
    except InvalidGtinError as error:
        reason = str(MESSAGES[error.code]) % error.values
        raise IdentifierError(_("Not a GTIN: %(reason)s.") % {"reason": reason}) from error
    except InvalidPartNumberError as error:
        message = _("The part number %(number)s has no letter or digit.")
        raise IdentifierError(message % {"number": raw[:60]}) from error


def _check_free(target: Target, scheme: str, raw: str, value: str) -> None:
    if target.variant is None:
        raise IdentifierError(_("The product or variant was deleted in the meantime."))
    _check_owner(target, raw, target.owners.find(scheme, value))


def _check_owner(target: Target, raw: str, owner: Variant | None) -> None:
    """Raise IdentifierError if another variant owns a number."""
    if owner is not None and owner != target.variant:
        message = _("The variant %(sku)s has the number %(number)s. Remove it there first.")
        raise IdentifierError(message % {"sku": owner.sku, "number": raw[:60]})


@requires_transaction
def save_identifiers(
    stated: Sequence[tuple[Target, Mapping[str, Sequence[str]]]], *, now: datetime
) -> None:
    """Add the identifiers that variants lack, remove the others of the stated schemes.

    Shape:  ``stated`` are variants with their numbers by scheme
    Locks:  as ``identifier_edits.edit_identifiers``
    Raises: IdentifierError  another variant has got a number in the meantime
    """
    edits, added_to = [], list[tuple[Target, Identifier]]()
    for target, by_scheme in stated:
        if target.variant is None:
            continue
        added, removed = list[Identifier](), list[Identifier]()
        for scheme, numbers in by_scheme.items():
            present = target.identifiers_of(scheme)
            known = {printed(each) for each in present}
            removed += [each for each in present if printed(each) not in numbers]
            for raw in [number for number in numbers if number not in known]:
                value = stored_value(target, scheme, raw)
                added.append(Identifier(scheme=scheme, value=value, raw=raw))
        added_to += [(target, each) for each in added]
        variant_id = target.variant.pk
        edits.append(IdentifierEdit(variant_id=variant_id, added=added, removed=removed))
    taken = identifier_edits.find_owners(each.value for _target, each in added_to)
    for target, each in added_to:
        _check_owner(target, each.raw, taken.get((each.scheme, each.value)))
    identifier_edits.edit_identifiers(edits, now=now)
