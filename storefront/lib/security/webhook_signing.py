"""Webhook signing: sign messages, check signatures and timestamps. Pure.

Source: Standard Webhooks 1.0, symmetric signatures (``v1``).
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=5)
SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix of secrets, not a secret
MAX_SIGNATURES = 10
_ID = re.compile(r"[!-~]{1,100}")
_SECONDS = re.compile(r"[0-9]{1,12}")


class InvalidHeadersError(ValueError):
    """A header is missing or malformed."""


class InvalidSignatureError(ValueError):
    """No signature matches: another sender, or a changed body."""


class ExpiredTimestampError(ValueError):
    """Signed too long ago or in the future: possibly a replay."""


class InvalidSecretError(ValueError):
    """A secret is empty or not base64."""


def decode_secret(secret: str) -> bytes:
    """Decode ``whsec_`` and base64, padded or not. Raises InvalidSecretError."""
    text = secret.removeprefix(SECRET_PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise InvalidSecretError("a webhook secret must be whsec_ followed by Base64") from error
    if not key:
        raise InvalidSecretError("a webhook secret is empty")
    return key


def sign(*, message_id: str, body: bytes, at: datetime, secret: str) -> str:
    """Return one signature for the header: ``v1,<base64>``."""
    signed = b".".join([message_id.encode(), str(int(at.timestamp())).encode(), body])
    digest = hmac.digest(decode_secret(secret), signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def headers_for(*, message_id: str, body: bytes, at: datetime, secret: str) -> dict[str, str]:
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": sign(message_id=message_id, body=body, at=at, secret=secret),
    }


def verify(
    *, headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: datetime
) -> str:
    """Return the message id if one of the secrets signed exactly these bytes recently.

    Several secrets allow rotation: the old one stays valid until all senders use the new one. All
    are compared, each in constant time.

    Raises: InvalidHeadersError, InvalidSignatureError, ExpiredTimestampError.
    """
    message_id = headers.get("webhook-id", "")
    seconds = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "").split(" ")[:MAX_SIGNATURES]
    if not _ID.fullmatch(message_id) or not _SECONDS.fullmatch(seconds) or not any(signatures):
        raise InvalidHeadersError(
            "webhook-id, webhook-timestamp and webhook-signature are required"
        )
    try:
        signed_at = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidHeadersError("webhook-timestamp is not a Unix time") from error
    fits = False
    for secret in secrets:
        expected = sign(message_id=message_id, body=body, at=signed_at, secret=secret)
        for signature in signatures:
            fits |= hmac.compare_digest(expected.encode(), signature.encode())
    if not fits:
        raise InvalidSignatureError("no signature matches")
    if abs(now - signed_at) > TOLERANCE:
        raise ExpiredTimestampError(f"signed at {signed_at:%H:%M:%S}, but it is {now:%H:%M:%S} now")
    return message_id
