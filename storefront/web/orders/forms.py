"""Order lookup form: validate an order number and e-mail address."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from storefront.web.core.address_form import EMAIL_ERRORS


class LookupForm(forms.Form):
    """Form to find an order without its link."""

    number = forms.CharField(
        label=_("Order number"),
        max_length=20,
        error_messages={
            "required": _("Enter the order number. It is in your first e-mail."),
            "max_length": _("This order number is too long."),
        },
    )
    email = forms.EmailField(label=_("E-mail"), max_length=254, error_messages=EMAIL_ERRORS)
