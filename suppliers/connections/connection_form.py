"""The form of a wire: its keys go in and never come out, its options are the connector's."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget

from suppliers.connections import forms as connection_forms
from suppliers.connections import setup
from suppliers.connections.forms import REST
from suppliers.connections.setup import LONGEST_SECRET, NotConnectableError, Wiring
from suppliers.connectors import ADAPTERS
from suppliers.connectors.context import Secret
from suppliers.models import Connection

SECRET = "secret_"  # noqa: S105 - how the fields are called
NEVER_SHOWN = {"autocomplete": "off", "spellcheck": "false"}


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """The wire to a supplier whose connector is not known yet, or is none of ours."""

    connector = ""

    def clean(self) -> dict[str, Any] | None:
        """Judge address, secrets and options together, and put them into the row."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.connector:
            if words := setup.wrong_address(cleaned.get("base_url", "")):
                self.add_error("base_url", words)
            return cleaned
        if self.errors:
            return cleaned
        secrets = {
            name.removeprefix(SECRET): value
            for name, value in cleaned.items()
            if name.startswith(SECRET) and value
        }
        kind = setup.kind_of(self.connector).OPTIONS
        wiring = Wiring(
            base_url=cleaned.get("base_url"),
            secrets=secrets,
            options=connection_forms.given(kind, cleaned),
        )
        try:
            setup.settle(self.instance, connector=self.connector, wiring=wiring)
        except NotConnectableError as refusal:
            for name, words in refusal.reasons.items():
                self.add_error(self._field(name), words)
        return cleaned

    def _field(self, name: str) -> str | None:
        """Find the field that a reason is about; None where the whole form is."""
        field = REST if name == "options" else name.replace("secret ", SECRET)
        return field if field in self.fields else None


def form_for(wire: Connection | None) -> type[ConnectionForm]:
    """Make the form that fits a supplier's connector."""
    if wire is None or wire.supplier.adapter not in ADAPTERS:
        return ConnectionForm
    connector = wire.supplier.adapter
    kept = setup.kept_secrets(wire)
    fields: dict[str, Any] = {
        f"{SECRET}{secret.name}": _secret_field(secret, is_kept=secret.name in kept)
        for secret in setup.secrets_of(connector)
    }
    fields |= connection_forms.fields_for(setup.kind_of(connector).OPTIONS, wire.options)
    made = type("ConnectorsForm", (ConnectionForm,), {**fields, "connector": connector})
    return cast("type[ConnectionForm]", made)


def _secret_field(secret: Secret, *, is_kept: bool) -> forms.Field:
    if is_kept:
        words = _("Write-only: leave it empty to keep what is there.")
    elif secret.is_required:
        words = _("Write-only: nobody can read it here again.")
    else:
        words = _("Write-only, and only if he gave you one. Empty: none.")
    widget = UnfoldAdminTextareaWidget if secret.is_text else UnfoldAdminPasswordWidget
    return forms.CharField(
        label=_("Secret: %(label)s") % {"label": _(secret.label)},
        required=secret.is_required and not is_kept,
        strip=True,
        max_length=LONGEST_SECRET,
        help_text=words,
        widget=widget(attrs=NEVER_SHOWN),
    )
