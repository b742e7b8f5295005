"""Present rows: read what a product has now, find out why an earlier value cannot be restored."""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext as _

from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import CUSTOM
from catalog.models import Brand, FieldChange, Identifier, Product, Spec
from catalog.models.attributes import EDITABLE_COLUMNS
from catalog.models.products import UPLOAD_SCHEME, WIDTHS_PX
from catalog.products import editing, images, variant_edits
from catalog.products.identifier_edits import EDITABLE_SCHEMES
from catalog.products.spec_edits import BASIS, MODE_COLUMNS, REASON
from catalog.products.staff.history.change_texts import (
    MODELS,
    ChangeTexts,
    Record,
    field_of,
    model_of,
)
from catalog.readiness import lifecycle

State = Identifier.State
PRODUCT_FIELDS: Final = {
    *(*editing.LOCKABLE_FIELDS, *editing.OWN_FIELDS),
    "status",
}
_FIELDS_OF_ROWS: Final = {
    Record.VARIANT: {*variant_edits.LOCKABLE_FIELDS, "status", "replaced_by_id"},
    Record.IDENTIFIER: {"state"},
    Record.MODE: {*MODE_COLUMNS},
    Record.IMAGE: {"role", "variant_id", "alt_texts"},
}


class RestoreError(ValueError):
    """An earlier value cannot be restored; the text says why."""


_OF_PRODUCT: Final = {
    Record.PRODUCT: "id = %(product)s",
    Record.IDENTIFIER: "variant_id IN (SELECT id FROM catalog_variant WHERE product_id = %(product)s)",
}
_SELECT: Final = " UNION ALL ".join(
    f"SELECT '{record}', id, to_jsonb(present) FROM {model._meta.db_table} present"  # noqa: S608, SLF001 - made of constants
    f" WHERE {_OF_PRODUCT.get(Record(record), 'product_id = %(product)s')}"
    for record, model in MODELS.items()
)


class PresentRows:
    """The rows that a product has now, as JSON by id: one statement reads all tables."""

    def __init__(self, product_id: int) -> None:
        self._rows: dict[str, dict[int, dict[str, Any]]] = {record: {} for record in MODELS}
        with connection.cursor() as cursor:
            cursor.execute(_SELECT, {"product": product_id})
            for record, pk, row in cursor.fetchall():
                self._rows[record][pk] = json.loads(row)

    def of(self, record: str) -> Mapping[int, Mapping[str, Any]]:
        return self._rows[record]

    @property
    def product(self) -> Mapping[str, Any]:
        """Return the product. Raises RestoreError: it was deleted."""
        for row in self._rows[Record.PRODUCT].values():
            return row
        raise RestoreError(_("The product was deleted."))

    @property
    def spec(self) -> Mapping[str, Any]:
        """Return the specification; it is empty if there is none."""
        return next(iter(self._rows[Record.SPEC].values()), {})

    @cached_property
    def attribute_codes(self) -> frozenset[str]:
        return frozenset(definition.code for definition in registry.load())

    @property
    def texts(self) -> dict[str, Mapping[str, Any]]:
        return {row["language"]: row for row in self._rows[Record.TEXT].values()}


def version_of(current: Any) -> str:
    """Return what identifies a present value, for the page that shows it."""
    stored = json.dumps(current, sort_keys=True)
    return hashlib.blake2b(stored.encode(), digest_size=8).hexdigest()


def find_current(change: FieldChange, rows: PresentRows, texts: ChangeTexts) -> Any:
    """Return the present value of the changed field; None if a removed row is still missing.

    Raises: RestoreError  the old value cannot be restored, or it is the present one
    """
    if not change.field:
        if change.old is None:
            raise RestoreError(_("To remove an added row, delete it on the page of the product."))
        if _find_same_row(change, rows):
            raise RestoreError(_("The product already has this row."))
        return None
    current = _VALUES.get(Record(change.record), _row_value)(change, rows)
    if _is_equal(current, change.old):
        raise RestoreError(_("The field has this value already."))
    if change.old is not None and model_of(change):
        _check_related(texts.related_row(change, change.old))
    return current


def _check_related(row: Any) -> None:
    """Check the row that an earlier value refers to."""
    if row is None:
        raise RestoreError(_("The earlier value was deleted."))
    if isinstance(row, Brand) and row.merged_into is not None:
        message = _("The brand was merged into %(brand)s.")
        raise RestoreError(message % {"brand": row.merged_into})


