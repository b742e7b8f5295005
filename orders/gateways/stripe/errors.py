"""Stripe errors: map each error of the library to retry, refusal or unknown effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import stripe

from storefront.lib.http.errors import OutsideError, PermanentError, TemporaryError

type Fate = Callable[[str, str], OutsideError]


def _later(said: str, code: str) -> OutsideError:
    return TemporaryError(said, code=code)


def _unknown(said: str, code: str) -> OutsideError:
    return TemporaryError(said, code=code, may_have_happened=True)


def _refused(said: str, code: str) -> OutsideError:
    return PermanentError(said, code=code)


def _mixed_up(said: str, code: str) -> OutsideError:
    """Map a key that was used with other parameters: the effect of the first call is unknown."""
    return PermanentError(said, code=code, may_have_happened=True)


# The first match counts. A wrong API key is no refusal: the call works once the key is right.
FATES: tuple[tuple[type[stripe.StripeError], Fate], ...] = (
    (stripe.AuthenticationError, _later),
    (stripe.PermissionError, _later),
    (stripe.RateLimitError, _later),
    (stripe.IdempotencyError, _mixed_up),
    (stripe.CardError, _refused),
    (stripe.InvalidRequestError, _refused),
    (stripe.StripeError, _unknown),  # a server error, the same key still running, or no JSON
)
BROKEN_FROM = 500
REPLAYED = "idempotent-replayed"


@contextmanager
def told(what: str) -> Iterator[None]:
    """Translate the library's errors in a call.

    Raises: TemporaryError, PermanentError
    """
    try:
        yield
    except stripe.StripeError as error:
        raise fate_of(error, what=what) from error


def fate_of(error: stripe.StripeError, *, what: str) -> OutsideError:
    """Return our error for one of the library.

    A server error that Stripe replays under its key ends that call: it is retried under another
    key, after the gateway was read.
    """
    status = error.http_status or 0
    decline = getattr(error.error, "decline_code", None) or ""
    code = decline or error.code or (str(status) if status else "")
    said = f"stripe: {what}: HTTP {status} {code} {error.user_message or ''}".strip()[:300]
    if status >= BROKEN_FROM and (error.headers or {}).get(REPLAYED) == "true":
        return PermanentError(said, code="500")
    return next(fate for kind, fate in FATES if isinstance(error, kind))(said, code)
