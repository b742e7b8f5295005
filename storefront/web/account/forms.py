"""Account forms: validate sign-in, sign-up, password reset, saved addresses and profile."""

from typing import Any

from allauth.account.forms import LoginForm, ResetPasswordForm, SignupForm
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.addresses import address_form
from storefront.accounts import login_throttling
from storefront.accounts.models import User
from storefront.lib.security.client_ip import client_network

EMAIL = gettext_lazy("E-mail")
PASSWORD = gettext_lazy("Password")
NEW_PASSWORD = gettext_lazy("New password")
EMAIL_ERRORS = {**address_form.EMAIL_ERRORS, "required": gettext_lazy("Enter your e-mail address.")}
PASSWORD_ERRORS = {"required": gettext_lazy("Enter a password.")}


def _set_labels(form: forms.Form, email: str, password: str = "") -> None:
    form.fields[email].label = EMAIL
    form.fields[email].error_messages.update(EMAIL_ERRORS)
    if password:
        form.fields[password].label = PASSWORD
        form.fields[password].error_messages.update(PASSWORD_ERRORS)


class CustomerSignInForm(LoginForm):  # type: ignore[misc]  # allauth ships no types
    """Sign-in form; all failures look the same, except the wait after too many."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_labels(self, "login", "password")

    def clean(self) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            now = timezone.now()
            until = login_throttling.blocked_until(
                account=self.cleaned_data["login"], network=client_network(self.request), now=now
            )
            if until is None:
                raise
            raise ValidationError(
                _("Too many attempts. Wait %(time)s, then try again."),
                code="too_many_tries",
                params={"time": timeuntil(until, now, depth=1)},
            ) from None
        return cleaned


class SignUpForm(SignupForm):  # type: ignore[misc]  # allauth ships no types
    """Sign-up form; only the e-mail to the address reveals whether it is known."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_labels(self, "email", "password1")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if self.account_already_exists and cleaned.get("password1"):
            # Hash as for a new account, so that the response time reveals nothing.
            User().set_password(cleaned["password1"])
        return cleaned


class PasswordResetForm(ResetPasswordForm):  # type: ignore[misc]  # allauth ships no types
    """Password reset form; staff accounts are excluded."""

    users: list[User]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_labels(self, "email")

    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.users = [user for user in self.users if not user.is_staff]
        return email


def new_password_field() -> forms.CharField:
    return forms.CharField(label=NEW_PASSWORD, strip=False, error_messages=PASSWORD_ERRORS)


class NewPasswordForm(forms.Form):
    """Form for a new password."""

    password = new_password_field()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password


# Profile


class SavedAddressForm(address_form.AddressForm):
    """Form for a saved address."""

    email = None  # type: ignore[assignment]  # removes the field, as Django documents
    is_default = forms.BooleanField(
        label=gettext_lazy("Use as default at checkout"), required=False
    )


class ProfileForm(forms.Form):
    """Form for name and mail language."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        required=False,
        error_messages={"max_length": gettext_lazy("This name is too long.")},
    )
    language = forms.ChoiceField(
        label=gettext_lazy("E-mail language"),
        choices=settings.LANGUAGES,
        error_messages={
            "required": gettext_lazy("Choose a language."),
            "invalid_choice": gettext_lazy("Choose a language."),
        },
    )
