"""Address form: validate a postal address by its country's rules, suggest corrections."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications.senders.phone_numbers import mobile_number
from orders.addresses import validation, verification
from orders.addresses.validation import LIMITS
from storefront.lib import address
from storefront.lib.address import Address

INVALID_MOBILE_NUMBER = _("Enter a mobile number for text messages, like +49 151 23456789.")
EMAIL_ERRORS = {
    "required": _("Enter your e-mail address. Order updates go there."),
    "invalid": _("Enter an e-mail address like name@example.org."),
    "max_length": _("This e-mail address is too long."),
}


class AddressForm(forms.Form):
    """Form of an e-mail address and a delivery address, which is also the billing address."""

    has_fixed_country = False
    email = forms.EmailField(label=_("E-mail"), max_length=254, error_messages=EMAIL_ERRORS)
    name = forms.CharField(label=_("Full name"), required=False)
    line1 = forms.CharField(label=_("Street and number"), required=False)
    line2 = forms.CharField(label=_("Floor, company or district"), required=False)
    postcode = forms.CharField(label=_("Postcode"), required=False)
    city = forms.CharField(label=_("Town or city"), required=False)
    region = forms.CharField(label=_("State or region"), required=False)
    country = forms.ChoiceField(
        label=_("Country"),
        error_messages={
            "required": _("Choose the country."),
            "invalid_choice": _("We do not deliver to this country yet."),
        },
    )
    phone = forms.CharField(label=_("Phone"), required=False)

    def __init__(self, *args: Any, countries: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        """Build the form; ``countries`` are the codes and names to choose from."""
        super().__init__(*args, **kwargs)
        country = self.fields["country"]
        assert isinstance(country, forms.ChoiceField)  # noqa: S101 - declared above
        country.choices = countries

    @property
    def regions(self) -> list[tuple[str, str]]:
        """The regions to choose from, if the country's addresses need one."""
        code = str(self["country"].value() or "")
        if code not in dict(self.fields["country"].choices):  # type: ignore[attr-defined]
            return []
        rules = address.rules_of(code)
        if "country_area" not in rules.required_fields:
            return []
        return [(name, name) for name in dict(rules.country_area_choices).values()]

    def clean(self) -> dict[str, Any]:
        """Validate each field by the rules of the country."""
        cleaned = super().clean() or self.cleaned_data
        if "country" in cleaned:
            self._add_errors(validation.find_errors(address=self.address()))
        if not self.errors:
            self.accept_or_refuse(self.address())
        elif "country" in cleaned:
            self.report_warnings(self.address())
        return cleaned

    def report_warnings(self, written: Address) -> None:
        """Report warnings together with the errors of other fields, to save a round trip."""
        self._add_errors(verification.warnings(written))

    def accept_or_refuse(self, written: Address) -> None:
        """Refuse an address with warnings; only the checkout lets the customer confirm it."""
        self._add_errors(verification.warnings(written))

    def _add_errors(self, fields: Mapping[str, Promise]) -> None:
        for field, message in fields.items():
            if not self.has_error(field):
                self.add_error(field, str(message))

    def address(self) -> Address:
        values = {field: str(self.cleaned_data.get(field, "")).strip() for field in LIMITS}
        return Address(country=self.cleaned_data["country"], **values)


class CheckoutAddressForm(AddressForm):
    """Delivery address of an order.

    The customer must choose before a suggestion applies, and give a reason to keep an address with
    warnings.
    """

    choice = forms.ChoiceField(
        label=_("Which address should we use?"),
        choices=[("suggested", _("We suggest")), ("typed", _("You wrote"))],
        required=False,
    )
    reason = forms.CharField(
        label=_("If the address is correct, tell us why"),
        max_length=verification.MAX_REASON,
        required=False,
        error_messages={"max_length": _("This is too long. Shorten it.")},
    )
    wants_sms = forms.BooleanField(
        label=_("Send me text messages about the delivery"), required=False
    )
    # digest of the address that the customer was asked about
    about = forms.CharField(required=False, max_length=40)

    def __init__(self, *args: Any, noted: Mapping[str, Any], **kwargs: Any) -> None:
        """Build the form; ``noted`` is the earlier answer, as ``verification.record`` makes it."""
        super().__init__(*args, **kwargs)
        self._noted = noted
        self.written: Address | None = None
        self.suggested: Address | None = None
        self.is_doubtful = False
        self.picked = ""
        self.chosen: Address | None = None
        self.note: Mapping[str, Any] = {}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("wants_sms") and "country" in cleaned and not self.sms_number:
            self.add_error("phone", str(INVALID_MOBILE_NUMBER))
        return cleaned

    @property
    def sms_number(self) -> str:
        """Return the number for text messages, if they are wanted."""
        if not self.cleaned_data.get("wants_sms"):
            return ""
        phone, country = self.cleaned_data.get("phone", ""), self.cleaned_data["country"]
        return mobile_number(phone, country=country)

    def report_warnings(self, written: Address) -> None:
        digest = verification.digest_of(written)
        if self._noted.get("of") == digest:
            return
        if self.cleaned_data.get("about") == digest and self.cleaned_data.get("reason"):
            self.written, self.is_doubtful = written, True  # shows the reason again
            return
        super().report_warnings(written)

    def accept_or_refuse(self, written: Address) -> None:
        """Accept an address that has no warnings or is confirmed, else add errors that ask."""
        self.written = written
        digest = verification.digest_of(written)
        if self._noted.get("of") == digest:
            self.chosen, self.note = written, self._noted
            return
        suggestion = verification.suggestion(written)
        is_answer = self.cleaned_data.get("about") == digest
        choice = self.cleaned_data.get("choice") if is_answer else ""
        is_corrected = choice == "suggested" and suggestion is not None
        chosen = suggestion if is_corrected and suggestion else written
        alternative = written if is_corrected else suggestion
        reason = str(self.cleaned_data.get("reason") or "").strip() if is_answer else ""
        warnings = verification.warnings(chosen)
        # The form shows both questions while one is open, also one that is answered.
        self.suggested, self.is_doubtful, self.picked = suggestion, bool(warnings), choice or ""
        if suggestion and not choice:
            message = _(
                "The postal service writes this address differently. Choose one of the two."
            )
            self.add_error("choice", message)
        if warnings and not reason:
            self._add_errors(warnings)
        if not self.errors:
            self.chosen = chosen
            self.note = verification.record(
                chosen, other=alternative, is_corrected=is_corrected, reason=reason
            )

    @property
    def digest(self) -> str:
        return verification.digest_of(self.written) if self.written else ""
