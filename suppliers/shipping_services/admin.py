"""Shipping service admin: edit the services of a location."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.columns import NamedFilter
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.form_fields import CountriesField, CurrencyField
from suppliers.models import ShippingService

SERVICE_GROUPS = (
    Group(_("Shipping service"), ("location", "code", "carrier_service", "tier", "is_active")),
    Group(_("Destinations and transit time"), ("countries", "min_days", "max_days")),
    Group(_("Shipping rate"), ("currency", "base_amount", "per_kg_amount")),
    Group(
        _("Weight and battery limits"),
        (
            "max_weight_g",
            "accepts_cells_in_equipment",
            "accepts_cells_with_equipment",
            "accepts_cells_alone",
            "max_cell_wh",
            "max_battery_wh",
            "max_cells",
        ),
    ),
)


class ShippingServiceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    countries = CountriesField(required=False)
    currency = CurrencyField()

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        least, most = values.get("min_days"), values.get("max_days")
        if least is not None and most is not None and most < least:
            self.add_error("max_days", gettext("Enter at least the minimum transit time."))
        return values


@admin.register(ShippingService)
class ShippingServiceAdmin(StaffAdmin):
    form = ShippingServiceForm
    editable = (
        "tier",
        "carrier_service",
        "countries",
        "base_amount",
        "per_kg_amount",
        "min_days",
        "max_days",
        "max_weight_g",
        "accepts_cells_in_equipment",
        "accepts_cells_with_equipment",
        "accepts_cells_alone",
        "max_cell_wh",
        "max_battery_wh",
        "max_cells",
        "is_active",
    )
    may_add = True
    groups = SERVICE_GROUPS
    list_display: ClassVar = [
        "code",
        columns.text("location__supplier__name", _("Supplier")),
        columns.text("location__code", _("From")),
        "tier",
        columns.money("base_amount", _("Base")),
        columns.money("per_kg_amount", _("Per kg")),
        "min_days",
        "max_days",
        "accepts_cells_in_equipment",
        "accepts_cells_with_equipment",
        "accepts_cells_alone",
        "is_active",
    ]
    list_select_related: ClassVar = ["location__supplier"]
    list_filter: ClassVar = ["tier", "is_active", ("location", NamedFilter)]
    search_fields: ClassVar = ["code", "carrier_service"]
    ordering: ClassVar = ["location", "code"]
