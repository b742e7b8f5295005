"""Change texts: name the field, the values and the source of each recorded change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import models
from django.utils.text import Truncator, capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import CUSTOM
from catalog.models import (
    Brand,
    Category,
    FieldChange,
    Identifier,
    Image,
    Mode,
    Product,
    ProductText,
    Variant,
)
from catalog.models.attributes import Spec
from catalog.products.image_edits import IMAGES
from catalog.products.spec_edits import BASIS, MODES, REASON
from catalog.products.staff.spec_form import finding_label
from catalog.texts.code_labels import code_label
from storefront.lib.staff import columns

Record = FieldChange.Record
MODELS: Final[Mapping[str, type[models.Model]]] = {
    Record.PRODUCT: Product,
    Record.SPEC: Spec,
    Record.VARIANT: Variant,
    Record.IDENTIFIER: Identifier,
    Record.MODE: Mode,
    Record.IMAGE: Image,
    Record.TEXT: ProductText,
}
MAX_TEXT_CHARS: Final = 200
_NAMED: Final[Sequence[type[models.Model]]] = (Brand, Category, Product, Variant)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One change as text. ``obstacle`` says why the old value cannot be restored.

    ``seen`` identifies the present value, as ``restore`` takes it.
    """

    change: FieldChange
    label: str
    old: str
    new: str
    source: str
    obstacle: str = ""
    seen: str = ""


def label_of(name: str, model: type[models.Model]) -> str:
    """Return the label of a locked field of a product or a variant, or of what belongs to it."""
    if parts := {MODES: Mode, IMAGES: Image}.get(name):
        return str(capfirst(parts._meta.verbose_name_plural))  # noqa: SLF001
    if name.startswith(CUSTOM):
        code, language = name.removeprefix(CUSTOM), get_language() or "en"
        return registry.name_of(code, language)
    if name in Identifier.Scheme.values:
        return str(Identifier.Scheme(name).label)
    own = {field.name for field in model._meta.fields}  # noqa: SLF001
    return str(columns.field_label(model if name in own else Spec, name))


def field_of(change: FieldChange) -> str:
    """Return the name of the changed field of the model, such as ``brand`` for ``brand_id``."""
    model = MODELS[change.record]
    names = {field.attname: field.name for field in model._meta.concrete_fields}  # noqa: SLF001
    column = change.field.rpartition(":")[2] if change.record == Record.TEXT else change.field
    return names.get(column, column)


def describe_change_source(source: str) -> str:
    """Return a source that ``set_change_source`` recorded as text for staff."""
    kind, _colon, rest = source.partition(":")
    code, _colon, run = rest.partition(":")
    text = {
        "sync": _("Supplier %(code)s, sync run %(run)s") if run else _("Supplier %(code)s"),
        "bulk edit": _("Bulk edit %(code)s"),
        "change-request": _("Change request of %(code)s"),
        "bulk edit undone": _("Bulk edit %(code)s undone"),
        "staff": _("Edited on a staff page"),
        "api": _("Changed by a program through the API"),
        "own approval": _("Approved by the person who edited it"),
        "restore": _("Restored"),
        "merge": _("Merge"),
        "split": _("Split"),
        "brand merge": _("Brand merge"),
        "brand merge undone": _("Brand merge undone"),
        "match": _("Match review"),
        "match undone": _("Match decision undone"),
    }.get(kind)
    return text % {"code": code, "run": run} if text else source.replace(":", " ")


