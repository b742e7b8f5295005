"""Shipping service admin: edit the services of a location, name their form fields."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.columns import NamedFilter
from storefront.lib.staff.country_fields import CountriesField
from storefront.lib.staff.fieldsets import Field, Group
from suppliers.models import ShippingService

# Form fields

SERVICE_GROUPS = (
    Group(
        _("Shipping service"),
        {
            "location": Field(_("From"), _("Origin warehouse.")),
            "code": Field(
                _("Code"), _("Our code: letters, digits and hyphens, unique per warehouse.")
            ),
            "carrier_service": Field(
                _("Supplier's name"),
                _("Exactly as the supplier writes it: orders refer to the service by this name."),
            ),
            "tier": Field(
                _("Delivery method"),
                _(
                    "economy or express, which customers choose at checkout. A service"
                    " with another value is used only if no service of the chosen"
                    " method takes the parcel."
                ),
            ),
            "is_active": Field(_("Active"), _("If cleared, new parcels do not use this service.")),
        },
    ),
    Group(
        _("Destinations and transit time"),
        {
            "countries": Field(
                _("Countries"), _("Country codes, such as DE, AT. Empty = all countries.")
            ),
            "min_days": Field(
                _("Minimum transit time (days)"),
                _("Calendar days after handover to the carrier. 0 = the same day."),
            ),
            "max_days": Field(
                _("Maximum transit time (days)"),
                _("Basis of the latest delivery date shown to customers. Not below the minimum."),
            ),
        },
    ),
    Group(
        _("Shipping rate"),
        {
            "currency": Field(_("Currency"), _("Three letters. Cannot be changed later.")),
            "base_amount": Field(
                _("Price per parcel"),
                _("Before the price per kilogram. 0 = only the weight counts."),
            ),
            "per_kg_amount": Field(_("Price per kilogram"), _("Charged by the gram. 0 = free.")),
        },
    ),
    Group(
        _("Weight and battery limits"),
        {
            "max_weight_g": Field(
                _("Maximum parcel weight (g)"),
                _("Heavier parcels use another service. 0 = no parcels."),
            ),
            "accepts_cells_in_equipment": Field(
                _("Batteries in the light"), _("Accepts lights that contain a lithium cell.")
            ),
            "accepts_cells_with_equipment": Field(
                _("Batteries with the light"), _("Accepts lithium cells packed with their light.")
            ),
            "accepts_cells_alone": Field(
                _("Loose batteries"), _("Accepts lithium cells without a light.")
            ),
            "max_cell_wh": Field(
                _("Maximum lithium cell (Wh)"),
                _("Postal services usually allow 20. 0 = no lithium."),
            ),
            "max_battery_wh": Field(
                _("Maximum lithium battery (Wh)"),
                _("All cells of one light together; 100 is usual. 0 = no lithium."),
            ),
            "max_cells": Field(
                _("Maximum lithium cells per parcel"),
                _("All lights in the parcel together. Empty = no limit."),
            ),
        },
    ),
)


class ShippingServiceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    countries = CountriesField(required=False)


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
