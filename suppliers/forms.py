"""What staff fill in about a supplier and the wire to him."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget

from notifications import signing
from suppliers.adapters import ADAPTERS

WRITE_ONLY = _("Write-only: leave it empty to keep what is there.")


class SupplierForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    adapter = forms.ChoiceField(choices=[(name, name) for name in ADAPTERS])


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """The wire; what is secret goes in and never comes out again."""

    new_api_key = forms.CharField(
        label=_("New API key"),
        required=False,
        strip=True,
        max_length=500,
        help_text=WRITE_ONLY,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
    )
    new_hook_secret = forms.CharField(
        label=_("New webhook secret"),
        required=False,
        strip=True,
        max_length=500,
        help_text=WRITE_ONLY,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
    )

    def clean_new_hook_secret(self) -> str:
        given: str = self.cleaned_data["new_hook_secret"]
        try:
            for secret in given.split():
                signing.key_of(secret)
        except signing.BadSecretError as error:
            raise forms.ValidationError(
                gettext("A webhook secret is whsec_ and Base64."), code="bad_secret"
            ) from error
        return given
