"""Connection form: build the fields of a connector's secrets and options, validate them.

Secrets are write-only. Each simple option has its own field, the others share a JSON field.
"""

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, cast

import msgspec
from django import forms
from django.utils.translation import gettext as _
from msgspec import inspect
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from suppliers.connections import setup
from suppliers.connections.labels import OPTIONS, OptionLabel
from suppliers.connections.setup import MAX_SECRET_LENGTH, ConnectionInput, InvalidSetupError
from suppliers.connectors import CONNECTORS
from suppliers.connectors.context import Secret
from suppliers.models import Connection

OPTION_PREFIX = "option_"
OTHER_OPTIONS = "other_options"
# Mappings have their own page and versions.
HIDDEN_OPTIONS = frozenset({"mapping", "prices_mapping", "stock_mapping"})
MAX_TEXT_LENGTH = 500


def option_fields(kind: type[msgspec.Struct], current: Mapping[str, Any]) -> dict[str, forms.Field]:
    """Return the form fields, filled with the current options; empty means the default."""
    fields: dict[str, forms.Field] = {}
    other_names = []
    for option in _visible_options(kind):
        form_field = _option_field(option, current.get(option.name))
        if form_field is None:
            other_names.append(option.name)
        else:
            fields[f"{OPTION_PREFIX}{option.name}"] = form_field
    if other_names:
        other_values = {name: current[name] for name in other_names if name in current}
        help_template = _("A JSON object, such as {}. Allowed keys: %(names)s.")
        fields[OTHER_OPTIONS] = forms.CharField(
            label=_("Other options (JSON)"),
            required=False,
            initial=json.dumps(other_values, indent=2, ensure_ascii=False) if other_values else "",
            help_text=help_template % {"names": ", ".join(other_names)},
            widget=UnfoldAdminTextareaWidget,
        )
    return fields


def submitted_options(kind: type[msgspec.Struct], cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """Return the submitted options; None means the default.

    Raises: forms.ValidationError  the JSON field does not hold an object
    """
    options: dict[str, Any] = {}
    others = _parse_object(cleaned.get(OTHER_OPTIONS) or "")
    for option in _visible_options(kind):
        field = f"{OPTION_PREFIX}{option.name}"
        if field not in cleaned:
            options[option.name] = others.pop(option.name, None)
        elif isinstance(_unwrap_optional(option.type), inspect.BoolType):
            options[option.name] = {"yes": True, "no": False}.get(cleaned[field])
        else:
            options[option.name] = None if cleaned[field] == "" else cleaned[field]
    # Unknown names are kept: the validation of the struct reports them.
    return options | others


def _visible_options(kind: type[msgspec.Struct]) -> list[inspect.Field]:
    struct = inspect.type_info(kind)
    fields = struct.fields if isinstance(struct, inspect.StructType) else ()
    return [field for field in fields if field.name not in HIDDEN_OPTIONS]


def _unwrap_optional(kind: inspect.Type) -> inspect.Type:
    if not isinstance(kind, inspect.UnionType):
        return kind
    parts = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
    return parts[0] if len(parts) == 1 else kind


def _option_field(option: inspect.Field, current: Any) -> forms.Field | None:
    kind = _unwrap_optional(option.type)
    default = option.default if option.default is not msgspec.NODEFAULT else None
    option_label = OPTIONS.get(option.name, OptionLabel(option.name.replace("_", " ").capitalize()))
    arguments: dict[str, Any] = {
        "label": option_label.label,
        "help_text": option_label.help_text,
        "required": False,
        "initial": current,
    }
    if isinstance(kind, inspect.BoolType):
        default_choice = _("Default: %(usual)s") % {"usual": _("yes") if default else _("no")}
        choices = [("", default_choice), ("yes", _("Yes")), ("no", _("No"))]
        arguments["initial"] = {True: "yes", False: "no"}.get(current, "")
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget, **arguments)
    if isinstance(kind, inspect.EnumType):
        values = [str(member.value) for member in kind.cls]
        default_name = str(default.value) if isinstance(default, Enum) else _("none")
        choices = [
            ("", _("Default: %(usual)s") % {"usual": default_name}),
            *((v, v) for v in values),
        ]
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget, **arguments)
    default_text = _("Default: %(usual)s.") % {"usual": default} if default else ""
    help_parts = filter(None, (str(option_label.help_text), default_text))
    arguments["help_text"] = " ".join(help_parts) or _("Optional.")
    if isinstance(kind, inspect.IntType):
        return forms.IntegerField(
            min_value=kind.ge, max_value=kind.le, widget=UnfoldAdminIntegerFieldWidget, **arguments
        )
    if isinstance(kind, inspect.StrType):
        return forms.CharField(
            max_length=MAX_TEXT_LENGTH, widget=UnfoldAdminTextInputWidget, **arguments
        )
    return None


