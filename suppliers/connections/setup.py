"""Supplier setup: create or change a supplier with its connection, secrets and options.

The command line and the staff pages share these functions.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, cast, get_args, get_type_hints
from urllib.parse import urlsplit

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from storefront.lib.security.encryption import decrypt, encrypt
from suppliers.connectors import CONNECTORS, connector_class
from suppliers.connectors.capabilities import Connector
from suppliers.connectors.context import Secret
from suppliers.connectors.feed.mapping.spec import Mapping as FeedMapping
from suppliers.models import Connection, StockLocation, Supplier, SupplierProduct

CODE_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,29}")
CURRENCY_PATTERN = re.compile(r"[A-Z]{3}")
DEFAULT_LOCATION = FeedMapping().location  # of files that name no warehouse
MAX_URL_LENGTH = 200
MAX_SECRET_LENGTH = 20_000


class InvalidSetupError(Exception):
    """The input is invalid; nothing is written. ``reasons`` are by field."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{name}: {reason}" for name, reason in reasons.items()))
        self.reasons = dict(reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionInput:
    """Changes of a connection.

    A ``base_url`` of None leaves the address unchanged; so do secrets and options that are not
    named. An empty secret is deleted; an option of None is reset to its default.
    """

    base_url: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierInput:
    """Changes of a supplier. The names in ``connection`` are model fields."""

    connector: str | None = None
    currency: str | None = None
    name: str | None = None
    connection: Mapping[str, Any] = field(default_factory=dict)
    connection_input: ConnectionInput = ConnectionInput()


def find_connector(connector: str) -> type[Connector]:
    """Return a connector's class. Raises InvalidSetupError: unknown connector."""
    if connector not in CONNECTORS:
        known = ", ".join(sorted(CONNECTORS))
        template = _("Unknown connector %(name)r. Available: %(known)s.")
        raise InvalidSetupError({"connector": template % {"name": connector, "known": known}})
    return cast("type[Connector]", connector_class(connector))


def declared_secrets(connector: str) -> tuple[Secret, ...]:
    return find_connector(connector).SECRETS


def stored_secret_names(connection: Connection) -> frozenset[str]:
    return frozenset(decrypt(connection.secrets_encrypted))


@transaction.atomic(durable=True)
def save_supplier(
    *, code: str, supplier_input: SupplierInput, now: datetime
) -> tuple[Supplier, bool]:
    """Create a supplier with its connection, or change the given values of an existing one.

    Returns the supplier and whether it is new. A new supplier is a candidate: it gets no orders.

    Locks: the supplier
    Raises: InvalidSetupError  nothing is written
    """
    supplier = Supplier.objects.select_for_update(of=["self"]).filter(code=code).first()
    is_new = supplier is None
    if supplier is None:
        supplier = _new_candidate(code, supplier_input, now)
    elif reasons := _fixed_field_errors(supplier, supplier_input):
        raise InvalidSetupError(reasons)
    is_other = supplier_input.connector not in {None, supplier.adapter}
    supplier.adapter = supplier_input.connector or supplier.adapter
    if supplier_input.currency:
        supplier.currency = supplier_input.currency
    supplier.name = supplier_input.name or supplier.name
    connection = Connection.objects.filter(supplier=supplier).first() if not is_new else None
    connection = connection or Connection(supplier=supplier)
    if is_other:
        _reset_connector(connection)
    for name, value in supplier_input.connection.items():
        setattr(connection, name, value)
    apply_settings(
        connection, connector=supplier.adapter, connection_input=supplier_input.connection_input
    )
    supplier.save()
    connection.supplier = supplier
    connection.save()
    return supplier, is_new


@transaction.atomic(durable=True)
def save_basics(  # noqa: PLR0913 - the fields of one form
    *,
    supplier: Supplier | None,
    code: str,
    supplier_input: SupplierInput,
    language: str,
    options: Mapping[str, Any],
    country: str,
    now: datetime,
) -> Supplier:
    """Create a candidate whose connection is still to be completed, or change its basics.

    ``options`` are merged into those of the connection without validation; a later step validates
    all. ``country`` is that of the default warehouse of a file, which is created unless empty.

    Locks: the supplier
    Raises: InvalidSetupError  nothing is written
    """
    if supplier is None:
        if Supplier.objects.filter(code=code).exists():
            raise InvalidSetupError({"code": _("Another supplier has this code. Enter another.")})
        supplier, connection = _new_candidate(code, supplier_input, now), Connection()
    else:
        supplier = Supplier.objects.select_for_update(of=["self"]).get(pk=supplier.pk)
        if reasons := _fixed_field_errors(supplier, supplier_input):
            raise InvalidSetupError(reasons)
        connection = Connection.objects.filter(supplier=supplier).first() or Connection()
    if supplier_input.connector not in {None, supplier.adapter}:
        _reset_connector(connection)
    supplier.adapter = supplier_input.connector or supplier.adapter
    supplier.currency = supplier_input.currency or supplier.currency
    supplier.name = supplier_input.name or supplier.name
    supplier.language = language
    supplier.save()
    connection.supplier = supplier
    if any(connection.options.get(name) != value for name, value in options.items()):
        connection.health_report = {}
    connection.options = {**connection.options, **options}
    connection.save()
    if country:
        StockLocation.objects.update_or_create(
            supplier=supplier, code=DEFAULT_LOCATION, defaults={"country": country}
        )
    return supplier


def _reset_connector(connection: Connection) -> None:
    """Delete what only the former connector understands."""
    connection.options, connection.connector_state, connection.tokens_encrypted = {}, {}, ""
    connection.health_report = {}


def _new_candidate(code: str, supplier_input: SupplierInput, now: datetime) -> Supplier:
    reasons = {}
    if not CODE_PATTERN.fullmatch(code):
        reasons["code"] = _("Enter a code of up to 30 lowercase letters, digits and hyphens.")
    if not supplier_input.connector:
        reasons["connector"] = _("Choose a connector: %(known)s.") % {
            "known": ", ".join(sorted(CONNECTORS))
        }
    if supplier_input.currency and not CURRENCY_PATTERN.fullmatch(supplier_input.currency):
        reasons["currency"] = _("Enter a currency of three capital letters, such as EUR.")
    if reasons:
        raise InvalidSetupError(reasons)
    return Supplier(
        adapter=supplier_input.connector or "",
        code=code,
        name=code.replace("-", " ").title(),
        currency=supplier_input.currency or find_connector(supplier_input.connector or "").CURRENCY,
        status=Supplier.Status.CANDIDATE,
        status_since=now,
    )


def _fixed_field_errors(supplier: Supplier, supplier_input: SupplierInput) -> dict[str, str]:
    """Return errors for values that cannot change once products were imported, by field."""
    reasons = {}
    if supplier_input.currency and not CURRENCY_PATTERN.fullmatch(supplier_input.currency):
        reasons["currency"] = _("Enter a currency of three capital letters, such as EUR.")
    is_known = SupplierProduct.objects.filter(supplier=supplier).exists()
    if supplier_input.connector not in {None, supplier.adapter} and is_known:
        template = _(
            "Products were imported with the IDs of %(now)s. For another connector, add"
            " a new supplier."
        )
        reasons["connector"] = template % {"now": supplier.adapter}
    if supplier_input.currency not in {None, supplier.currency} and is_known:
        template = _("Costs are stored in %(now)s. For another currency, add a new supplier.")
        reasons["currency"] = template % {"now": supplier.currency}
    return reasons


def apply_settings(
    connection: Connection, *, connector: str, connection_input: ConnectionInput
) -> None:
    """Set address, secrets and options on a row that the caller saves.

    A new key deletes the tokens; a new host deletes the tokens and the connector state.

    Raises: InvalidSetupError  the row is unchanged
    """
    if reasons := validate(connection, connector=connector, connection_input=connection_input):
        raise InvalidSetupError(reasons)
    stored, merged = (
        decrypt(connection.secrets_encrypted),
        _merged_secrets(connection, connection_input),
    )
    changed = {name for name, _value in stored.items() ^ merged.items()}
    if _is_other_host(connection, connection_input):
        connection.connector_state = {}
        connection.tokens_encrypted = ""
    if changed:
        connection.tokens_encrypted = ""
        connection.secrets_encrypted = encrypt(merged)
    connection.base_url = _merged_address(connection, connection_input)
    connection.options = _merged_options(connection, connection_input)


def validate(
    connection: Connection, *, connector: str, connection_input: ConnectionInput
) -> dict[str, str]:
    """Return the validation errors by field; empty if valid."""
    kind = find_connector(connector).OPTIONS
    reasons = {}
    options: msgspec.Struct | None = None
    try:
        options = msgspec.convert(_merged_options(connection, connection_input), kind)
    except msgspec.ValidationError as error:
        reasons["options"] = _describe_option_error(kind, str(error))
    address = _merged_address(connection, connection_input)
    is_needed = bool(address) or getattr(options, "needs_address", True)
    if is_needed and (reason := address_error(address)):
        reasons["base_url"] = reason
    reasons |= _secret_errors(connection, declared_secrets(connector), connection_input)
    if "base_url" not in reasons and _is_other_host(connection, connection_input):
        # Otherwise a user who may change the address could send our keys to another host.
        for name in decrypt(connection.secrets_encrypted).keys() - connection_input.secrets.keys():
            reasons[f"secret {name}"] = _("The address has changed. Enter this secret again.")
    return reasons


def _describe_option_error(kind: type[msgspec.Struct], error: str) -> str:
    field = re.search(r"\$\.(\w+)", error)
    hint = get_type_hints(kind).get(field[1]) if field else None
    values = [
        str(member.value)
        for part in (hint, *get_args(hint))
        if isinstance(part, type) and issubclass(part, Enum)
        for member in part
    ]
    known = values or kind.__struct_fields__
    return _("%(error)s. Allowed: %(known)s.") % {
        "error": error,
        "known": ", ".join(known) or _("none"),
    }


def _secret_errors(
    connection: Connection, declared: tuple[Secret, ...], connection_input: ConnectionInput
) -> dict[str, str]:
    reasons = {}
    known = [secret.name for secret in declared]
    for name, value in connection_input.secrets.items():
        if name not in known:
            template = _("This connector has no such secret. Available: %(known)s.")
            reasons[f"secret {name}"] = template % {"known": ", ".join(known)}
        elif len(value) > MAX_SECRET_LENGTH:
            reasons[f"secret {name}"] = _("The value is too long.")
    merged = _merged_secrets(connection, connection_input)
    for secret in declared:
        if secret.is_required and secret.name not in merged:
            reasons[f"secret {secret.name}"] = _("Enter this secret: %(label)s.") % {
                "label": secret.label
            }
    return reasons


def address_error(address: str) -> str:
    """Return what is wrong with an address, without repeating it: it may contain secrets."""
    try:
        parts = urlsplit(address)
        port_is_good = parts.port != 0
    except ValueError:
        return _("The address is invalid.")
    if not parts.scheme or "://" not in address or not port_is_good or re.search(r"\s", address):
        return _("Enter an address such as https://api.example.com/v1/.")
    if "@" in parts.netloc:
        return _("Do not put user names or passwords into the address: enter them as secrets.")
    if len(address) > MAX_URL_LENGTH:
        return _("The address is longer than %(most)d characters.") % {"most": MAX_URL_LENGTH}
    return ""


def _is_other_host(connection: Connection, connection_input: ConnectionInput) -> bool:
    old, new = (
        urlsplit(connection.base_url),
        urlsplit(_merged_address(connection, connection_input)),
    )
    return bool(connection.base_url) and (old.scheme, old.netloc) != (new.scheme, new.netloc)


def _merged_address(connection: Connection, connection_input: ConnectionInput) -> str:
    return (
        connection.base_url
        if connection_input.base_url is None
        else connection_input.base_url.strip()
    )


def _merged_secrets(connection: Connection, connection_input: ConnectionInput) -> dict[str, str]:
    merged = decrypt(connection.secrets_encrypted) | dict(connection_input.secrets)
    return {name: value for name, value in merged.items() if value.strip()}


def _merged_options(connection: Connection, connection_input: ConnectionInput) -> dict[str, Any]:
    merged = connection.options | dict(connection_input.options)
    return {name: value for name, value in merged.items() if value is not None}
