"""Stripe errors: map each error of the library to retry, refusal or unknown effect."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import stripe

from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError

type ErrorFactory = Callable[[str, str], ExternalServiceError]


def _retry(text: str, code: str) -> ExternalServiceError:
    return TemporaryError(text, code=code)


def _unknown(text: str, code: str) -> ExternalServiceError:
    return TemporaryError(text, code=code, is_outcome_unknown=True)


def _refused(text: str, code: str) -> ExternalServiceError:
    return PermanentError(text, code=code)


def _key_reused(text: str, code: str) -> ExternalServiceError:
    """Map a key that was used with other parameters: the effect of the first call is unknown."""
    return PermanentError(text, code=code, is_outcome_unknown=True)


# The first match counts. A wrong API key is no refusal: the call works once the key is right.
ERRORS: tuple[tuple[type[stripe.StripeError], ErrorFactory], ...] = (
    (stripe.AuthenticationError, _retry),
    (stripe.PermissionError, _retry),
    (stripe.RateLimitError, _retry),
    (stripe.IdempotencyError, _key_reused),
    (stripe.CardError, _refused),
    (stripe.InvalidRequestError, _refused),
    # A server error, no JSON, or a call with the same key still runs.
    (stripe.StripeError, _unknown),
)
SERVER_ERROR = 500
REPLAYED = "idempotent-replayed"


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Translate the library's errors in a call.

    Raises: TemporaryError, PermanentError
    """
    try:
        yield
    except stripe.StripeError as error:
        raise translate(error, what=what) from error


def translate(error: stripe.StripeError, *, what: str) -> ExternalServiceError:
    """Return our error for one of the library.

    Stripe replays a server error to every call with the same key. Such a call is refused, so that
    it is retried with another key, after the payment was read.
    """
    status = error.http_status or 0
    decline = getattr(error.error, "decline_code", None) or ""
    code = decline or error.code or (str(status) if status else "")
    text = f"stripe: {what}: HTTP {status} {code} {error.user_message or ''}".strip()[:300]
    if status >= SERVER_ERROR and (error.headers or {}).get(REPLAYED) == "true":
        return PermanentError(text, code="500")
    return next(to_error for kind, to_error in ERRORS if isinstance(error, kind))(text, code)
