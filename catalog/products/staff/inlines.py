"""Product page tabs: edit the specification and the light modes of a product."""

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import PaginationInlineFormSet

from catalog.attributes.findings import find_new
from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import Definition
from catalog.models import Mode, Product, Spec, Variant
from catalog.products.spec_edits import (
    BASIS,
    MAX_REASON,
    MODES,
    POWER,
    REASON,
    find_implausible,
    stated_mode,
    stated_modes,
    values_of,
)
from catalog.products.staff.spec_form import (
    CAN_BE_UNLIKELY_IN_FORM,
    ModeForm,
    SpecForm,
    basis_fields,
    custom_fields,
    describe_unexplained,
    spec_form,
)
from storefront.lib.staff import columns
from storefront.lib.staff.fieldsets import section
from storefront.lib.staff.inlines import (
    EditableForm,
    EditableTable,
    LabeledFormSet,
    ReadOnlyFormSet,
    StaffFormSet,
    inline,
)


def with_basis(*names: str) -> list[Any]:
    """Return the lines of a form: each value beside its basis, then the reason if it is unlikely."""
    lines: list[Any] = []
    for name in names:
        lines.append((name, f"{BASIS}{name}"))
        lines += [f"{REASON}{name}"] if name in CAN_BE_UNLIKELY_IN_FORM else []
    return lines


class VariantFormSet(ReadOnlyFormSet):
    """Takes the variants that were read with the product."""

    def get_page(self, paginator: Any, page: int) -> Any:
        if self.instance.pk:
            paginator.object_list = [*self.instance.variants.all()]
        return PaginationInlineFormSet.get_page(self, paginator, page)


VariantInline = inline(
    Variant,
    "sku",
    columns.text("option_values", _("Options")),
    "weight_g",
    "lithium",
    "status",
    formset=VariantFormSet,
)


class SpecFormSet(StaffFormSet):
    """Takes the specification that was read with the product."""

    def get_queryset(self) -> list[Spec]:
        spec = getattr(self.instance, "spec", None)
        return [copy(spec)] if spec else []  # a copy, because the form changes it


class SpecInline(EditableForm):
    model = Spec
    form = SpecForm
    formset = SpecFormSet
    extra = 1
    can_delete = False
    fieldsets = (
        section(
            _("Light"),
            *with_basis("output_lm", "output_min_lm", "intensity_cd", "cct_k", "cri"),
            "light_colors",
        ),
        section(
            _("Power"),
            *with_basis("runtime_high_min", "runtime_max_min"),
            *("power_sources", "charging"),
            *("battery_format", "battery_count", "battery_included", "battery_chemistry"),
            *with_basis("battery_capacity_mah", "battery_voltage", "battery_energy_wh"),
            f"{REASON}{POWER}",
        ),
        section(
            _("Body"),
            *with_basis("weight_g", "length_mm", "head_mm", "ip_rating", "impact_m"),
            *("material", "features"),
        ),
    )

    def has_add_permission(self, request: HttpRequest, row: Any = None) -> bool:
        """Return False if the product has its only row: the page needs no form to add one."""
        is_full = request.method != "POST" and getattr(row, "spec", None) is not None
        return not is_full and super().has_add_permission(request, row)

    def get_formset(self, request: HttpRequest, obj: Product | None = None, **options: Any) -> Any:
        """Add the custom attributes of the product's family to the form."""
        if request.method != "POST":
            self._definitions = registry.cached()
        definitions = self._definitions_of(obj)
        options["form"] = spec_form(definitions)
        return super().get_formset(request, obj, **options)

    def get_fieldsets(self, _request: HttpRequest, obj: Product | None = None) -> Any:
        definitions = self._definitions_of(obj)
        bases = basis_fields(definitions)
        lines = [
            (name, f"{BASIS}{name}") if f"{BASIS}{name}" in bases else name
            for name in custom_fields(definitions)
        ]
        return (*self.fieldsets, *([section(_("Custom attributes"), *lines)] if lines else []))

    @cached_property
    def _definitions(self) -> Sequence[Definition]:  # an inline is made for each request
        return registry.load()

    def _definitions_of(self, product: Product | None) -> list[Definition]:
        return (
            [one for one in self._definitions if one.applies_to(product.family)] if product else []
        )


class ModeFormSet(LabeledFormSet):
    """Requires a reason if the edited modes are unlikely."""

    def clean(self) -> None:
        super().clean()
        if not self.is_bound or any(self.errors) or not self.has_changed() or self.reason:
            return
        spec = getattr(self.instance, "spec", None) or Spec()
        before, after = (
            find_implausible(values_of(spec), inputs=spec.check_inputs, modes=modes)
            for modes in (stated_modes(self.instance), [*map(stated_mode, self.edited)])
        )
        new = find_new(after, before=before, changed={MODES})
        if unlikely := "; ".join(each.message for each in new if each.column == MODES):
            raise ValidationError(describe_unexplained(unlikely))

    @property
    def edited(self) -> list[Mode]:
        """Return the modes as they are after the edit."""
        kept = [form for form in self.forms if form not in self.deleted_forms]
        return [form.instance for form in kept if form.instance.pk or form.has_changed()]

    @property
    def reason(self) -> str:
        entered = (form.cleaned_data.get("reason") for form in self.forms)
        return "; ".join(dict.fromkeys(filter(None, entered)))[:MAX_REASON]


class ModeInline(EditableTable):
    model = Mode
    form = ModeForm
    formset = ModeFormSet
    ordering = ("position",)
