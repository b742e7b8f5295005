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
from suppliers.models import Service

# Form fields

SERVICE = (
    Group(
        _("Which route it is"),
        {
            "location": Field(_("From"), _("The warehouse that parcels leave.")),
            "code": Field(
                _("Code"), _("Our name of it: letters, digits and hyphens, once for a warehouse.")
            ),
            "carrier_service": Field(
                _("The supplier's name of it"),
                _("Exactly as he writes it: orders name the route to him by it."),
            ),
            "tier": Field(
                _("Pace that shoppers choose"),
                _(
                    "economy or express, which shoppers choose at checkout. A route with another"
                    " word is used only if no route of the chosen pace carries the parcel."
                ),
            ),
            "is_active": Field(_("In use"), _("Not ticked: nothing new is sent by it.")),
        },
    ),
    Group(
        _("Where it goes, and how fast"),
        {
            "countries": Field(
                _("Countries it goes to"), _("Their codes, such as DE, AT. Empty: everywhere.")
            ),
            "min_days": Field(
                _("Fastest, days on the road"),
                _("Calendar days after he handed the parcel over. 0: the same day."),
            ),
            "max_days": Field(
                _("Slowest, days on the road"),
                _("What shoppers are promised at the latest; not fewer than the fastest."),
            ),
        },
    ),
    Group(
        _("What shoppers pay"),
        {
            "currency": Field(_("Currency"), _("Three letters; it stays.")),
            "base_amount": Field(
                _("Price of a parcel"), _("Before its weight counts. 0: only the weight counts.")
            ),
            "per_kg_amount": Field(
                _("And for each kilogram"), _("Counted by the gram. 0: the weight costs nothing.")
            ),
        },
    ),
    Group(
        _("What it carries"),
        {
            "max_weight_g": Field(
                _("Heaviest parcel, g"), _("Heavier parcels go another way. 0: none goes.")
            ),
            "accepts_inside": Field(
                _("Batteries inside the light"), _("Ticked: lights with a lithium cell in them.")
            ),
            "accepts_with": Field(
                _("Batteries beside the light"), _("Ticked: lithium cells packed with their light.")
            ),
            "accepts_alone": Field(
                _("Batteries alone"), _("Ticked: lithium cells without a light.")
            ),
            "max_cell_wh": Field(
                _("Strongest lithium cell, Wh"),
                _("20 is the usual limit of the post. 0: no lithium goes."),
            ),
            "max_battery_wh": Field(
                _("Strongest lithium battery, Wh"),
                _("All cells of one light together; 100 is usual. 0: no lithium goes."),
            ),
            "max_cells": Field(
                _("Lithium cells in a parcel, at most"),
                _("Counted over all lights in it. Empty: as many as the weight allows."),
            ),
        },
    ),
)


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
