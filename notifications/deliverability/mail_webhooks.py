"""Mail webhooks: verify calls of the mail provider, record delivery, bounces and complaints.

Anymail checks the secret or signature and translates each provider's events. E-mails go out over
SMTP; a header returns our Message-ID with each event (``senders/email.py``).
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction

from notifications import preferences
from notifications.deliverability import suppressions
from notifications.deliverability.message_ids import find_message
from notifications.models import Consent, Message, Suppression
from storefront.lib.security.webhook_signing import (
    ExpiredTimestampError,
    InvalidHeadersError,
    InvalidSignatureError,
)

# Anymail's view of each provider. All three return a header of the e-mail with its events.
VIEWS: Mapping[str, type[AnymailBaseWebhookView]] = {
    "postmark": PostmarkTrackingWebhookView,
    "mailgun": MailgunTrackingWebhookView,
    "brevo": BrevoTrackingWebhookView,
}
SIGNING_PROVIDERS = frozenset({"mailgun"})  # the others send a user name and password
MAX_AGE = timedelta(days=3)  # providers give up after 12 hours
Delivery = Message.Delivery
# Events may arrive in any sequence: a value replaces only those before it.
ORDER = (
    Delivery.UNKNOWN,
    Delivery.SOFT_BOUNCED,
    Delivery.DELIVERED,
    Delivery.BOUNCED,
    Delivery.COMPLAINED,
)
SOFT_TYPES = frozenset({"SoftBounce", "soft_bounce"})  # of Postmark and Brevo
HARD_REASONS = frozenset({RejectReason.BOUNCED, RejectReason.INVALID})
UNREADABLE = (
    *(AnymailError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    RecursionError,  # deeply nested JSON
    ImproperlyConfigured,  # Anymail: the provider sends another kind of webhook here
)


def verify(*, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Verify a call and return its id, the same on redelivery.

    Mailgun signs a token that it uses once, not the body: the token is the id, so that a captured
    one proves no second body.

    Raises: InvalidHeadersError, InvalidSignatureError, ExpiredTimestampError
    """
    view, request = _view(), _request(body, authorization=headers.get("Authorization", ""))
    try:
        view.run_validators(request)
    except (AnymailWebhookValidationFailure, *UNREADABLE) as error:
        raise InvalidSignatureError(type(error).__name__) from error
    try:
        events = view.parse_events(request)
        times = [event.timestamp for event in events if event.timestamp]
        if settings.MAIL_PROVIDER in SIGNING_PROVIDERS:
            times = [_signed_at(events[0])]
        is_stale = bool(times) and max(times) < now - MAX_AGE
    except UNREADABLE as error:
        raise InvalidHeadersError("the payload cannot be read") from error
    if is_stale:
        raise ExpiredTimestampError("the event is too old")
    if settings.MAIL_PROVIDER in SIGNING_PROVIDERS:
        return str(events[0].event_id)[:100]
    return hashlib.sha256(body).hexdigest()


def apply(*, body: bytes, received_at: datetime, now: datetime) -> bool:
    """Apply the events of a call; return whether one is about an e-mail of this shop. Idempotent."""
    events = _view().parse_events(_request(body))
    applied = [_apply_event(event, event.timestamp or received_at, now) for event in events]
    return any(applied)


def _view() -> AnymailBaseWebhookView:
    secret, provider = settings.MAIL_WEBHOOK_SECRET, settings.MAIL_PROVIDER
    name = "webhook_signing_key" if provider in SIGNING_PROVIDERS else "webhook_secret"
    return VIEWS[provider](**{name: secret})


def _request(body: bytes, *, authorization: str = "") -> WSGIRequest:
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": authorization,
        "wsgi.input": BytesIO(body),
    }
    return WSGIRequest(environ)


def _signed_at(event: AnymailTrackingEvent) -> datetime:
    """Return the time that Mailgun signed; that of the event is not signed."""
    seconds = int(event.esp_event["signature"]["timestamp"])
    return datetime.fromtimestamp(seconds, tz=UTC)


def _apply_event(event: AnymailTrackingEvent, at: datetime, now: datetime) -> bool:
    message = _message_of(event)
    if message is None or message.recipient == preferences.ERASED:
        return False
    if event.event_type == EventType.UNSUBSCRIBED:
        preferences.withdraw_all(
            recipient=message.recipient,
            sender=preferences.EMAIL,
            source=Consent.Source.PROVIDER,
            now=now,
        )
        return True
    delivery = delivery_of(event)
    if delivery is not None:
        _record(message, delivery, detail=_detail(event), at=at, now=now)
    return delivery is not None


def _message_of(event: AnymailTrackingEvent) -> Message | None:
    metadata: Any = event.metadata
    returned = metadata.get("message") if isinstance(metadata, Mapping) else None
    return find_message(str(returned or event.message_id or ""))


def delivery_of(event: AnymailTrackingEvent) -> Delivery | None:
    """Return what an event says about its e-mail; None if nothing."""
    match event.event_type:
        case EventType.DELIVERED:
            return Delivery.DELIVERED
        case EventType.COMPLAINED:
            return Delivery.COMPLAINED
        case EventType.DEFERRED | EventType.FAILED:
            return Delivery.SOFT_BOUNCED
        case EventType.BOUNCED | EventType.REJECTED:
            source = event.esp_event
            kind = source.get("Type") or source.get("event")
            is_hard = event.reject_reason in HARD_REASONS and kind not in SOFT_TYPES
            return Delivery.BOUNCED if is_hard else Delivery.SOFT_BOUNCED
    return None


def _detail(event: AnymailTrackingEvent) -> str:
    """Return the answer of the recipient's server on one line."""
    text = str(event.mta_response or event.description or "").replace("\0", "")
    return " ".join(text.split())[:250]


@transaction.atomic(durable=True)
def _record(
    message: Message, delivery: Delivery, *, detail: str, at: datetime, now: datetime
) -> None:
    """Record what the provider reported of an e-mail, once, and suppress or release its address."""
    earlier = ORDER[: ORDER.index(delivery)]
    problem = detail if delivery != Delivery.DELIVERED else ""
    # The recipient may have been erased since the message was read.
    rows = Message.objects.filter(pk=message.pk, recipient=message.recipient)
    changed = rows.filter(delivery__in=earlier).update(
        delivery=delivery, delivery_at=at, problem=problem
    )
    if not changed:
        return
    reasons = Suppression.Reason
    address = message.recipient
    match delivery:
        case Delivery.BOUNCED:
            suppressions.suppress(message=message, reason=reasons.HARD_BOUNCE, detail=detail, at=at)
        case Delivery.COMPLAINED:
            suppressions.suppress(message=message, reason=reasons.COMPLAINT, detail=detail, at=at)
        case Delivery.SOFT_BOUNCED:
            if suppressions.has_too_many_soft_bounces(address, now=now):
                suppressions.suppress(
                    message=message, reason=reasons.SOFT_BOUNCES, detail=detail, at=at
                )
        case Delivery.DELIVERED:
            suppressions.lift(
                address=address,
                actor="",
                reason="an e-mail was delivered",
                now=at,
                reasons=(reasons.SOFT_BOUNCES,),
            )