def _is_equal(current: Any, old: Any) -> bool:
    """Compare a value with its JSON; numbers of JSON have no trailing zeros."""
    if isinstance(old, int | float) and not isinstance(old, bool) and current is not None:
        return float(current) == float(old)
    return bool((current or None) == (old or None)) if old is not False else current is False


def _find_same_row(change: FieldChange, rows: PresentRows) -> bool:
    """Return whether a removed row exists again. Raises RestoreError: it cannot be added."""
    old: Any = change.old
    present = rows.of(change.record).values()
    match change.record:
        case Record.IDENTIFIER:
            if old["scheme"] not in EDITABLE_SCHEMES:
                raise RestoreError(_("Only imports set identifiers of this type."))
            if change.variant_id not in rows.of(Record.VARIANT):
                raise RestoreError(_("The variant was deleted or moved."))
            key = {"variant_id": change.variant_id, "scheme": old["scheme"], "value": old["value"]}
            return any(key.items() <= row.items() for row in present)
        case Record.MODE:
            return any(all(row[name] == old[name] for name in MODE_COLUMNS) for row in present)
        case Record.IMAGE:
            _check_file(old)
            return any(row["source_url"] == old["source_url"] for row in present)
        case Record.TEXT:
            return old["language"] in rows.texts
    raise RestoreError(_not_edited())


def _check_file(image: Mapping[str, Any]) -> None:
    """Check that the file of a removed image is stored, or can be fetched again."""
    stem = image["stem"]
    is_stored = stem and images.path_of(stem, min(WIDTHS_PX)).exists()
    if not is_stored and (stem or image["source_url"].startswith(UPLOAD_SCHEME)):
        raise RestoreError(_("Its file is no longer stored. Upload the image again."))


def _not_edited() -> str:
    return _("Staff cannot edit this field.")


def _product_value(change: FieldChange, rows: PresentRows) -> Any:
    name = field_of(change)
    if name not in PRODUCT_FIELDS:
        raise RestoreError(_not_edited())
    current = rows.product[change.field]
    if name == "status" and change.old not in {current, *lifecycle.TRANSITIONS[current]}:
        message = _("The status %(old)s cannot change to %(new)s.")
        old, new = (Product.Status(str(one)).label for one in (current, change.old))
        raise RestoreError(message % {"old": old, "new": new})
    return current


def _spec_value(change: FieldChange, rows: PresentRows) -> Any:
    name, spec = change.field, rows.spec
    if name.startswith(BASIS):
        if change.old is None:
            raise RestoreError(_("To remove the basis, return the field to the suppliers."))
        return Spec(sources=spec.get("sources", {})).basis_of(name.removeprefix(BASIS)).value
    if name.startswith(REASON):
        raise RestoreError(_("Restore the value: its reason is restored with it."))
    if name.startswith(CUSTOM):
        code = name.removeprefix(CUSTOM)
        if code not in rows.attribute_codes:
            raise RestoreError(_("This field does not exist any more."))
        return spec.get("custom_values", {}).get(code)
    if name not in EDITABLE_COLUMNS:
        raise RestoreError(_not_edited())
    return spec.get(name)


def _text_value(change: FieldChange, rows: PresentRows) -> Any:
    language, _colon, column = change.field.partition(":")
    return rows.texts.get(language, {}).get(column)


def _row_value(change: FieldChange, rows: PresentRows) -> Any:
    """Return the value of a variant or of a row that belongs to a product or a variant."""
    if change.field not in _FIELDS_OF_ROWS[Record(change.record)]:
        raise RestoreError(_not_edited())
    row = rows.of(change.record).get(change.record_id)
    if row is None:
        raise RestoreError(_("The row was removed. Restore it first."))
    is_of_import = change.record == Record.IDENTIFIER and row["scheme"] not in EDITABLE_SCHEMES
    if is_of_import or not {State.CONFLICT}.isdisjoint({row.get("state"), change.old}):
        raise RestoreError(_not_edited())
    if change.field == "variant_id" and change.old not in {None, *rows.of(Record.VARIANT)}:
        raise RestoreError(_("The variant was deleted or moved."))
    return row[change.field]


_VALUES: Final = {
    Record.PRODUCT: _product_value,
    Record.SPEC: _spec_value,
    Record.TEXT: _text_value,
}
