"""Subscriptions: create, change, pause and disable receivers, rotate and use their secrets."""

import base64
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from storefront.events.event_types import SUBSCRIBABLE, EventType, ObjectKind
from storefront.events.models import (
    MAX_URL,
    PendingEvent,
    WebhookDelivery,
    WebhookSubscription,
)
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.http import ssrf
from storefront.lib.http.errors import ExternalServiceError, PermanentError
from storefront.lib.security.encryption import decrypt, encrypt
from storefront.lib.security.webhook_signing import SECRET_PREFIX, headers_for, sign
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError

SECRET_BYTES = 32
MAX_OVERLAP = timedelta(days=14)
RESOLVE_TIMEOUT_S = 5.0
MAX_SUBSCRIPTIONS = 500  # each published event is compared with all
NOT_ALLOWED = _(
    "This address cannot be used. It must be public, begin with https://, and contain no user name."
)
NOT_FOUND_BY_DNS = _("The host of this address cannot be resolved. Check its spelling.")
# As ``problem``, it is stored in English.
KEY_ENDED = "The API key that set this address was revoked or has expired."
TOO_MANY = _("There are too many webhook subscriptions. Delete those that are no longer used.")
Status = WebhookSubscription.Status


class InvalidSubscriptionError(PermanentError):
    """The address or the types cannot be used; the message says why."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def check_address(url: str) -> SplitResult:
    """Check that events may be sent to an address. Resolves its host, in five seconds.

    The host is resolved again at each call, and the connection goes to a checked address.

    Raises: InvalidSubscriptionError
    """
    refused = InvalidSubscriptionError(str(NOT_ALLOWED), field="url")
    try:
        parts = ssrf.check_url(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        ssrf.resolve_allowed(parts.hostname or "", port, timeout_s=RESOLVE_TIMEOUT_S)
    except ssrf.ForbiddenAddressError as error:
        raise refused from error
    except ExternalServiceError as error:
        raise InvalidSubscriptionError(str(NOT_FOUND_BY_DNS), field="url") from error
    is_secure = parts.scheme == "https" or not settings.IS_PRODUCTION
    is_plain = url.isascii() and url.isprintable() and " " not in url
    if not is_secure or not is_plain or len(url) > MAX_URL or parts.fragment:
        raise refused
    return parts


def masked(url: str) -> str:
    """Return an address without its path and query, which may be a secret of the receiver."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/***"


def create(  # noqa: PLR0913 - all parts of a subscription
    *,
    url: str,
    types: Sequence[str],
    description: str,
    actor: str,
    now: datetime,
    api_key: str = "",
    api_key_ends_at: datetime | None = None,
    request_key: str = "",
) -> tuple[WebhookSubscription, str]:
    """Create a subscription; return its secret too, which is shown once.

    ``url`` has passed ``check_address``. A repeated ``request_key`` creates nothing.

    Raises: InvalidSubscriptionError
    """
    made = WebhookSubscription.objects.filter(request_key=request_key).first()
    if request_key and made is not None:
        return made, secret_of(made)
    chosen = check_types(types)
    if WebhookSubscription.objects.count() >= MAX_SUBSCRIPTIONS:
        raise InvalidSubscriptionError(str(TOO_MANY))
    secret = generate_secret()
    subscription = WebhookSubscription.objects.create(
        url=url,
        types=chosen,
        description=description[:100],
        secret_encrypted=encrypt({"secret": secret}),
        status_since=now,
        created_by=actor[:100],
        created_at=now,
        api_key=api_key,
        api_key_ends_at=api_key_ends_at,
        request_key=request_key,
    )
    return subscription, secret


def change(  # noqa: PLR0913 - all parts of a subscription
    *,
    subscription: WebhookSubscription,
    url: str | None = None,
    types: Sequence[str] | None = None,
    description: str | None = None,
    api_key: str = "",
    api_key_ends_at: datetime | None = None,
) -> None:
    """Change what is given; ``url`` has passed ``check_address``.

    The subscription then belongs to the API key that sets the address, or to none.

    Raises: InvalidSubscriptionError
    """
    values: dict[str, Any] = {}
    if url is not None:
        values |= {"url": url, "api_key": api_key, "api_key_ends_at": api_key_ends_at}
    if types is not None:
        values["types"] = check_types(types)
    if description is not None:
        values["description"] = description[:100]
    WebhookSubscription.objects.filter(pk=subscription.pk).update(**values)
    subscription.refresh_from_db()


