"""SMS webhooks: verify calls of Twilio, record cost and failure of a message, end messages on STOP."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl

from django.conf import settings

from notifications import preferences
from notifications.models import Consent, Message
from notifications.senders import sms
from storefront.lib.security.webhook_signing import InvalidHeadersError, InvalidSignatureError

SIGNATURE_HEADER = "X-Twilio-Signature"
# Twilio's own list; it stops its messages on the same words.
STOP_WORDS = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
)
FAILED_STATUSES = frozenset({"failed", "undelivered"})
PRICED_STATUSES = FAILED_STATUSES | {"sent", "delivered"}


def sign(*, url: str, fields: Mapping[str, str], token: str) -> str:
    """Return the signature of a call: HMAC-SHA1 of the address and the sorted form fields."""
    text = url + "".join(f"{name}{value}" for name, value in sorted(fields.items()))
    return b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def verify(*, headers: Mapping[str, str], body: bytes) -> str:
    """Verify a call and return its id, the same on redelivery.

    Raises: InvalidHeadersError, InvalidSignatureError
    """
    signature = headers.get(SIGNATURE_HEADER)
    if not signature:
        raise InvalidHeadersError(f"no {SIGNATURE_HEADER}")
    fields = parse(body)
    expected = sign(
        url=f"{settings.PUBLIC_URL}{sms.HOOK_PATH}",
        fields=fields,
        token=settings.TWILIO_AUTH_TOKEN,
    )
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise InvalidSignatureError("wrong signature")
    if not fields.get("MessageSid"):
        raise InvalidHeadersError("no MessageSid")
    return f"{fields['MessageSid']}:{fields.get('MessageStatus', 'reply')}"[:100]


def parse(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def apply(*, body: bytes, now: datetime) -> bool:
    """Apply a call: a status report, or a reply; return whether something changed. Idempotent.

    Raises: TemporaryError, PermanentError  the provider does not tell the cost of a message
    """
    fields = parse(body)
    if status := fields.get("MessageStatus"):
        return _apply_status(fields["MessageSid"], status, fields.get("ErrorCode", ""), now)
    is_stop = fields.get("OptOutType") == "STOP" or fields.get("Body", "").strip().lower() in (
        STOP_WORDS
    )
    if not is_stop:
        return False
    preferences.withdraw_all(
        recipient=fields.get("From", ""),
        sender=preferences.SMS,
        source=Consent.Source.REPLY,
        now=now,
    )
    return True


def _apply_status(external_id: str, status: str, error_code: str, now: datetime) -> bool:
    message = Message.objects.filter(external_id=external_id).first()
    if message is None or status not in PRICED_STATUSES:
        return False
    problem = f"The network did not deliver it: code {error_code[:10]}"
    if status in FAILED_STATUSES and message.status == Message.Status.SENT:
        # Staff see it as they see other messages that failed.
        message.move(Message.Status.FAILED, at=now, reason=problem, problem=problem)
    if message.cost_amount is None:
        amount, currency = sms.cost_of(sms.read_message(external_id))
        Message.objects.filter(pk=message.pk).update(cost_amount=amount, cost_currency=currency)
    return True
