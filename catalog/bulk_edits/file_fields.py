"""File fields: list what files state beside the fields of bulk edits, convert and show the values.

Part and value, as JSON:

- ``product.option_names``, ``variant.option_values``: lists; names only of a new product
- ``variant.replaced_by``: the SKU of the successor
- ``option_text.0:az``, ``option_name.0:az``: the translation of the first option value or of its name,
  for all products
- ``warnings.en``: safety warnings, one per line
- ``modes.modes``: the light modes as texts (``mode_texts``)
- ``images.product``, ``images.variant``: ``{"source", "role", "position", "alt"}``; ``alt`` maps languages
  to texts
- ``documents.product``: the ``cells.document_lists.PARTS`` of each document
- ``guarantee.product``: the ``cells.guarantee_fields.FIELDS`` of the guarantee, a list of at most one
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _

from catalog.attributes.identifiers import MAX_IDENTIFIER_LENGTH
from catalog.bulk_edits.cells import document_lists, guarantee_fields, image_lists, mode_texts
from catalog.bulk_edits.fields import (
    IDENTIFIER,
    PRODUCT,
    TEXT,
    TEXT_FIELDS,
    VARIANT,
    BulkField,
    Target,
    by_code,
    fields_of,
    make_field,
)
from catalog.models import (
    BulkEdit,
    Image,
    OptionText,
    Product,
    ProductDocument,
    ProductText,
    Variant,
)
from catalog.models.texts import TRANSLATED_LANGUAGES
from catalog.products.identifier_edits import EDITABLE_SCHEMES
from catalog.products.staff.variant_form import VariantForm
from catalog.texts.options import option_key
from storefront.lib.staff.form_fields import LinesField

OPTION_TEXT, OPTION_NAME = "option_text", "option_name"
WARNINGS, MODES, IMAGES = "warnings", "modes", "images"
DOCUMENTS, GUARANTEE = "documents", "guarantee"
OPTION_VALUES, OPTION_NAMES = "variant.option_values", "product.option_names"
MODES_CODE, SUCCESSOR = "modes.modes", "variant.replaced_by"
PRODUCT_IMAGES, VARIANT_IMAGES = "images.product", "images.variant"
DOCUMENTS_CODE, GUARANTEE_CODE = "documents.product", "guarantee.product"
MAX_OPTIONS = 5
MAX_SHOWN_IMAGE = 40  # characters, the last ones of its address


class _TextField(BulkField):
    """A value that a file states as text, such as a translation or the SKU of another variant."""

    @property
    def empty(self) -> Any:
        return ""

    def to_json(self, value: Any) -> Any:
        return value

    def to_value(self, stored: Any, *, categories: Any = None) -> Any:  # noqa: ARG002
        return stored

    def show(self, stored: Any, *, categories: Mapping[int, str]) -> str:  # noqa: ARG002
        return stored or "–"


class SuccessorField(_TextField):
    def read(self, target: Target) -> Any:
        successor = target.variant.replaced_by if target.variant else None
        return successor.sku if successor else ""


class OptionTextField(_TextField):
    """The translation of an option value or name, by its position among those of the variant."""

    @property
    def kind(self) -> str:
        return OptionText.Kind.NAME if self.part == OPTION_NAME else OptionText.Kind.VALUE

    def source(self, target: Target) -> str:
        values = target.variant.option_values if target.variant else []
        return self.find_source(target.product.option_names, values)

    def find_source(self, names: Sequence[Any], values: Sequence[Any]) -> str:
        """Return the option name or value that this field translates; "" if there is none."""
        texts = names if self.kind == OptionText.Kind.NAME else values
        position = int(self.name)
        return str(texts[position]) if position < len(texts) else ""

    def read(self, target: Target) -> Any:
        texts = target.option_texts.get((self.kind, option_key(self.source(target))), {})
        return texts.get(self.language, "")


class WarningsField(_TextField):
    def read(self, target: Target) -> Any:
        return target.product.safety_warnings.get(self.name, "")


class _ListField(BulkField):
    """A list that staff may clear; it is stored as it is parsed."""

    @property
    def is_list(self) -> bool:
        return True

    @property
    def can_clear(self) -> bool:
        return True

    def to_json(self, value: Any) -> Any:
        return list(value)

    def to_value(self, stored: Any, *, categories: Any = None) -> Any:  # noqa: ARG002
        return stored


class ModesField(_ListField):
    def read(self, target: Target) -> Any:
        return [mode_texts.to_text(row) for row in target.mode_rows]

    def show(self, stored: Any, *, categories: Mapping[int, str]) -> str:  # noqa: ARG002
        return mode_texts.SEPARATOR.join(stored) or "–"


class ImagesField(_ListField):
    """The images of a product that belong to no variant, or those of the variant."""

    def read(self, target: Target) -> Any:
        return image_lists.to_values(self.name, target)

    def is_stored(self, target: Target, value: Any) -> bool:
        """Compare all but positions: an edit of other images of the product can move them."""
        present, expected = (
            [{**one, "position": None} for one in images] for images in (self.read(target), value)
        )
        return present == expected

    def show(self, stored: Any, *, categories: Mapping[int, str]) -> str:  # noqa: ARG002
        roles = dict(Image.Role.choices)
        texts = [
            " ".join(
                [
                    *([] if one["position"] is None else [f"{one['position']}:"]),
                    f"{_end_of(one['source'])} ({roles.get(one['role'], one['role'])})",
                    *(f"“{text}”" for text in one["alt"].values()),
                ]
            )
            for one in stored
        ]
        return ", ".join(texts) or "–"


def _end_of(source: str) -> str:
    is_cut = len(source) > MAX_SHOWN_IMAGE
    return f"…{source[-MAX_SHOWN_IMAGE:]}" if is_cut else source


class DocumentsField(_ListField):
    def read(self, target: Target) -> Any:
        return [document_lists.to_values(row) for row in target.documents]

    def show(self, stored: Any, *, categories: Mapping[int, str]) -> str:  # noqa: ARG002
        kinds = dict(ProductDocument.Kind.choices)
        return ", ".join(f"{kinds.get(one['kind'])} ({one['file']})" for one in stored) or "–"


class GuaranteeField(_ListField):
    def read(self, target: Target) -> Any:
        return [guarantee_fields.to_values(row) for row in target.guarantees]

    def show(self, stored: Any, *, categories: Mapping[int, str]) -> str:  # noqa: ARG002
        months = _("%(months)s months")
        texts = (f"{one['guarantor']}, {months % {'months': one['months']}}" for one in stored)
        return ", ".join(texts) or "–"


def lock_name(each: BulkField) -> str:
    """Return the name by which a field is locked against feeds."""
    return each.part if each.part in {IMAGES, MODES} else each.name


def all_fields() -> dict[str, BulkField]:
    """Return the fields of products and variants, also those that only files change, by code."""
    title = forms.fields_for_model(Product, fields=["title"])["title"]
    own = [make_field(PRODUCT, "title", title, Product), *_texts(), *_identifiers()]
    shared = fields_of(BulkEdit.Kind.PRODUCTS) | fields_of(BulkEdit.Kind.VARIANTS)
    return by_code(own) | shared | by_code(_file_fields())


def _texts() -> Iterable[BulkField]:
    texts = forms.fields_for_model(ProductText, fields=TEXT_FIELDS)
    for language, _name in TRANSLATED_LANGUAGES:
        for name in TEXT_FIELDS:
            text = make_field(TEXT, name, texts[name], ProductText)
            yield replace(text, label=f"{text.label} ({language})", language=language)


def _identifiers() -> Iterable[BulkField]:
    number = forms.CharField(max_length=MAX_IDENTIFIER_LENGTH)
    for scheme in EDITABLE_SCHEMES:
        label = str(scheme.label)
        yield BulkField(part=IDENTIFIER, name=scheme.value, label=label, form_field=number)


def _file_fields() -> Iterable[BulkField]:
    text, lines = forms.CharField(), LinesField()
    yield make_field(PRODUCT, "option_names", lines, Product)
    yield make_field(VARIANT, "option_values", lines, Variant)
    origin = VariantForm(instance=Variant()).fields["origin_country"]
    yield make_field(VARIANT, "origin_country", origin, Variant)
    yield SuccessorField(part=VARIANT, name="replaced_by", label=_("Replaced by"), form_field=text)
    for language, _name in TRANSLATED_LANGUAGES:
        for position in range(MAX_OPTIONS):
            number = {"number": position + 1}
            labels = {
                OPTION_TEXT: _("Option %(number)s") % number,
                OPTION_NAME: _("Name of option %(number)s") % number,
            }
            for part, label in labels.items():
                yield OptionTextField(
                    part=part,
                    name=str(position),
                    label=f"{label} ({language})",
                    form_field=text,
                    language=language,
                )
    for language, _name in settings.LANGUAGES:
        label = f"{_('Safety warnings')} ({language})"
        yield WarningsField(part=WARNINGS, name=language, label=label, form_field=text)
    yield ModesField(part=MODES, name="modes", label=_("Modes"), form_field=text)
    yield ImagesField(part=IMAGES, name=PRODUCT, label=_("Images"), form_field=text)
    label = _("Images of the variant")
    yield ImagesField(part=IMAGES, name=VARIANT, label=label, form_field=text)
    yield DocumentsField(part=DOCUMENTS, name=PRODUCT, label=_("Documents"), form_field=text)
    yield GuaranteeField(part=GUARANTEE, name=PRODUCT, label=_("Guarantee"), form_field=text)
