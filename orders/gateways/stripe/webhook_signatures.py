"""Stripe webhook signatures: verify that an event comes from Stripe. Pure.

The header is ``t=<seconds>,v1=<hex>[,v1=<hex>]``. The signed text is ``<seconds>.<body>``; the key
is the secret as it is written, including its prefix.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from storefront.lib.security.webhook_signing import (
    MAX_SIGNATURES,
    TOLERANCE,
    ExpiredTimestampError,
    InvalidHeadersError,
    InvalidSignatureError,
)

HEADER = "stripe-signature"
_SECONDS = re.compile(r"[0-9]{1,12}")


def check(
    *, headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: datetime
) -> None:
    """Accept a body signed with any of ``secrets`` within the tolerance.

    Raises: InvalidHeadersError, InvalidSignatureError, ExpiredTimestampError
    """
    parts = [part.partition("=") for part in headers.get(HEADER, "").split(",")]
    seconds = next((value for name, _, value in parts if name.strip() == "t"), "")
    signatures = [value.strip() for name, _, value in parts if name.strip() == "v1"][
        :MAX_SIGNATURES
    ]
    if not _SECONDS.fullmatch(seconds) or not signatures:
        raise InvalidHeadersError("Stripe-Signature header with t and v1 is required")
    signed_at = _moment(seconds)
    is_valid = False  # all are compared, so that the time reveals no match
    for secret in secrets:
        signed = seconds.encode() + b"." + body
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        for signature in signatures:
            is_valid |= hmac.compare_digest(expected.encode(), signature.encode())
    if not is_valid:
        raise InvalidSignatureError("signature does not match")
    if abs(now - signed_at) > TOLERANCE:
        raise ExpiredTimestampError(f"signed at {signed_at:%H:%M:%S}, received at {now:%H:%M:%S}")


def _moment(seconds: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidHeadersError("t is not a timestamp") from error
