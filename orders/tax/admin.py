"""Tax admin: edit tax rates and tax registration numbers."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import TaxNumber, TaxRate
from storefront.lib.address import region_code
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.form_fields import CountryField

MIN_NUMBER_DIGITS = 2  # Romania has the shortest numbers
REGIONAL = frozenset({"US"})  # countries without a tax of the whole country
RATE_FIELDS = (Group(_("Tax rate"), ("country", "region", "rate", "valid_from", "source")),)

NUMBER_FIELDS = (
    Group(_("Tax number"), ("scheme", "country", "region", "number", "valid_from", "valid_until")),
)


class PlaceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """Form of a country and its region, both existing."""

    country = CountryField()
    region = forms.CharField(max_length=3, required=False)

    def clean_region(self) -> str:
        return str(self.cleaned_data["region"]).upper()

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        country, region = values.get("country"), values.get("region")
        if country and region and region_code(country=country, region=region) != region:
            message = gettext("%(country)s has no region %(region)s. Enter a code, such as CA.")
            self.add_error("region", message % {"country": country, "region": region})
        if country in REGIONAL and region == "":
            self.add_error("region", gettext("Enter a state: in the US each has its own tax."))
        return values


@admin.register(TaxRate)
class TaxRateAdmin(StaffAdmin):
    form = PlaceForm
    may_add = True
    may_delete = True
    editable = ("rate", "source")
    groups = RATE_FIELDS
    list_display: ClassVar = ["__str__", "country", "region", "valid_from", "source"]
    list_filter: ClassVar = ["country"]
    search_fields: ClassVar = ["country", "region"]
    ordering: ClassVar = ["country", "region", "-valid_from"]


class TaxNumberForm(PlaceForm):
    """Validates what database constraints require, with messages."""

    country = CountryField(required=False)

    def clean_number(self) -> str:
        number = str(self.cleaned_data["number"])
        if sum(map(str.isdigit, number)) < MIN_NUMBER_DIGITS:
            raise forms.ValidationError(gettext("Enter the number as your registration states it."))
        return number

    def clean(self) -> dict[str, Any]:
        values = super().clean()
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
