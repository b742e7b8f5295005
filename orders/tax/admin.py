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

RATE = (
    Group(
        _("Which rate"),
        {
            "country": Field(_("Country"), _("Two letters, such as DE.")),
            "region": Field(
                _("Region"), _("A state, such as CA for California. Empty: the whole country.")
            ),
            "rate": Field(
                _("Rate"), _("A fraction of the price before tax: 0.19 is 19 %. 0: none any more.")
            ),
            "valid_from": Field(
                _("From this day on"), _("The rate before it ends by itself; do not change that.")
            ),
            "source": Field(_("Who says so"), _("A law or a page, for whoever asks later.")),
        },
    ),
)

NUMBER = (
    Group(
        _("Which number"),
        {
            "scheme": Field(_("Scheme"), _("Under which rules this number was given.")),
            "country": Field(
                _("Country"), _("Two letters. Empty for the schemes of the EU, which have none.")
            ),
            "region": Field(_("Region"), _("A state, such as CA. Empty: the whole country.")),
            "number": Field(_("Number"), _("An IOSS number begins with IM and goes to suppliers.")),
            "valid_from": Field(_("From this day on"), _("Orders before it do without.")),
            "valid_until": Field(_("Until this day"), _("Empty: until further notice.")),
        },
    ),
)


@admin.register(TaxRate)
class TaxRateAdmin(StaffAdmin):
    may_add = True
    may_delete = True
    editable = ("rate", "source")
    groups = RATE
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
            self.add_error("valid_until", gettext("It must end after it begins."))
        return given


@admin.register(TaxNumber)
class TaxNumberAdmin(StaffAdmin):
    form = TaxNumberForm
    may_add = True
    editable = ("number", "valid_until")
    groups = NUMBER
    list_display: ClassVar = [
        "scheme", "country", "region", "number", "valid_from", "valid_until",
    ]  # fmt: skip
    list_filter: ClassVar = ["scheme"]
    ordering: ClassVar = ["scheme", "country", "region"]
