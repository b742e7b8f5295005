"""Tax admin: edit tax rates and tax registration numbers."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import TaxNumber, TaxRate
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.fieldsets import Group

RATE_FIELDS = (Group(_("Tax rate"), ("country", "region", "rate", "valid_from", "source")),)

NUMBER_FIELDS = (
    Group(_("Tax number"), ("scheme", "country", "region", "number", "valid_from", "valid_until")),
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
        values: dict[str, Any] = super().clean() or {}
        begins = values.get("valid_from") or self.instance.valid_from
        if values.get("valid_until") and begins and values["valid_until"] < begins:
            self.add_error("valid_until", gettext("The end must be after the start."))
        return values


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
