"""Document lists: parse the document columns of a file, save the documents of products.

The columns are lists side by side, separated by ``|``. A document is named by its stored file.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from catalog.attributes.numbers import UnreadableError
from catalog.bulk_edits.cells.values import (
    check_count,
    read_choice,
    read_day,
    read_stored_file,
    read_yes_no,
    split,
    write_list,
)
from catalog.models import Product, ProductDocument
from catalog.safety import documents
from catalog.search.index import drop_cached_pages
from storefront.lib.db.transactions import requires_transaction

KEY = "file"  # only an empty cell of this column can clear the list
PARTS = (KEY, "kind", "language", "issued_on", "valid_until", "is_public")
DAYS = ("issued_on", "valid_until")
MAX_DOCUMENTS = 30


def labels() -> dict[str, Any]:
    """Return the name of each column; "" for the one with the label of the field."""
    meta: Any = ProductDocument._meta  # noqa: SLF001 - Django's model API
    return {part: "" if part == KEY else str(meta.get_field(part).verbose_name) for part in PARTS}


def to_values(row: ProductDocument) -> dict[str, Any]:
    """Return a document as JSON."""
    days = {name: day.isoformat() for name in DAYS if (day := getattr(row, name))}
    return {name: getattr(row, name) for name in PARTS} | days


def to_cells(stored: Sequence[Mapping[str, Any]], _languages: Sequence[str]) -> dict[str, str]:
    """Return the texts by column."""
    return {part: write_list([_write(one[part]) for one in stored]) for part in PARTS}


def _write(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value or ""


def parse(cells: Mapping[str, str], present: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the documents that a row states; columns that are left out keep what is present.

    Documents have no order: new ones come last.
    Raises: UnreadableError
    """
    known = {one[KEY]: one for one in present}
    files = [read_stored_file(text) for text in split(cells.get(KEY, "")) if text]
    files = list(dict.fromkeys(files)) or list(known)
    if len(files) > MAX_DOCUMENTS:
        raise UnreadableError(_("at most %(most)s documents") % {"most": MAX_DOCUMENTS})
    empty = {"kind": "", "language": "", "is_public": False, **dict.fromkeys(DAYS)}
    found = [{KEY: file, **empty, **known.get(file, {})} for file in files]
    for name in PARTS[1:]:
        texts = split(cells.get(name, ""))
        check_count(texts, found)
        for one, text in zip(found, texts, strict=False):
            one[name] = _read(name, text)
    for one in found:
        try:
            _to_row(one, ProductDocument()).full_clean(
                exclude=["product", "file_sha256", "added_by"], validate_unique=False
            )
        except ValidationError as error:
            raise UnreadableError(" ".join(error.messages)) from error
    places = {file: place for place, file in enumerate(known)}
    return sorted(found, key=lambda one: places.get(one[KEY], len(places)))


def _read(name: str, text: str) -> Any:
    if name == "kind":
        return read_choice(text, ProductDocument.Kind.choices)
    if name in DAYS:
        return read_day(text) if text else None
    if name == "is_public":
        return read_yes_no(text) if text else False
    return text.lower()


def _to_row(values: Mapping[str, Any], row: ProductDocument) -> ProductDocument:
    for name in PARTS:
        field: Any = ProductDocument._meta.get_field(name)  # noqa: SLF001 - Django's model API
        setattr(row, name, field.to_python(values[name]))
    return row


@requires_transaction
def save_documents(
    stated: Sequence[tuple[Product, Sequence[Mapping[str, Any]]]], *, actor: str
) -> None:
    """Save the documents of products. The files of removed ones are kept for an undo."""
    present: dict[int, dict[str, ProductDocument]] = {}
    products = [product for product, _wanted in stated]
    for row in ProductDocument.objects.filter(product__in=products).order_by("pk"):
        present.setdefault(row.product_id, {})[row.file] = row
    for product, wanted in stated:
        known = present.get(product.pk, {})
        for values in wanted:
            row = known.pop(values[KEY], ProductDocument(product=product))
            if row.pk is None:
                row.file_sha256 = documents.digest_of(values[KEY])
                row.added_by = actor
            _to_row(values, row).save()
        ProductDocument.objects.filter(pk__in=[row.pk for row in known.values()]).delete()
    transaction.on_commit(drop_cached_pages)
