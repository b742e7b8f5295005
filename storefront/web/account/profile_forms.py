"""Profile forms."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from storefront.web.core.address_form import AddressForm


class SavedAddressForm(AddressForm):
    """An address that an account keeps."""

    email = None  # type: ignore[assignment]  # Django's way to leave a field out
    is_default = forms.BooleanField(label=_("Offer this one first at the checkout"), required=False)


class ProfileForm(forms.Form):
    """How somebody wants to be called and written to."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        required=False,
        error_messages={"max_length": _("This name is too long.")},
    )
    language = forms.ChoiceField(
        label=_("Language of our mails"),
        choices=settings.LANGUAGES,
        error_messages={
            "required": _("Choose a language."),
            "invalid_choice": _("Choose a language."),
        },
    )
    marketing = forms.BooleanField(label=_("News and offers by e-mail"), required=False)
