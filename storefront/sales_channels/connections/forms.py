"""Store connection forms: choose a platform, then enter what its adapter needs.

Secrets are write-only.
"""

from typing import Any, cast
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from storefront.lib.http.ssrf import ForbiddenAddressError, check_url
from storefront.lib.security.encryption import decrypt, encrypt
from storefront.sales_channels.models import Connection
from storefront.sales_channels.platforms import PLATFORMS, platform_class
from storefront.sales_channels.platforms.base import PlatformField

SECRET_PREFIX = "secret_"  # noqa: S105 - a prefix of field names
OPTION_PREFIX = "option_"
MAX_LENGTH = 2000
WRITE_ONLY_ATTRS = {"autocomplete": "off", "spellcheck": "false"}


class AddressForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A form whose address is checked before anything is sent to it."""

    def clean_base_url(self) -> str:
        address: str = self.cleaned_data["base_url"].strip().rstrip("/")
        try:
            parts = check_url(address)
        except ForbiddenAddressError as error:
            message = _("Enter an address such as https://example.myshopify.com.")
            raise forms.ValidationError(message) from error
        if parts.query or parts.fragment:
            raise forms.ValidationError(_("Enter the address without “?” and “#”."))
        return address


class NewConnectionForm(AddressForm):
    """What is known before the fields of the platform can be shown."""

    class Meta:
        model = Connection
        fields = ("channel", "platform", "base_url")


class ConnectionForm(AddressForm):
    """A connection with the secrets and options of its platform."""

    access_problem = ""  # of a new address or key, which the page asked before its transaction

    @property
    def has_new_access(self) -> bool:
        return any(
            name == "base_url" or name.startswith(SECRET_PREFIX) for name in self.changed_data
        )

    def clean(self) -> dict[str, Any] | None:
        """Set secrets and options on the instance; require all secrets for another host."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.access_problem:
            raise forms.ValidationError(self.access_problem)
        stored = {} if self._has_other_host(cleaned) else decrypt(self.instance.secrets_encrypted)
        entered = _entered(cleaned, SECRET_PREFIX)
        for name in entered:
            is_missing = not entered[name] and name not in stored
            if is_missing and self.fields[f"{SECRET_PREFIX}{name}"].required is False:
                self._require(name)
        if not self.errors:
            secrets = {**stored, **{name: value for name, value in entered.items() if value}}
            self.instance.secrets_encrypted = encrypt(secrets)
            self.instance.options = {
                name: value for name, value in _entered(cleaned, OPTION_PREFIX).items() if value
            }
        return cleaned

    def _has_other_host(self, cleaned: dict[str, Any]) -> bool:
        """Return whether the address names another host, or is no longer encrypted.

        It must not get our keys.
        """
        before = urlsplit(str(self.initial.get("base_url", "")))
        after = urlsplit(str(cleaned.get("base_url", "")))
        is_weaker = (before.scheme, after.scheme) == ("https", "http")
        return after.netloc != before.netloc or is_weaker

    def _require(self, name: str) -> None:
        fields = platform_class(self.instance.platform).SECRETS
        if any(field.code == name and field.is_required for field in fields):
            self.add_error(f"{SECRET_PREFIX}{name}", _("Enter this secret."))


def connection_form(connection: Connection, *, access_problem: str = "") -> type[ConnectionForm]:
    """Return the form with the fields of the connection's platform; a problem refuses it."""
    if connection.platform not in PLATFORMS:  # a page without a row
        return ConnectionForm
    platform = platform_class(connection.platform)
    stored = decrypt(connection.secrets_encrypted)
    fields: dict[str, Any] = {
        f"{SECRET_PREFIX}{each.code}": _secret_field(each, is_stored=each.code in stored)
        for each in platform.SECRETS
    }
    fields["access_problem"] = access_problem
    for each in platform.OPTIONS:
        fields[f"{OPTION_PREFIX}{each.code}"] = forms.CharField(
            label=each.label,
            help_text=each.help_text or _("Optional."),
            required=False,  # staff may enter it after the first check, which names the choices
            max_length=MAX_LENGTH,
            initial=connection.options.get(each.code, ""),
            widget=UnfoldAdminTextInputWidget,
        )
    return cast("type[ConnectionForm]", type("PlatformForm", (ConnectionForm,), fields))


def _secret_field(field: PlatformField, *, is_stored: bool) -> forms.CharField:
    hint = (
        _("Write-only. Leave it empty to keep the current value.")
        if is_stored
        else _("Write-only. It cannot be read here again.")
    )
    return forms.CharField(
        label=_("Secret: %(label)s") % {"label": field.label},
        help_text=" ".join(filter(None, (str(field.help_text), hint))),
        required=False,
        max_length=MAX_LENGTH,
        widget=UnfoldAdminPasswordWidget(attrs=WRITE_ONLY_ATTRS),
    )


def _entered(cleaned: dict[str, Any], prefix: str) -> dict[str, str]:
    return {
        name.removeprefix(prefix): str(value).strip()
        for name, value in cleaned.items()
        if name.startswith(prefix)
    }
