"""Tell CJ's messages from others'.

Source: CJ Dropshipping API v2, webhooks; read 2026-11-24
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from storefront.lib.security.webhook_signing import BadHeadersError, ForgedError

log = logging.getLogger(__name__)

MAX_ID = 100


class Signature(StrEnum):
    """What to do with a message whose signature is missing or wrong."""

    REQUIRE = "require"
    WARN = "warn"


class Named(msgspec.Struct, rename="camel"):
    """What tells a message from a trial whether we are there."""

    message_id: Any = None
    type: Any = None


def genuine_id(
    *, headers: Mapping[str, str], body: bytes, account: str, signature: Signature
) -> str:
    """Check the signature on the bytes as they came, and only then read them.

    It has no time, so that only the message's id tells a replay. CJ tries an address with a
    call that is no message, and takes nothing but 200 for an answer.

    Raises: BadHeadersError, ForgedError
    """
    sign = headers.get("sign", "")
    if not sign and _is_trial(body):
        return ""
    try:
        if not sign:
            raise BadHeadersError("the sign header is needed")
        if not is_signed(body, sign, account):
            raise ForgedError("the sign header does not fit")
    except ValueError as error:
        if signature is Signature.REQUIRE:
            raise
        log.warning("believed all the same: %s", error)
    return _message_id(body)


def is_signed(body: bytes, sign: str, open_id: str) -> bool:
    """Tell whether ``sign`` is Base64(HMAC-SHA256(openId as text, raw body))."""
    if not open_id:
        return False
    expected = base64.b64encode(hmac.digest(open_id.encode(), body, hashlib.sha256))
    return hmac.compare_digest(expected, sign.encode("utf-8", "replace"))


def _read(body: bytes) -> Named | None:
    try:
        return msgspec.json.decode(body, type=Named)
    except (msgspec.DecodeError, RecursionError):
        return None


def _is_trial(body: bytes) -> bool:
    named = _read(body)
    return not body.strip() or (named is not None and not named.message_id and not named.type)


def _message_id(body: bytes) -> str:
    """Read the id of a genuine message; one that cannot be read is named by its bytes."""
    found = named.message_id if (named := _read(body)) else None
    if isinstance(found, str | int) and not isinstance(found, bool):
        text = str(found)
        if 0 < len(text) <= MAX_ID and text.isprintable():
            return text
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
