"""Product page tabs: edit the specification and the light modes of a product."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import Definition
from catalog.models import Mode, Product, Spec
from catalog.products.staff.spec_form import ModeForm, SpecForm, custom_fields
from storefront.lib.staff.fieldsets import section
from storefront.lib.staff.inlines import EditableForm, EditableTable


class SpecInline(EditableForm):
    model = Spec
    form = SpecForm
    extra = 1
    can_delete = False
    fieldsets = (
        section(None, "basis"),
        section(
            _("Light"),
            *("output_lm", "output_min_lm", "intensity_cd", "cct_k", "cri", "light_colors"),
        ),
        section(
            _("Power"),
            *("runtime_high_min", "runtime_max_min", "power_sources", "charging"),
            *("battery_format", "battery_count", "battery_included", "battery_chemistry"),
            *("battery_capacity_mah", "battery_voltage", "battery_energy_wh"),
        ),
        section(
            _("Body"),
            *("weight_g", "length_mm", "head_mm", "ip_rating", "impact_m", "material", "features"),
        ),
    )

    def get_formset(self, request: HttpRequest, obj: Product | None = None, **options: Any) -> Any:
        """Add the custom attributes of the product's family to the form."""
        definitions = self._definitions_of(obj)
        members = {"definitions": definitions, **custom_fields(definitions)}
        options["form"] = type("SpecForm", (SpecForm,), members)
        return super().get_formset(request, obj, **options)

    def get_fieldsets(self, _request: HttpRequest, obj: Product | None = None) -> Any:
        custom = custom_fields(self._definitions_of(obj))
        return (*self.fieldsets, *([section(_("Custom attributes"), *custom)] if custom else []))

    @cached_property
    def _definitions(self) -> Sequence[Definition]:  # an inline is made for each request
        return registry.load()

    def _definitions_of(self, product: Product | None) -> list[Definition]:
        return (
            [one for one in self._definitions if one.applies_to(product.family)] if product else []
        )


class ModeInline(EditableTable):
    model = Mode
    form = ModeForm
    ordering = ("position",)
