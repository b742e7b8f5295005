"""Bulk edit fields: list the fields, convert their values to JSON and back, show them.

A code names the part and the field: ``product.category``, ``spec.output_lm``,
``spec.custom:switch``, ``variant.status``, ``text.title:az``, ``identifier.gtin``. Files also change
the fields of ``file_fields``.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.db import models
from django.utils import formats
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from catalog.attributes.plausibility import StatedMode
from catalog.brands.aliases import find_owner, get_or_create_brand
from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import CUSTOM, Definition
from catalog.models import (
    Brand,
    BulkEdit,
    Category,
    Identifier,
    Image,
    Mode,
    OptionText,
    Product,
    ProductDocument,
    ProductGuarantee,
    ProductText,
    Spec,
    Variant,
)
from catalog.models.attributes import EDITABLE_COLUMNS
from catalog.products.identifier_edits import NumberOwners
from catalog.products.spec_edits import stated_mode
from catalog.products.staff.spec_form import SpecForm, custom_fields
from catalog.products.staff.variant_form import VariantForm
from catalog.texts.options import option_key
from storefront.lib.db import bulk
from storefront.lib.staff.columns import field_label
from storefront.lib.staff.form_fields import CountriesField, LinesField

PRODUCT, SPEC, VARIANT = "product", "spec", "variant"
TEXT = "text"  # in another language
IDENTIFIER = "identifier"  # the value is the list of numbers, as printed
OF_VARIANT = frozenset({VARIANT, IDENTIFIER})
MODELS: Mapping[str, type[models.Model]] = {
    PRODUCT: Product,
    SPEC: Spec,
    VARIANT: Variant,
    TEXT: ProductText,
    IDENTIFIER: Identifier,
}
STATUS, CATEGORY, FAMILY = "product.status", "product.category", "product.family"
BRAND = "product.brand"
TEXT_FIELDS = ("title", "summary", "description_html")
# Fields whose values are alike in many rows.
PRODUCT_FIELDS = ("category", "family", "restricted_countries", "summary", "description_html")
VARIANT_FIELDS = (
    *("status", "lithium", "cell_wh", "cell_count", "hs_code", "weight_g", "packed_weight_g"),
    "color",
)
ALWAYS_FILLED = frozenset(
    {"brand", "category", "family", "status", "lithium", "cell_count", "title"}
    | {"option_names", "option_values"}
)
EMPTY: tuple[Any, ...] = (None, "", [])


@dataclass(slots=True, kw_only=True)
class Target:
    """The rows that one row of a bulk edit changes."""

    product: Product
    spec: Spec
    variant: Variant | None = None
    mode_rows: Sequence[Mode] = ()
    images: Sequence[Image] = ()
    documents: Sequence[ProductDocument] = ()
    guarantees: Sequence[ProductGuarantee] = ()  # at most one
    texts: Mapping[str, ProductText] = field(default_factory=dict)  # by language
    # by kind and option key
    option_texts: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    identifiers: Mapping[int, Sequence[Identifier]] = field(default_factory=dict)  # by variant
    owners: NumberOwners = field(default_factory=NumberOwners)

    @property
    def modes(self) -> list[StatedMode]:
        return [stated_mode(row) for row in self.mode_rows]

    def part(self, name: str, *, language: str) -> Any:
        if name == TEXT:
            return self.texts.get(language) or ProductText(language=language)
        return {PRODUCT: self.product, SPEC: self.spec, VARIANT: self.variant}[name]

    def identifiers_of(self, scheme: str) -> list[Identifier]:
        """Return the identifiers of the variant, also those in conflict, by id."""
        of_variant = self.identifiers.get(self.variant.pk, ()) if self.variant else ()
        return [each for each in of_variant if each.scheme == scheme]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkField:
    """One field that a bulk edit may change."""

    part: str
    name: str
    label: str
    form_field: forms.Field = field(compare=False)
    definition: Definition | None = None  # of a custom attribute
    language: str = ""  # of a text

    @property
    def code(self) -> str:
        suffix = f":{self.language}" if self.language else ""
        return f"{self.part}.{self.name}{suffix}"

    @property
    def is_list(self) -> bool:
        lists = forms.MultipleChoiceField | CountriesField | LinesField
        return isinstance(self.form_field, lists) or self.part == IDENTIFIER

    @property
    def can_clear(self) -> bool:
        return self.part == TEXT or (self.part != IDENTIFIER and self.name not in ALWAYS_FILLED)

    @property
    def empty(self) -> Any:
        """The stored value of an empty field, as JSON."""
        if self.is_list:
            return []
        if self.definition is not None:
            return None
        return None if self._column.null else ""

    @property
    def _column(self) -> Any:
        return MODELS[self.part]._meta.get_field(self.name)  # noqa: SLF001 - Django's model API

    def is_stored(self, target: Target, value: Any) -> bool:
        """Return whether the stored value is this one."""
        return bool(self.read(target) == value)

    def read(self, target: Target) -> Any:
        """Return the stored value as JSON."""
        if self.definition is not None:
            value = target.spec.custom_values.get(self.definition.code)
            return self.empty if value is None else value
        if self.part == IDENTIFIER:
            return [printed(each) for each in target.identifiers_of(self.name)]
        part = target.part(self.part, language=self.language)
        return self.to_json(getattr(part, self._column.attname))

    def to_json(self, value: Any) -> Any:
        """Return a cleaned or stored value as JSON, decimals as in the column."""
        if isinstance(value, models.Model):
            return value.pk
        if value in EMPTY:
            return self.empty
        if isinstance(value, Decimal):
            if self.definition is None:
                value = bulk.quantized(MODELS[self.part], self.name, value)
            return f"{value.normalize():f}"
        return list(value) if isinstance(value, tuple | list) else value

    def check_range(self, value: Any) -> None:
        """Raise ValidationError if the column cannot hold a number."""
        numbers = forms.DecimalField | forms.IntegerField
        if self.definition is None and isinstance(self.form_field, numbers) and value is not None:
            self._column.run_validators(value)

    def to_value(self, stored: Any, *, categories: Mapping[int, Category] | None = None) -> Any:
        """Return a JSON value as services take it. ``categories`` are known ones by id."""
        if self.definition is not None or self.part == IDENTIFIER:
            return stored
        if isinstance(self._column, models.ForeignKey):
            return (categories or {}).get(stored) or Category.objects.get(pk=stored)
        return stored if stored in EMPTY else self._column.to_python(stored)

    def show(self, stored: Any, *, categories: Mapping[int, str]) -> str:
        """Return a JSON value as text for staff."""
        if stored in EMPTY:
            return "–"
        if self.name == "category":
            return categories.get(stored, str(stored))
        if isinstance(stored, bool):
            return _("yes") if stored else _("no")
        if isinstance(stored, list):
            return ", ".join(self._label_of(each) for each in stored)
        if isinstance(stored, str) and self._is_decimal:
            return str(formats.localize(Decimal(stored)))
        return self._label_of(stored)

    @property
    def _is_decimal(self) -> bool:
        if self.definition is not None:
            return self.definition.kind == "number"
        return isinstance(self._column, models.DecimalField)

    def _label_of(self, stored: Any) -> str:
        choices = dict(getattr(self.form_field, "choices", ()) or ())
        return str(choices.get(stored, stored))


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandField(BulkField):
    """The brand of a product. Its JSON value is the name of the brand."""

    known: dict[str, Brand | None] = field(default_factory=dict, compare=False)

    def find(self, name: str) -> Brand | None:
        """Return the brand with this name or alias. One query for each name."""
        if name not in self.known:
            self.known[name] = find_owner(name)
        return self.known[name]

    def read(self, target: Target) -> Any:
        return target.product.brand.name if target.product.brand_id else ""

    def to_json(self, value: Any) -> Any:
        return value

    def to_value(self, stored: Any, *, categories: Any = None) -> Any:  # noqa: ARG002
        return self.find(stored) or get_or_create_brand(stored)


def unknown_brand(name: str) -> str:
    return _("There is no brand %(brand)s. Add it first.") % {"brand": name}


def fields_of(kind: str) -> dict[str, BulkField]:
    """Return the fields of products or variants that staff may change in bulk, by code."""
    if kind == BulkEdit.Kind.VARIANTS:
        form = VariantForm(instance=Variant())
        return by_code(
            make_field(VARIANT, name, form.fields[name], Variant) for name in VARIANT_FIELDS
        )
    product_form: dict[str, Any] = forms.fields_for_model(
        Product, fields=[name for name in PRODUCT_FIELDS if name != "restricted_countries"]
    )
    product_form["restricted_countries"] = CountriesField()
    spec_form = SpecForm(instance=Spec())
    product_form["status"] = forms.ChoiceField(
        choices=[("", "---------"), *Product.Status.choices],
        help_text=_("Only transitions that the page of a product offers are made."),
    )
    found = [
        make_field(PRODUCT, name, product_form[name], Product)
        for name in ("status", *PRODUCT_FIELDS)
    ]
    brand = forms.CharField(help_text=_("The name of an existing brand."))
    found.append(BrandField(part=PRODUCT, name="brand", label=_("Brand"), form_field=brand))
    found += [make_field(SPEC, name, spec_form.fields[name], Spec) for name in EDITABLE_COLUMNS]
    definitions = registry.cached()
    custom = custom_fields(definitions)
    for definition in definitions:
        name = f"{CUSTOM}{definition.code}"
        found.append(
            BulkField(
                part=SPEC,
                name=name,
                label=str(custom[name].label),
                form_field=custom[name],
                definition=definition,
            )
        )
    return by_code(found)


def printed(identifier: Identifier) -> str:
    return identifier.raw or identifier.value


def by_code(found: Iterable[BulkField]) -> dict[str, BulkField]:
    return {each.code: each for each in found}


def make_field(part: str, name: str, form_field: Any, model: type[models.Model]) -> BulkField:
    own = copy(form_field)
    own.show_hidden_initial = False
    label = str(capfirst(str(field_label(model, name))))
    return BulkField(part=part, name=name, label=label, form_field=own)


def category_names() -> dict[int, str]:
    return {category.pk: str(category) for category in Category.objects.all()}


def load_targets(
    product_ids: Iterable[int], variant_ids: Iterable[int]
) -> tuple[dict[int, Target], dict[int, Variant]]:
    """Return the targets of products by id, and the variants by id."""
    variants = Variant.objects.select_related("replaced_by").in_bulk([*variant_ids])
    ids = {*product_ids, *(variant.product_id for variant in variants.values())}
    products = Product.objects.select_related("brand", "category").in_bulk([*ids])
    specs = {spec.product_id: spec for spec in Spec.objects.filter(product__in=ids)}
    modes: dict[int, list[Mode]] = {}
    for mode in Mode.objects.filter(product__in=ids).order_by("product", "position"):
        modes.setdefault(mode.product_id, []).append(mode)
    images: dict[int, list[Image]] = {}
    for image in Image.objects.filter(product__in=ids).order_by("position", "pk"):
        images.setdefault(image.product_id, []).append(image)
    texts: dict[int, dict[str, ProductText]] = {}
    for text in ProductText.objects.filter(product__in=ids):
        texts.setdefault(text.product_id, {})[text.language] = text
    identifiers: dict[int, list[Identifier]] = {}
    for identifier in Identifier.objects.filter(variant__in=variants).order_by("pk"):
        identifiers.setdefault(identifier.variant_id, []).append(identifier)
    documents: dict[int, list[ProductDocument]] = {}
    for document in ProductDocument.objects.filter(product__in=ids).order_by("pk"):
        documents.setdefault(document.product_id, []).append(document)
    guarantees = {row.product_id: [row] for row in ProductGuarantee.objects.filter(product__in=ids)}
    option_texts = _load_option_texts(variants.values(), products.values())
    targets = {
        pk: Target(
            product=product,
            spec=specs.get(pk) or Spec(product=product),
            mode_rows=modes.get(pk, ()),
            images=images.get(pk, ()),
            documents=documents.get(pk, ()),
            guarantees=guarantees.get(pk, ()),
            texts=texts.get(pk, {}),
            option_texts=option_texts,
            identifiers=identifiers,
        )
        for pk, product in products.items()
    }
    return targets, variants


def _load_option_texts(
    variants: Iterable[Variant], products: Iterable[Product]
) -> dict[tuple[str, str], dict[str, str]]:
    keys = {option_key(str(value)) for variant in variants for value in variant.option_values}
    keys |= {option_key(str(name)) for product in products for name in product.option_names}
    known = OptionText.objects.filter(key__in=keys).values_list("kind", "key", "texts")
    return {(kind, key): texts for kind, key, texts in known}