def check_types(types: Sequence[str]) -> list[str]:
    """Return the types once each, in the order of the list. Raises InvalidSubscriptionError."""
    if unknown := set(types) - set(SUBSCRIBABLE):
        message = _("Unknown event type: %(type)s.") % {"type": min(unknown)[:40]}
        raise InvalidSubscriptionError(str(message), field="types")
    return [kind.value for kind in SUBSCRIBABLE if kind in types]


@transaction.atomic(durable=True)
def rotate_secret(
    *, subscription: WebhookSubscription, overlap: timedelta, now: datetime, request_key: str
) -> str:
    """Create a secret and return it; until ``overlap`` ends, messages carry both signatures.

    A repeated ``request_key`` returns the same secret: a second rotation would drop the old secret,
    which the receiver still uses.

    Locks: the subscription
    """
    row = WebhookSubscription.objects.select_for_update(of=["self"]).get(pk=subscription.pk)
    if row.request_key == request_key:
        return secret_of(row)
    secret = generate_secret()
    row.old_secret_encrypted = row.secret_encrypted
    row.old_secret_expires_at = now + min(overlap, MAX_OVERLAP)
    row.secret_encrypted = encrypt({"secret": secret})
    row.request_key = request_key
    row.save(
        update_fields=[
            "secret_encrypted",
            "old_secret_encrypted",
            "old_secret_expires_at",
            "request_key",
        ]
    )
    return secret


def secret_of(subscription: WebhookSubscription) -> str:
    return str(decrypt(subscription.secret_encrypted)["secret"])


def signed_headers(
    subscription: WebhookSubscription, *, message_id: str, body: bytes, now: datetime
) -> dict[str, str]:
    """Return the headers of one attempt, signed with each valid secret, the newest first."""
    secret = secret_of(subscription)
    headers = headers_for(message_id=message_id, body=body, at=now, secret=secret)
    expires_at = subscription.old_secret_expires_at
    if expires_at is not None and expires_at > now:
        old = str(decrypt(subscription.old_secret_encrypted)["secret"])
        signature = sign(message_id=message_id, body=body, at=now, secret=old)
        headers["webhook-signature"] += f" {signature}"
    return headers


def pause(*, subscription: WebhookSubscription, actor: str, now: datetime) -> None:
    """Send nothing until ``resume``; events of that time are sent only by a replay."""
    subscription.move(Status.PAUSED, at=now, actor=actor)


def resume(*, subscription: WebhookSubscription, actor: str, now: datetime) -> None:
    """Send events again, also those that were waiting; a key that has ended no longer matters."""
    values: dict[str, Any] = {"problem": "", "failing_since": None}
    if subscription.has_ended_key(now):
        values |= {"api_key": "", "api_key_ends_at": None}
    subscription.move(Status.ACTIVE, at=now, actor=actor, **values)
    waiting = WebhookDelivery.objects.filter(subscription=subscription, status="pending")
    waiting.filter(due_at__gt=now).update(due_at=now)


@requires_transaction
def end_key(*, api_key: str, now: datetime) -> None:
    """Disable the subscriptions of an API key that is revoked in this transaction."""
    WebhookSubscription.objects.filter(api_key=api_key).update(api_key_ends_at=now)
    disable_ended(now=now)


def disable_ended(*, now: datetime) -> None:
    """Disable the subscriptions whose API key was revoked or has expired."""
    ended = WebhookSubscription.objects.filter(api_key_ends_at__lte=now)
    for subscription in ended.exclude(status=Status.DISABLED):
        disable(subscription=subscription, problem=KEY_ENDED, now=now)


def disable(*, subscription: WebhookSubscription, problem: str, now: datetime) -> None:
    """Disable a subscription; the inbox of staff shows it."""
    # Staff have paused or changed it meanwhile, or it is disabled already.
    with suppress(ConcurrentUpdateError, InvalidTransitionError):
        subscription.move(Status.DISABLED, at=now, reason=problem, problem=problem[:300])


@transaction.atomic(durable=True)
def send_test(*, subscription: WebhookSubscription, now: datetime) -> None:
    """Publish an event that only this subscription gets."""
    PendingEvent.objects.create(
        type=EventType.WEBHOOK_TEST,
        kind=ObjectKind.SUBSCRIPTION,
        object_id=subscription.pk,
        occurred_at=now,
    )


def generate_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
