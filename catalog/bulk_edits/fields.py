"""Bulk edit fields: list the fields, convert their values to JSON and back, show them.

A code names the part and the field: ``product.category``, ``spec.output_lm``,
``spec.custom:switch``, ``variant.status``.
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
from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import CUSTOM, Definition
from catalog.models import BulkEdit, Category, Mode, Product, Spec, Variant
from catalog.products.spec_edits import EDITABLE_COLUMNS
from catalog.products.staff.spec_form import SpecForm, custom_fields
from catalog.products.staff.variant_form import VariantForm
from storefront.lib.db import bulk
from storefront.lib.staff.columns import field_label
from storefront.lib.staff.country_fields import CountriesField

PRODUCT, SPEC, VARIANT = "product", "spec", "variant"
MODELS: Mapping[str, type[models.Model]] = {PRODUCT: Product, SPEC: Spec, VARIANT: Variant}
# Fields whose values are alike in many rows.
PRODUCT_FIELDS = ("category", "restricted_countries", "summary", "description_html")
VARIANT_FIELDS = (
    *("status", "lithium", "cell_wh", "cell_count", "hs_code", "weight_g", "packed_weight_g"),
    "color",
)
ALWAYS_FILLED = frozenset({"category", "status", "lithium", "cell_count", "title"})
EMPTY: tuple[Any, ...] = (None, "", [])


@dataclass(slots=True, kw_only=True)
class Target:
    """The rows that one row of a bulk edit changes."""

    product: Product
    spec: Spec
    variant: Variant | None = None
    modes: Sequence[StatedMode] = ()

    def part(self, name: str) -> Any:
        return {PRODUCT: self.product, SPEC: self.spec, VARIANT: self.variant}[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkField:
    """One field that a bulk edit may change."""

    part: str
    name: str
    label: str
    form_field: forms.Field = field(compare=False)
    definition: Definition | None = None  # of a custom attribute

    @property
    def code(self) -> str:
        return f"{self.part}.{self.name}"

    @property
    def is_list(self) -> bool:
        return isinstance(self.form_field, forms.MultipleChoiceField | CountriesField)

    @property
    def can_clear(self) -> bool:
        return self.name not in ALWAYS_FILLED

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

    def read(self, target: Target) -> Any:
        """Return the stored value as JSON."""
        if self.definition is not None:
            value = target.spec.custom_values.get(self.definition.code)
            return self.empty if value is None else value
        return self.to_json(getattr(target.part(self.part), self._column.attname))

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

    def to_value(self, stored: Any) -> Any:
        """Return a JSON value as services take it."""
        if self.definition is not None:
            return stored
        if isinstance(self._column, models.ForeignKey):
            return Category.objects.get(pk=stored)
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


def fields_of(kind: str) -> dict[str, BulkField]:
    """Return the fields of products or variants that staff may change in bulk, by code."""
    if kind == BulkEdit.Kind.VARIANTS:
        form = VariantForm(instance=Variant())
        return _by_code(
            _field(VARIANT, name, form.fields[name], Variant) for name in VARIANT_FIELDS
        )
    product_form: dict[str, Any] = forms.fields_for_model(
        Product, fields=[name for name in PRODUCT_FIELDS if name != "restricted_countries"]
    )
    product_form["restricted_countries"] = CountriesField()
    spec_form = SpecForm(instance=Spec())
    found = [_field(PRODUCT, name, product_form[name], Product) for name in PRODUCT_FIELDS]
    found += [_field(SPEC, name, spec_form.fields[name], Spec) for name in EDITABLE_COLUMNS]
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
    return _by_code(found)


def all_fields() -> dict[str, BulkField]:
    """Return the fields of products and variants, also those that only files change, by code."""
    title = forms.fields_for_model(Product, fields=["title"])["title"]
    own = _by_code([_field(PRODUCT, "title", title, Product)])
    return own | fields_of(BulkEdit.Kind.PRODUCTS) | fields_of(BulkEdit.Kind.VARIANTS)


def _by_code(found: Iterable[BulkField]) -> dict[str, BulkField]:
    return {each.code: each for each in found}


def _field(part: str, name: str, form_field: Any, model: type[models.Model]) -> BulkField:
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
    variants = Variant.objects.in_bulk([*variant_ids])
    ids = {*product_ids, *(variant.product_id for variant in variants.values())}
    products = Product.objects.in_bulk([*ids])
    specs = {spec.product_id: spec for spec in Spec.objects.filter(product__in=ids)}
    modes: dict[int, list[StatedMode]] = {}
    for mode in Mode.objects.filter(product__in=ids).order_by("product", "position"):
        modes.setdefault(mode.product_id, []).append(
            StatedMode(
                name=mode.name,
                kind=mode.kind,
                output_lm=mode.output_lm,
                runtime_min=mode.runtime_min,
            )
        )
    targets = {
        pk: Target(
            product=product,
            spec=specs.get(pk) or Spec(product=product),
            modes=modes.get(pk, ()),
        )
        for pk, product in products.items()
    }
    return targets, variants
