"""Tax admin: edit tax rates and tax registration numbers."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import TaxNumber, TaxRate
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.fieldsets import Field, Group

RATE_FIELDS = (
    Group(
        _("Tax rate"),
        {
            "country": Field(_("Country"), _("Two-letter country code, such as DE.")),
            "region": Field(
                _("Region"),
                _("A state, such as CA for California. Leave empty for the whole country."),
            ),
            "rate": Field(
                _("Rate"),
                _("A fraction of the price before tax: 0.19 is 19 %. 0 = no tax from that day."),
            ),
            "valid_from": Field(
                _("Valid from"), _("The previous rate ends automatically. Do not change it.")
            ),
            "source": Field(_("Source"), _("A law or a web page, for reference.")),
        },
    ),
)

NUMBER_FIELDS = (
    Group(
        _("Tax number"),
        {
            "scheme": Field(_("Scheme"), _("The tax scheme under which this number was issued.")),
            "country": Field(
                _("Country"), _("Two-letter country code. Leave empty for EU schemes.")
            ),
            "region": Field(
                _("Region"), _("A state, such as CA. Leave empty for the whole country.")
            ),
            "number": Field(
                _("Number"), _("An IOSS number begins with IM. It is sent to suppliers.")
            ),
            "valid_from": Field(_("Valid from"), _("Earlier orders do not use this number.")),
            "valid_until": Field(_("Valid until"), _("Leave empty for no end date.")),
        },
    ),
)


@admin.register(TaxRate)
class TaxRateAdmin(StaffAdmin):
    may_add = True
    may_delete = True
    editable = ("rate", "source")
    groups = RATE_FIELDS
    list_display: ClassVar = ["__str__", "country", "region", "valid_from", "source"]
    list_filter: ClassVar = ["country"]
    search_fields: ClassVar = ["country", "region"]
    ordering: ClassVar = ["country", "region", "-valid_from"]


class TaxNumberForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """Validates what database constraints require, with messages."""

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        begins = given.get("valid_from") or self.instance.valid_from
        if given.get("valid_until") and begins and given["valid_until"] < begins:
            self.add_error("valid_until", gettext("The end must be after the start."))
        return given


@admin.register(TaxNumber)
class TaxNumberAdmin(StaffAdmin):
    form = TaxNumberForm
    may_add = True
    editable = ("number", "valid_until")
    groups = NUMBER_FIELDS
    list_display: ClassVar = [
        "scheme", "country", "region", "number", "valid_from", "valid_until",
    ]  # fmt: skip
    list_filter: ClassVar = ["scheme"]
    ordering: ClassVar = ["scheme", "country", "region"]
