"""Store webhooks: verify them, and read the order that they name from the store.

Nothing of the body is used but ids: an order is always read whole. The id of the order is kept in
the id of the stored call, because platforms name it in a header.

All addresses answer unsigned calls alike, so that they do not tell which channels have a store.
"""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import cache

from django.db import transaction

from storefront.lib.security.encryption import encrypt
from storefront.lib.security.webhook_signing import InvalidHeadersError, InvalidSignatureError
from storefront.sales_channels.connections.factory import open_platform, secrets_of
from storefront.sales_channels.models import Connection
from storefront.sales_channels.models.connection import PlatformCode
from storefront.sales_channels.orders import intake
from storefront.sales_channels.platforms import platform_class
from storefront.sales_channels.platforms.base import WebhookTopic

SEPARATOR = "|"
MAX_ID = 100  # of ``InboundWebhook.external_id``
# What WooCommerce posts, unsigned, when a webhook is created. It must be answered 200.
PING = re.compile(rb"webhook_id=[0-9]{1,12}")


def find_connection(channel: str) -> Connection | None:
    """Return the store connection of a channel, unless it is disconnected."""
    rows = Connection.objects.exclude(status=Connection.Status.DISCONNECTED)
    return rows.filter(channel__code=channel).select_related("channel").first()


@cache  # an unknown address is to take no longer than a known one
def decoy() -> Connection:
    """Return a connection with a random secret, for the address of a channel without a store."""
    secret = {"consumer_secret": secrets.token_hex()}
    return Connection(platform=PlatformCode.WOOCOMMERCE, secrets_encrypted=encrypt(secret))


def verify(connection: Connection, *, headers: Mapping[str, str], body: bytes) -> str:
    """Verify a call; return its topic, order and delivery in one id, which is empty for a ping.

    Raises: InvalidSignatureError  also for missing headers, whose names would tell the platform
    """
    known = secrets_of(connection)
    if PING.fullmatch(body):
        return ""
    try:
        call = platform_class(connection.platform).verify_webhook(
            headers=headers, body=body, secrets=known
        )
    except InvalidHeadersError as error:
        raise InvalidSignatureError(str(error)) from error
    return SEPARATOR.join((call.topic, call.order_id, call.delivery_id))[:MAX_ID]


def apply(connection: Connection, *, external_id: str, now: datetime) -> bool:
    """Import the named order, or stop the connection; return whether the call had an effect.

    Raises: TemporaryError, PermanentError, intake.UnknownRemoteOrderError, LockedElsewhereError
    """
    topic, order_id, _ = external_id.split(SEPARATOR, 2)
    if topic == WebhookTopic.UNINSTALLED:
        _pause(connection, now)
        return True
    if topic != WebhookTopic.ORDER or not order_id:
        return False
    record = intake.ensure_record(connection=connection, external_id=order_id, now=now)
    if connection.status != Connection.Status.ACTIVE:
        return True  # the record is due when the connection is resumed
    with open_platform(connection, is_for_order=True) as platform:
        intake.process(record=record, platform=platform, now=now)
    return True


@transaction.atomic(durable=True)
def _pause(connection: Connection, now: datetime) -> None:
    """Pause the connection: staff see it in the inbox; a store that returns misses no order."""
    reason = "The store removed our access."
    if connection.status == Connection.Status.ACTIVE:
        connection.move("paused", at=now, reason=reason, status_reason=reason, is_unauthorized=True)
        return
    connection.status_reason, connection.is_unauthorized = reason, True
    connection.save(update_fields=["status_reason", "is_unauthorized"])
