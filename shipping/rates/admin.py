"""Live rate admin: choose the locations whose suppliers are asked for delivery prices."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shipping.models import LiveRateLocation
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.fieldsets import Group
from suppliers.connectors import CONNECTORS, connector_class
from suppliers.connectors.capabilities import Capability, capabilities_of

FIELDSETS = (Group(_("Supplier shipping quotes"), ("location", "is_active")),)


class LiveRateLocationForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    def clean_location(self) -> Any:
        location = self.cleaned_data["location"]
        adapter = location.supplier.adapter
        if adapter not in CONNECTORS or Capability.FREIGHT not in capabilities_of(
            connector_class(adapter)
        ):
            message = (
                gettext("The integration of %s has no shipping rates API. Choose another location.")
                % location.supplier
            )
            raise forms.ValidationError(message)
        return location


@admin.register(LiveRateLocation)
class LiveRateLocationAdmin(StaffAdmin):
    form = LiveRateLocationForm
    may_add = True
    editable = ("is_active",)
    groups = FIELDSETS
    list_display: ClassVar = [
        columns.text("location__supplier__name", _("Supplier")),
        columns.text("location__code", _("From")),
        "is_active",
    ]
    list_select_related: ClassVar = ["location__supplier"]
    ordering: ClassVar = ["location"]
