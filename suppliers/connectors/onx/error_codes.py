"""onX error codes: map the codes of a rejection to one of our errors. Pure.

Source: onX error model 1.0.0; read 2026-12-01. Servers define further codes, in capital letters.
"""

from collections.abc import Mapping

from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from suppliers.connectors.onx.protocol import Rejection
from suppliers.connectors.records import (
    DiscontinuedError,
    DuplicateReferenceError,
    ItemUnavailableError,
    NotCancellableError,
    OutOfStockError,
    UnsupportedCapabilityError,
)

MAX_MESSAGE_LENGTH = 200
UNCLEAR = "unclear"

# Our own wording: the answer to a write may repeat the customer's address.
MEANINGS: Mapping[str, tuple[type[ExternalServiceError], str]] = {
    **dict.fromkeys(
        ("INSUFFICIENT_INVENTORY", "INSUFFICIENT_STOCK", "OUT_OF_STOCK"),
        (OutOfStockError, "not enough stock"),
    ),
    **dict.fromkeys(
        ("PRODUCT_NOT_FOUND", "VARIANT_NOT_FOUND", "SKU_NOT_FOUND", "UNKNOWN_SKU"),
        (DiscontinuedError, "the item is not sold"),
    ),
    **dict.fromkeys(
        ("DUPLICATE_ORDER", "DUPLICATE_EXTERNAL_ID", "ORDER_ALREADY_EXISTS"),
        (DuplicateReferenceError, "an order with this number already exists"),
    ),
    "ORDER_NOT_FOUND": (PermanentError, "the order does not exist"),
    "INVALID_ORDER_STATE": (NotCancellableError, "the order's status does not allow it"),
    "-32700": (PermanentError, "the request is invalid"),
    "-32600": (PermanentError, "the request is invalid"),
    "-32601": (UnsupportedCapabilityError, "the server does not have this tool"),
    "-32602": (PermanentError, "the arguments are invalid"),
    "-32603": (TemporaryError, "the supplier has a technical problem"),
    "2001": (PermanentError, "the arguments are invalid"),
    "2002": (PermanentError, "a required field is missing"),
    "2003": (PermanentError, "a field has a wrong format"),
    "3001": (TemporaryError, "rate limit exceeded"),
    "3002": (TemporaryError, "the supplier does not answer in time"),
    "4002": (TemporaryError, "the supplier's system is unavailable"),
    "5001": (UnsupportedCapabilityError, "the server does not support this tool"),
}
# After these codes and after unknown ones, a write may have happened.
MAYBE_WRITTEN = frozenset({"-32603", "3002", "4002", UNCLEAR})


def to_error(rejection: Rejection, what: str, *, is_write: bool) -> ExternalServiceError:
    """Return the exception. For a write, its message contains none of the server's text."""
    code = next((code for code in rejection.codes if code in MEANINGS), UNCLEAR)
    kind, meaning = MEANINGS.get(code, _unclear(rejection))
    stated = code if code != UNCLEAR or not rejection.codes else rejection.codes[0][:40]
    words = meaning if is_write or not rejection.text else f"{meaning}: {rejection.text!r}"
    error = kind(
        f"{what}: {stated} {words}"[:MAX_MESSAGE_LENGTH],
        code=code,
        is_outcome_unknown=is_write and code in MAYBE_WRITTEN,
    )
    if isinstance(error, ItemUnavailableError):
        error.skus = rejection.skus
    return error


def _unclear(rejection: Rejection) -> tuple[type[ExternalServiceError], str]:
    if rejection.is_retryable:
        return TemporaryError, "the supplier asks to try again"
    return PermanentError, "rejected for a reason without a known code"
