"""Webhook sources: list the systems that may call, their secrets, whose orders they report on."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes

from django.conf import settings

from orders.gateways.stripe import webhook_signatures
from orders.gateways.stripe.parsing import read_event
from storefront.lib.http.errors import PermanentError
from storefront.lib.security import webhook_signing
from storefront.lib.security.encryption import unseal
from suppliers.connectors import ADAPTERS, connector_class
from suppliers.connectors.capabilities import Ability, Webhooks, abilities_of
from suppliers.models import Supplier

# Who speaks in words of ours. Suppliers with words of their own go by their connector's name.
TRACKING = "tracking"
STRIPE = "stripe"
NO_SECRET = f"whsec_{b64encode(token_bytes(32)).decode()}"  # no caller knows it
GATEWAYS = frozenset({STRIPE})  # under the code of the gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Somebody who may call. ``supplier`` is whose orders he may speak of; a gateway has none.

    ``speaks`` is his connector, where he speaks as his API does.
    """

    name: str
    supplier: Supplier | None = None
    speaks: type[Webhooks] | None = None

    def identify(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """Return the name of a genuine call: the same call told twice has the same name.

        The signature is checked on the bytes as they came, before anything reads them. A call
        that tells nothing has no name.

        Raises: signing.BadHeadersError, signing.ForgedError, signing.StaleError
        """
        if self.speaks:
            wire = getattr(self.supplier, "connection", None) if self.supplier else None
            return self.speaks.genuine_id(
                headers=headers,
                body=body,
                account=wire.account_id if wire else "",
                secrets=unseal(wire.secrets_sealed) if wire else {},
                options=wire.options if wire else {},
            )
        if self.name == STRIPE:
            return _event_id(headers=headers, body=body, now=now)
        # Several, while they are exchanged: the new one first, the old one until all know it.
        secrets = tracking_secrets(self.supplier) if self.supplier else [NO_SECRET]
        return webhook_signing.check(headers=headers, body=body, secrets=secrets, now=now)


def _event_id(*, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    secrets = settings.STRIPE_WEBHOOK_SECRET.split()
    webhook_signatures.check(headers=headers, body=body, secrets=secrets, now=now)
    try:
        return read_event(body).id
    except PermanentError as error:
        raise webhook_signing.BadHeadersError(str(error)) from error


def tracking_secrets(supplier: Supplier) -> list[str]:
    """Return what one supplier signs with: his own secrets, or one derived for him alone.

    No two suppliers share one, so that none can speak for another.
    """
    connection = getattr(supplier, "connection", None)
    own = unseal(connection.secrets_sealed).get("hook_secret", "") if connection else ""
    return own.split() or [
        webhook_signing.derived(master, of=supplier.code)
        for master in settings.TRACKING_HOOK_SECRET.split()
    ]


def find(name: str) -> Source | None:
    """Find who calls himself so.

    The names are ``<connector>-<supplier code>``, ``tracking-<supplier code>``, and the gateway's.
    """
    if name == STRIPE:  # also when new payments go through another gateway by now
        return Source(name=name) if settings.STRIPE_WEBHOOK_SECRET else None
    kind, _, code = name.partition("-")
    if kind != TRACKING and kind not in ADAPTERS:
        return None
    supplier = Supplier.objects.filter(code=code).select_related("connection").first()
    if supplier is None:
        return None
    if kind == TRACKING:
        return Source(name=name, supplier=supplier)
    if supplier.adapter != kind or not has_webhooks(supplier):
        return None
    return Source(name=name, supplier=supplier, speaks=connector_class(kind))


def unknown(name: str) -> Source | None:
    """Return a source without a supplier: its calls are refused as forged ones of a supplier are.

    So a stranger cannot find out the codes of suppliers.
    """
    kind, _, code = name.partition("-")
    if kind == TRACKING and code:
        return Source(name=name)
    if kind in ADAPTERS and code and Ability.WEBHOOKS in abilities_of(connector_class(kind)):
        return Source(name=name, speaks=connector_class(kind))
    return None


def name_of(supplier: Supplier) -> str:
    """Return how a supplier calls himself who speaks as his API does."""
    return f"{supplier.adapter}-{supplier.code}"


def has_webhooks(supplier: Supplier) -> bool:
    connector = connector_class(supplier.adapter) if supplier.adapter in ADAPTERS else None
    return connector is not None and Ability.WEBHOOKS in abilities_of(connector)
