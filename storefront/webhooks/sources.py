"""Webhook sources: list the systems that may call, with their secrets and suppliers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from notifications import sms_webhooks
from notifications.senders import sms
from orders.gateways.stripe import webhook_signatures
from orders.gateways.stripe.parsing import read_event
from shipping.trackers.base import Tracker
from shipping.trackers.registry import configured_tracker
from storefront.lib.http.errors import PermanentError
from storefront.lib.security import webhook_signing
from storefront.lib.security.encryption import decrypt
from storefront.sales_channels.models import Connection as StoreConnection
from storefront.sales_channels.orders import webhooks as store_webhooks
from storefront.webhooks.supplier_system.secrets import valid_secrets
from suppliers.connectors import CONNECTORS, connector_class
from suppliers.connectors.capabilities import Capability, Webhooks, supports
from suppliers.models import Supplier

# Name prefix of suppliers that send the shop's own payload. The prefix of suppliers with an API is
# the code of their connector.
SUPPLIER = "supplier"
CHANNEL = "channel"  # name prefix of stores, followed by the code of their channel
STRIPE = "stripe"
TWILIO = "twilio"
GATEWAYS = frozenset({STRIPE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A system that may send webhooks.

    ``supplier`` is the owner of the purchase orders it may report on; None for gateways, the
    providers of SMS, mail and tracking. ``connector`` is the connector class of a supplier that
    sends its own API's payload. ``tracker`` is the tracking provider that reports on registered
    parcels. ``store`` is the connection of a channel's store.
    """

    name: str
    supplier: Supplier | None = None
    connector: type[Webhooks] | None = None
    tracker: Tracker | None = None
    store: StoreConnection | None = None

    def verify(  # noqa: PLR0911 - one for each kind of source
        self, *, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> str:
        """Verify a webhook and return its id, which is the same on redelivery.

        The signature is checked on the raw bytes, before they are parsed. The id of a ping is
        empty.

        Raises: InvalidHeadersError, InvalidSignatureError, ExpiredTimestampError
        """
        if self.connector:
            connection = getattr(self.supplier, "connection", None) if self.supplier else None
            return self.connector.verify_signature(
                headers=headers,
                body=body,
                account=connection.account_id if connection else "",
                secrets=decrypt(connection.secrets_encrypted) if connection else {},
                options=connection.options if connection else {},
            )
        if self.store:
            return store_webhooks.verify(self.store, headers=headers, body=body)
        if self.tracker:
            return self.tracker.verify_signature(headers=headers, body=body)
        if self.name == STRIPE:
            return _event_id(headers=headers, body=body, now=now)
        if self.name == TWILIO:
            return sms_webhooks.verify(headers=headers, body=body)
        if is_mail_provider(self.name):
            # Anymail imports an HTTP client, which would take memory in each worker.
            from notifications.deliverability import mail_webhooks  # noqa: PLC0415

            return mail_webhooks.verify(headers=headers, body=body, now=now)
        secrets = valid_secrets(supplier_code=self.name.partition("-")[2], now=now)
        return webhook_signing.verify(headers=headers, body=body, secrets=secrets, now=now)

    def kept_body(self, *, external_id: str, body: bytes) -> bytes:
        """Return what is stored of a call: of a store's, no order, since that is read there."""
        return external_id.encode() if self.store else body

    @property
    def is_supplier_system(self) -> bool:
        """Return whether it sends the shop's own payload, for lack of an API."""
        return self.connector is None and self.name.startswith(f"{SUPPLIER}-")


def _event_id(*, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    secrets = settings.STRIPE_WEBHOOK_SECRET.split()
    webhook_signatures.check(headers=headers, body=body, secrets=secrets, now=now)
    try:
        return read_event(body).id
    except PermanentError as error:
        raise webhook_signing.InvalidHeadersError(str(error)) from error


def is_mail_provider(name: str) -> bool:
    return bool(settings.MAIL_PROVIDER) and name == settings.MAIL_PROVIDER


def find(name: str) -> Source | None:
    """Return the source with a name, None if unknown.

    Names are ``<connector>-<supplier code>``, ``supplier-<supplier code>``, ``channel-<channel
    code>``, and the codes of gateways and of the providers of SMS, mail and tracking.
    """
    # Stripe also if new payments use another gateway: older payments still send events.
    services = {STRIPE: bool(settings.STRIPE_WEBHOOK_SECRET), TWILIO: sms.is_offered()}
    if name in services:
        return Source(name=name) if services[name] else None
    if is_mail_provider(name):
        return Source(name=name)
    tracker = configured_tracker()
    if tracker and name == tracker.code:
        return Source(name=name, tracker=tracker)
    if name.startswith(f"{CHANNEL}-"):
        store = store_webhooks.find_connection(name.removeprefix(f"{CHANNEL}-"))
        return Source(name=name, store=store) if store else None
    return _find_supplier_source(name)


def _find_supplier_source(name: str) -> Source | None:
    kind, _, code = name.partition("-")
    if kind != SUPPLIER and kind not in CONNECTORS:
        return None
    supplier = Supplier.objects.filter(code=code).select_related("connection").first()
    if supplier is None:
        return None
    if kind == SUPPLIER:
        return Source(name=name, supplier=supplier)
    if supplier.adapter != kind or not has_webhooks(supplier):
        return None
    return Source(name=name, supplier=supplier, connector=connector_class(kind))


def decoy(name: str) -> Source | None:
    """Return a source for an unknown supplier or channel: its webhooks get 401, not 404.

    So an outsider cannot discover the codes of suppliers and of channels with a store.
    """
    kind, _, code = name.partition("-")
    if kind == CHANNEL and code:
        return Source(name=name, store=store_webhooks.decoy())
    if kind == SUPPLIER and code:
        return Source(name=name)
    if code and supports(kind, Capability.WEBHOOKS):
        return Source(name=name, connector=connector_class(kind))
    return None


def system_source_name(supplier: Supplier) -> str:
    """Return the source name of a supplier that sends the shop's own payload."""
    return f"{SUPPLIER}-{supplier.code}"


def source_name(supplier: Supplier) -> str:
    """Return the source name of a supplier that sends its own API's payload."""
    return f"{supplier.adapter}-{supplier.code}"


def has_webhooks(supplier: Supplier) -> bool:
    return supports(supplier.adapter, Capability.WEBHOOKS)
