"""Calls of mail providers in their documented dialects."""

import hashlib
import hmac
import json
from base64 import b64encode

from notifications.deliverability.message_ids import message_id
from tests.factories.suppliers import NOON

SECRET = "fara:a-long-webhook-secret"
SIGNING_KEY = "key-0123456789abcdef"


def postmark(message, kind="HardBounce", at=NOON, secret=SECRET, **fields):
    """Return body and headers of a call of Postmark."""
    reference = message_id(message).strip("<>") if message else "another"
    common = {
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Metadata": {"message": reference},
        "Tag": "",
        "ServerID": 23,
    }
    when = at.isoformat().replace("+00:00", "Z")
    events = {
        "Delivery": {"RecordType": "Delivery", "DeliveredAt": when, "Details": "250 OK"},
        "SpamComplaint": {
            "RecordType": "SpamComplaint", "Type": "SpamComplaint", "BouncedAt": when,
            "ID": 43, "Email": "erika@example.org", "Details": "",
        },
        "SubscriptionChange": {
            "RecordType": "SubscriptionChange", "ChangedAt": when, "SuppressSending": True,
            "SuppressionReason": "ManualSuppression", "Recipient": "erika@example.org",
        },
        "Open": {"RecordType": "Open", "ReceivedAt": when, "Recipient": "erika@example.org"},
    }  # fmt: skip
    bounce = {
        "RecordType": "Bounce",
        "Type": kind,
        "ID": 42,
        "Description": "The server was unable to deliver your message",
        "Details": "smtp;550 5.1.1 No\nsuch user",
        "Email": "erika@example.org",
        "BouncedAt": when,
    }
    body = json.dumps({**common, **events.get(kind, bounce), **fields}).encode()
    return body, {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"}


def mailgun(message, event="failed", at=NOON, key=SIGNING_KEY, token="t1", **fields):
    """Return body and headers of a call of Mailgun."""
    stamp = str(int(at.timestamp()))
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    data = {
        "event": event,
        "severity": "permanent",
        "reason": "bounce",
        "timestamp": at.timestamp(),
        "recipient": "erika@example.org",
        "message": {"headers": {"message-id": message_id(message).strip("<>")}},
        "delivery-status": {"code": 550, "message": "5.1.1 No such user"},
        "user-variables": {},
        **fields,
    }
    call = {
        "signature": {"timestamp": stamp, "token": token, "signature": signature},
        "event-data": data,
    }
    return json.dumps(call).encode(), {}


def brevo(message, event="hard_bounce", at=NOON, secret=SECRET):
    """Return body and headers of a call of Brevo."""
    call = {
        "event": event,
        "email": "erika@example.org",
        "message-id": "<202612011200.1@smtp-relay.mailin.fr>",
        "ts_epoch": int(at.timestamp() * 1000),
        "reason": "550 no such user",
        "X-Mailin-custom": json.dumps({"message": message_id(message).strip("<>")}),
    }
    return json.dumps(call).encode(), {
        "Authorization": f"Basic {b64encode(secret.encode()).decode()}"
    }
