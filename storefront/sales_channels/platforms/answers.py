"""Answers: decode what a store sends, check its signatures. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec

from storefront.lib.http.errors import PermanentError
from storefront.lib.security.webhook_signing import InvalidSignatureError
from storefront.sales_channels.platforms.base import GARBAGE, UnreadableOrder


@contextmanager
def must_be_readable(what: str) -> Iterator[None]:
    """Raise PermanentError with the code ``GARBAGE`` if the block cannot translate an answer.

    The outcome of a write is then unknown.
    """
    try:
        yield
    except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError) as error:
        raise PermanentError(
            f"{what}: unexpected answer: {error}"[:300], code=GARBAGE, is_outcome_unknown=True
        ) from error


def decode[T](content: bytes, kind: type[T], *, what: str) -> T:
    """Decode JSON; numbers may be texts. Raises PermanentError."""
    with must_be_readable(what):
        return msgspec.json.decode(content, type=kind, strict=False)


def unreadable(external_id: str, error: PermanentError) -> UnreadableOrder:
    """Return an order of a list that cannot be translated. Raises any other error again."""
    if error.code != GARBAGE:
        raise error
    return UnreadableOrder(external_id=external_id, problem=str(error))


def lower_names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def check_hmac(body: bytes, *, secret: str, signature: str) -> None:
    """Check the base64 of a SHA-256 HMAC over a raw body. Raises InvalidSignatureError."""
    expected = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256))
    if not secret or not hmac.compare_digest(expected, signature.encode()):
        raise InvalidSignatureError("the signature does not match")
