"""Country fields: check a country code; parse and format a list of them, such as "DE, AT"."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextInputWidget

from storefront.lib.address import COUNTRIES


def clean_country(text: str) -> str:
    """Return a country code in upper case, or "". Raises ValidationError."""
    code = text.upper()
    if code and code not in COUNTRIES:
        message = _("%(code)s is not a country code. Enter two letters, such as DE.")
        raise forms.ValidationError(message % {"code": code}, code="no_country")
    return code


class CountriesField(forms.CharField):
    """Field of two-letter country codes, stored as a list in the given order."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        codes = str(value or "").replace(",", " ").split()
        return list(dict.fromkeys(map(clean_country, codes)))

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or []) != self.to_python(data))
        except forms.ValidationError:
            return True
