"""What the page of a route asks: in groups, labels and sentences."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group

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
                _("economy or express; a route with another word is a spare one."),
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
