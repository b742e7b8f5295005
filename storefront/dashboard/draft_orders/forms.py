"""Draft order forms: choose market and language, enter the customer's address."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel
from orders.addresses.address_form import CheckoutAddressForm
from orders.models import Cart
from orders.models.cart import MAX_QUANTITY
from storefront.dashboard.reports.destination_form import countries_of


class StartForm(forms.Form):
    """The market whose prices apply, and the language of the customer's e-mails."""

    market = forms.ModelChoiceField(
        Channel.objects.filter(is_storefront=True).order_by("pk"),
        label=_("Market"),
        to_field_name="code",
        empty_label=None,
    )
    language = forms.ChoiceField(label=_("Language of the e-mails"), choices=settings.LANGUAGES)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        languages = cleaned["market"].languages if "market" in cleaned else []
        if languages and cleaned.get("language", languages[0]) not in languages:
            names = dict(settings.LANGUAGES)
            known = ", ".join(gettext(names[code]) for code in languages if code in names)
            message = gettext("Languages of this market: %(known)s.") % {"known": known}
            self.add_error("language", message)
        return cleaned


class QuantityForm(forms.Form):
    """The quantity of a listing; 0 removes it."""

    listing = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    quantity = forms.IntegerField(
        min_value=0,
        max_value=MAX_QUANTITY,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            format_lazy(_("Enter a number from 0 to {most}."), most=MAX_QUANTITY),
        ),
    )


class RecipientForm(CheckoutAddressForm):
    """E-mail and delivery address of the customer, with the checks of the checkout."""

    wants_sms = None  # type: ignore[assignment]  # removes the field: only the customer consents

    def __init__(self, *args: Any, draft: Cart, **kwargs: Any) -> None:
        initial = {"country": draft.country, **draft.ship_to, "email": draft.email}
        super().__init__(
            *args,
            initial=initial,
            noted=draft.address_verification,
            countries=countries_of(draft.channel),
            **kwargs,
        )
        email, choice, reason = (self.fields[name] for name in ("email", "choice", "reason"))
        email.error_messages["required"] = gettext(
            "Enter the e-mail address. The payment link goes there."
        )
        choice.label = gettext("Which address does the customer confirm?")
        reason.label = gettext("Why the address is correct although it looks wrong")
