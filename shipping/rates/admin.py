"""Live rate admin: choose the locations whose suppliers are asked for delivery prices."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shipping.models import AskedFreight
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.fieldsets import Field, Group
from suppliers.connectors import ADAPTERS, connector_class
from suppliers.connectors.capabilities import Ability, abilities_of

ASKED = (
    Group(
        _("Freight as the supplier says"),
        {
            "location": Field(
                _("From"),
                _(
                    "Each parcel from here costs what its supplier asks for it in the cart, with"
                    " tax and fees. Ways that he does not name are not offered; where he is silent,"
                    " the routes of parcels count."
                ),
            ),
            "is_active": Field(_("In use"), _("Not ticked: the routes of parcels count.")),
        },
    ),
)


class AskedFreightForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """Form for a location; rejects one whose supplier has no live rates."""

    def clean_location(self) -> Any:
        location = self.cleaned_data["location"]
        adapter = location.supplier.adapter
        if adapter not in ADAPTERS or Ability.FREIGHT not in abilities_of(connector_class(adapter)):
            words = gettext("%s has no API that says what a way costs.") % location.supplier
            raise forms.ValidationError(words)
        return location


@admin.register(AskedFreight)
class AskedFreightAdmin(StaffAdmin):
    form = AskedFreightForm
    may_add = True
    editable = ("is_active",)
    groups = ASKED
    list_display: ClassVar = [
        columns.text("location__supplier__name", _("Supplier")),
        columns.text("location__code", _("From")),
        "is_active",
    ]
    list_select_related: ClassVar = ["location__supplier"]
    ordering: ClassVar = ["location"]