def _parse_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        template = _("Invalid JSON: %(error)s")
        raise forms.ValidationError({OTHER_OPTIONS: template % {"error": error}}) from error
    if not isinstance(value, dict):
        raise forms.ValidationError({OTHER_OPTIONS: _("Enter a JSON object: {…}.")})
    return value


SECRET_PREFIX = "secret_"  # noqa: S105 - a prefix of field names
WRITE_ONLY_ATTRS = {"autocomplete": "off", "spellcheck": "false"}


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """The connection of a supplier whose connector is not known yet."""

    connector = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "base_url" in self.fields:  # optional: files may be uploaded instead
            self.fields["base_url"].required = False

    def clean(self) -> dict[str, Any] | None:
        """Validate address, secrets and options together, and set them on the instance."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.connector:
            address = cleaned.get("base_url", "")
            if address and (reason := setup.address_error(address)):
                self.add_error("base_url", reason)
            return cleaned
        if self.errors:
            return cleaned
        secrets = {
            name.removeprefix(SECRET_PREFIX): value
            for name, value in cleaned.items()
            if name.startswith(SECRET_PREFIX) and value
        }
        connection_input = ConnectionInput(
            base_url=cleaned.get("base_url"), secrets=secrets, options=self.read_options(cleaned)
        )
        try:
            setup.apply_settings(
                self.instance, connector=self.connector, connection_input=connection_input
            )
        except InvalidSetupError as error:
            for name, reason in error.reasons.items():
                self.add_error(self._field(name), reason)
        return cleaned

    def read_options(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        return submitted_options(setup.find_connector(self.connector).OPTIONS, cleaned)

    def _field(self, name: str) -> str | None:
        """Return the field that an error is about; None for the whole form."""
        field = OTHER_OPTIONS if name == "options" else name.replace("secret ", SECRET_PREFIX)
        return field if field in self.fields else None


def connection_form(
    connection: Connection | None, base: type[ConnectionForm] = ConnectionForm
) -> type[ConnectionForm]:
    """Return ``base`` with the fields of the connector's secrets and options."""
    if connection is None or connection.supplier.adapter not in CONNECTORS:
        return base
    connector = connection.supplier.adapter
    stored_names = setup.stored_secret_names(connection)
    fields: dict[str, Any] = {
        f"{SECRET_PREFIX}{secret.name}": _secret_field(
            secret, is_stored=secret.name in stored_names
        )
        for secret in setup.declared_secrets(connector)
    }
    fields |= option_fields(setup.find_connector(connector).OPTIONS, connection.options)
    form_class = type("ConnectorsForm", (base,), {**fields, "connector": connector})
    return cast("type[ConnectionForm]", form_class)


def _secret_field(secret: Secret, *, is_stored: bool) -> forms.Field:
    if is_stored:
        hint = _("Write-only. Leave it empty to keep the current value.")
    elif secret.is_required:
        hint = _("Write-only. It cannot be read here again.")
    else:
        hint = _("Write-only. Optional: enter it if the supplier issued one.")
    widget = UnfoldAdminTextareaWidget if secret.is_multiline else UnfoldAdminPasswordWidget
    return forms.CharField(
        label=_("Secret: %(label)s") % {"label": _(secret.label)},
        required=secret.is_required and not is_stored,
        strip=True,
        max_length=MAX_SECRET_LENGTH,
        help_text=hint,
        widget=widget(attrs=WRITE_ONLY_ATTRS),
    )
