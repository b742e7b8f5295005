"""What each error code and each order status of CJ means to us. Pure.

Source: CJ Dropshipping API v2, error codes; read 2026-11-24
"""

from __future__ import annotations

from storefront.lib.failures import OutsideError, PermanentError, TemporaryError
from suppliers.adapters.base import (
    Answer,
    DuplicateReferenceError,
    GoneError,
    OutOfStockError,
)


class TokenRefusedError(PermanentError):
    """The access token is missing, unknown or too old: nothing was done."""


class RefreshRefusedError(PermanentError):
    """The refresh token is no good: log in again."""


# Newer endpoints say 0 where older ones say 200.
GOOD = frozenset({200, 0})

# A code that is not here was understood and refused: PermanentError.
MEANING: dict[int, type[OutsideError]] = {
    1600000: TemporaryError,  # system busy
    1600001: TokenRefusedError,
    1600002: TokenRefusedError,
    1600003: RefreshRefusedError,
    1600200: TemporaryError,  # too many calls
    1600201: TemporaryError,  # the day's calls are used up
    1600301: TemporaryError,  # read timeout on their side
    1602000: GoneError,  # variant not found
    1602001: GoneError,  # product not found
    1602002: GoneError,  # product off shelf
    1602003: GoneError,  # variant off shelf
    1603000: TemporaryError,  # order creation failed: look it up before sending again
    1603003: DuplicateReferenceError,
    1603102: OutOfStockError,  # inventory deduction failed
}

# After these, what we asked to write may have been written.
MAYBE_WRITTEN = frozenset({1600000, 1600301, 1603000})

QUOTA_USED_UP = 1600201

# getOrderDetail: "order not found" shares its code with "bad parameter".
NO_SUCH_ORDER = frozenset({1600300, 1603100})

# How an order stands.
ANSWERS = {
    "CREATED": Answer.RECEIVED,
    "IN_CART": Answer.RECEIVED,
    "UNPAID": Answer.RECEIVED,
    "UNSHIPPED": Answer.ACCEPTED,
    "SHIPPED": Answer.SHIPPED,
    "DELIVERED": Answer.DELIVERED,
    "CANCELLED": Answer.CANCELED,
}


def failure(code: int, message: str, *, is_write: bool) -> OutsideError:
    """Make the error that an answer with this code is."""
    kind = MEANING.get(code, PermanentError)
    return kind(message, code=str(code), may_have_happened=is_write and code in MAYBE_WRITTEN)
