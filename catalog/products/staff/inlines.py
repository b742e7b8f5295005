"""Product page tabs: edit the specification and the light modes of a product."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

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
        options["form"] = type("SpecForm", (SpecForm,), self._custom_fields(obj))
        return super().get_formset(request, obj, **options)

    def get_fieldsets(self, _request: HttpRequest, obj: Product | None = None) -> Any:
        custom = self._custom_fields(obj)
        return (*self.fieldsets, *([section(_("Custom attributes"), *custom)] if custom else []))

    def _custom_fields(self, product: Product | None) -> dict[str, forms.Field]:
        return custom_fields(product.family) if product else {}


class ModeInline(EditableTable):
    model = Mode
    form = ModeForm
    ordering = ("position",)
