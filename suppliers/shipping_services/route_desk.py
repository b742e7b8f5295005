"""The staff page of the routes that parcels take."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.country_fields import CountriesField
from storefront.lib.staff.naming import NamedFilter
from suppliers.models import Service
from suppliers.shipping_services.admin import SERVICE


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    countries = CountriesField(required=False)


@admin.register(Service)
class ServiceAdmin(StaffAdmin):
    form = ServiceForm
    editable = (
        "tier",
        "carrier_service",
        "countries",
        "base_amount",
        "per_kg_amount",
        "min_days",
        "max_days",
        "max_weight_g",
        "accepts_inside",
        "accepts_with",
        "accepts_alone",
        "max_cell_wh",
        "max_battery_wh",
        "max_cells",
        "is_active",
    )
    may_add = True
    groups = SERVICE
    list_display: ClassVar = [
        "code",
        columns.text("location__supplier__name", _("Supplier")),
        columns.text("location__code", _("From")),
        "tier",
        columns.money("base_amount", _("Base")),
        columns.money("per_kg_amount", _("Per kg")),
        "min_days",
        "max_days",
        "accepts_inside",
        "accepts_with",
        "accepts_alone",
        "is_active",
    ]
    list_select_related: ClassVar = ["location__supplier"]
    list_filter: ClassVar = ["tier", "is_active", ("location", NamedFilter)]
    search_fields: ClassVar = ["code", "carrier_service"]
    ordering: ClassVar = ["location", "code"]
