"""Country field: parse and format a list of country codes, such as "DE, AT"."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextInputWidget

from storefront.lib.address import COUNTRIES


class CountriesField(forms.CharField):
    """Field of two-letter country codes, stored as a list in the given order."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        codes = str(value or "").upper().replace(",", " ").split()
        for code in codes:
            if code not in COUNTRIES:
                message = _("%(code)s is not a country code. Enter two letters, such as DE.") % {
                    "code": code
                }
                raise forms.ValidationError(message, code="no_country")
        return list(dict.fromkeys(codes))

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or []) != self.to_python(data))
        except forms.ValidationError:
            return True