class ChangeTexts:
    """Texts of some changes; reads the names of related rows once for all of them."""

    def __init__(self, changes: Iterable[FieldChange]) -> None:
        ids: dict[type[models.Model], set[int]] = {}
        for change in changes:
            if related := model_of(change):
                ids.setdefault(related, set()).update(filter(None, (change.old, change.new)))
        self._related: dict[tuple[type[models.Model], Any], models.Model] = {
            (model, pk): row
            for model, wanted in ids.items()
            for pk, row in _rows_of(model).in_bulk(wanted).items()
        }

    def related_row(self, change: FieldChange, value: Any) -> models.Model | None:
        """Return the row that a value of a foreign key refers to, None if it was deleted."""
        model = model_of(change)
        return self._related.get((model, value)) if model else None

    def row(self, change: FieldChange, *, obstacle: str = "", seen: str = "") -> ChangeRow:
        return ChangeRow(
            change=change,
            label=self.label(change),
            old=self.value(change, change.old),
            new=self.value(change, change.new),
            source=describe_change_source(change.source),
            obstacle=obstacle,
            seen=seen,
        )

    def label(self, change: FieldChange) -> str:
        """Return the label of the field, after what it belongs to."""
        name, model = field_of(change), MODELS[change.record]
        if not name:
            return f"{capfirst(model._meta.verbose_name)}{self._of_variant(change)}"  # noqa: SLF001
        if name.startswith(BASIS):
            label = label_of(name.removeprefix(BASIS), Product)
            return _("Basis: %(field)s") % {"field": label}
        if name.startswith(REASON):
            label = finding_label(name.removeprefix(REASON))
            return _("Reason if unlikely: %(field)s") % {"field": label}
        label = label_of(name, Product if change.record == Record.SPEC else model)
        if change.record in {Record.PRODUCT, Record.SPEC}:
            return label
        if change.record == Record.TEXT:
            return f"{label} ({_language(change.field.partition(':')[0])})"
        return f"{change.get_record_display()}{self._of_variant(change)}: {label}"

    def _of_variant(self, change: FieldChange) -> str:
        return f" {change.variant.sku}" if change.variant else ""

    def value(self, change: FieldChange, value: Any) -> str:
        if not change.field:
            return _row_text(change.record, value) if value else "–"
        if model_of(change):
            row = self.related_row(change, value)
            return str(row) if row else "–" if value is None else f"#{value}"
        if change.field.startswith(BASIS):
            return str(Spec.Basis(value).label) if value else "–"
        return value_text(MODELS[change.record], change.field, value)


def value_text(model: type[models.Model], column: str, value: Any) -> str:
    """Return a stored value as text, cut to ``MAX_TEXT_CHARS``."""
    if value in (None, "", [], {}):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_code_text(column, str(one)) for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {one}" for name, one in value.items())
    if isinstance(value, int | float | Decimal):
        return columns.as_number(Decimal(str(value)))
    label = columns.choice_label(model, column, _code_text(column, str(value)))
    return Truncator(label).chars(MAX_TEXT_CHARS)


def _code_text(column: str, code: str) -> str:
    if column.startswith(CUSTOM):
        return registry.choice_name(column.removeprefix(CUSTOM), code, get_language() or "en")
    return code_label(column, code)


def _row_text(record: str, row: Mapping[str, Any]) -> str:
    """Return an added or removed row as text."""
    match record:
        case Record.IDENTIFIER:
            state = columns.choice_label(Identifier, "state", row["state"])
            return f"{Identifier.Scheme(row['scheme']).label} {row['raw'] or row['value']}, {state}"
        case Record.MODE:
            lumens = "" if row["output_lm"] is None else f", {row['output_lm']:g} lm"
            return f"{row['name']}{lumens}"
        case Record.TEXT:
            return f"{row['title'] or row['summary'] or '–'} ({_language(row['language'])})"
        case Record.IMAGE:
            return str(row["source_url"])
    return str(row["sku"])


def _language(code: str) -> str:
    return dict(settings.LANGUAGES).get(code, code)


def _rows_of(model: type[models.Model]) -> "models.QuerySet[Any]":
    rows = model._base_manager.all()  # noqa: SLF001 - all rows, as a foreign key refers to them
    return rows.select_related("merged_into") if model is Brand else rows


def model_of(change: FieldChange) -> type[models.Model] | None:
    """Return the model that the values of a foreign key refer to."""
    for field in MODELS[change.record]._meta.concrete_fields:  # noqa: SLF001
        if field.attname == change.field and field.related_model in _NAMED:
            return field.related_model
    return None
