"""Guarantee fields: parse the guarantee columns of a file, record or withdraw guarantees.

Each column holds one field of the guarantee of a product. As JSON it is a list of at most one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from catalog.attributes.numbers import UnreadableError
from catalog.attributes.text_cleaning import clean_text
from catalog.bulk_edits.cells.values import check_length, read_choice, read_day, read_stored_file
from catalog.models import Product, ProductGuarantee
from catalog.models.guarantees import MAX_TEXTS, GuaranteeKind
from catalog.safety import documents, guarantees
from storefront.lib.db.transactions import requires_transaction

KEY = "kind"  # only an empty cell of this column can withdraw the guarantee
TEXTS = tuple(MAX_TEXTS)  # by language
FILES = {"terms_file": "terms_sha256", "evidence_file": "evidence_sha256"}
MAX_DIGITS = 9  # of the months; the field rejects a number that is too large
FIELDS = (
    *(KEY, "model", "months", "guarantor", "guarantor_address", *TEXTS),
    *("evidence", "seen_on", *FILES),
)


def labels() -> dict[str, Any]:
    """Return the name of each column: ``model``, ``claim:en``."""
    found: dict[str, Any] = {}
    meta: Any = ProductGuarantee._meta  # noqa: SLF001 - Django's model API
    for name in FIELDS:
        label = str(meta.get_field(name).verbose_name)
        if name in TEXTS:
            found |= {f"{name}:{code}": f"{label} ({code})" for code, _name in settings.LANGUAGES}
        else:
            found[name] = label
    return found


def to_values(guarantee: ProductGuarantee) -> dict[str, Any]:
    """Return a guarantee as JSON."""
    values = {name: getattr(guarantee, name) for name in FIELDS}
    return values | {"seen_on": guarantee.seen_on.isoformat()}


def to_cells(stored: Sequence[Mapping[str, Any]], _languages: Sequence[str]) -> dict[str, str]:
    """Return the texts by column."""
    values: Mapping[str, Any] = stored[0] if stored else dict.fromkeys(FIELDS, "")
    cells = {}
    for part in labels():
        name, _colon, language = part.partition(":")
        value = values[name]
        cells[part] = str(value.get(language, "") if language and value else value)
    return cells


def parse(cells: Mapping[str, str], present: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the guarantee that a row states; columns that are left out keep what is present.

    Raises: UnreadableError
    """
    values: dict[str, Any] = dict.fromkeys(FIELDS, "") | (dict(present[0]) if present else {})
    values |= {name: dict(values[name] or {}) for name in TEXTS}
    for part, cell in cells.items():
        name, _colon, language = part.partition(":")
        text = clean_text(cell)
        if not text:
            continue
        if language:
            check_length(text, MAX_TEXTS[name])
            values[name][language] = text
        else:
            values[name] = _read(name, text)
    if any(set(values[name]) < {code for code, _name in settings.LANGUAGES} for name in TEXTS):
        raise UnreadableError(_("enter territory and claim in each language"))
    try:
        _to_row(values, ProductGuarantee()).full_clean(
            exclude=["product", "confirmed_by", *FILES.values()],
            validate_unique=False,
        )
    except ValidationError as error:
        raise UnreadableError(" ".join(error.messages)) from error
    return [values]


def _read(name: str, text: str) -> Any:
    if name == KEY:
        return read_choice(text, GuaranteeKind.choices)
    if name == "months":
        if not text.isdecimal() or len(text) > MAX_DIGITS:
            raise UnreadableError(_("%(text)s is not a number") % {"text": text[:60]})
        return int(text)
    if name == "seen_on":
        return read_day(text)
    return read_stored_file(text) if name in FILES else text


def _to_row(values: Mapping[str, Any], row: ProductGuarantee) -> ProductGuarantee:
    for name in FIELDS:
        field: Any = ProductGuarantee._meta.get_field(name)  # noqa: SLF001 - Django's model API
        setattr(row, name, field.to_python(values[name] or None))
    return row


@requires_transaction
def save_guarantees(
    stated: Sequence[tuple[Product, Sequence[Mapping[str, Any]]]], *, actor: str, now: datetime
) -> None:
    """Record the guarantees of products, withdraw those of the others.

    Locks:  as ``guarantees.record_guarantee``
    """
    known = ProductGuarantee.objects.filter(product__in=[product for product, _wanted in stated])
    present = {row.product_id: row for row in known}
    for product, wanted in sorted(stated, key=lambda one: one[0].pk):
        row = present.get(product.pk)
        if not wanted:
            if row is not None:
                guarantees.withdraw_guarantee(row, now=now)
            continue
        row = _to_row(wanted[0], row or ProductGuarantee(product=product))
        for file, digest in FILES.items():
            setattr(row, digest, documents.digest_of(wanted[0][file]))
        guarantees.record_guarantee(row, actor=actor, now=now)
