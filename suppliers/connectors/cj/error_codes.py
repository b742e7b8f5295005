"""CJ codes: map error codes to our errors, order statuses to ``Acknowledgement``. Pure.

Source: CJ Dropshipping API v2, error codes; read 2026-11-24
"""

from enum import StrEnum

from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from suppliers.connectors.records import (
    Acknowledgement,
    DiscontinuedError,
    DuplicateReferenceError,
    NoShippingServiceError,
    OutOfStockError,
)


class TokenRejectedError(PermanentError):
    """The access token is missing, unknown or expired: the call had no effect."""


class RefreshRejectedError(PermanentError):
    """The refresh token is invalid: log in again."""


class PointsExceededError(TemporaryError):
    """The day's points are used up: send nothing before 00:00 UTC."""


class SubscriptionLimitError(PermanentError):
    """The account's level allows no more subscriptions."""


class Meaning(StrEnum):
    """What an error code means; the values are texts for staff."""

    RETRY = "the supplier is busy; try again in a moment"
    REAUTHENTICATE = "the access token is invalid"
    LOGIN = "the refresh token is invalid"
    CONFIGURATION = "the account or the connection needs to be corrected"
    PERMANENT = "the request is rejected; a retry has the same result"
    PAUSE = "the daily quota is used up"
    GONE = "the item is discontinued"
    OUT_OF_STOCK = "not enough stock"
    LOOK_UP = "the order may exist; it is looked up first"
    ADOPT = "an order with this number already exists"
    HOLD = "the balance is too low; top it up, or pay on the supplier's site"
    REQUOTE = "the shipping service is not available; choose another"
    MANUAL = "contact the supplier to resolve this"
    KNOWN = "already done"
    CAP = "the account level allows no more subscriptions"
    ITEM = "this item cannot be subscribed to"
    CHANGED = "the order has changed; read it again"
    TRIAL = "only the supplier's test system returns this"


# Newer endpoints return 0 where older ones return 200.
SUCCESS_CODES = frozenset({200, 0})

CODES: dict[Meaning, tuple[int, ...]] = {
    Meaning.RETRY: (1600000, 1600200, 1600301),
    Meaning.REAUTHENTICATE: (1600001, 1600002),
    Meaning.LOGIN: (1600003,),
    Meaning.CONFIGURATION: (
        1600004, 1600005, 1600006, 1600007, 1600008, 1600009, 1600010, 1600011, 1600012, 1600013,
        1600030, 1600031, 1601000, 1606001, 1606010, 1607000, 1607001, 1607002, 1607003,
    ),
    Meaning.PERMANENT: (
        1600100, 1600101, 1600300, 1602004, 1605002, 16070002,
        16900202, 16900203, 16900204, 16900205, 16900403,
    ),
    Meaning.PAUSE: (1600201,),
    Meaning.GONE: (1602000, 1602001, 1602002, 1602003),
    Meaning.OUT_OF_STOCK: (1603102,),
    Meaning.LOOK_UP: (1603000,),
    Meaning.ADOPT: (1603003,),
    Meaning.HOLD: (1604000, 1604001),
    Meaning.REQUOTE: (1605000, 1605001, 1607004),
    Meaning.MANUAL: (
        1603001, 1603002, 1603100, 1603101, 1607006, 1607007, 1607008, 1607009, 1607010,
        *range(1609000, 1609017),
    ),
    Meaning.KNOWN: (1606000,),
    Meaning.CAP: (1606011,),
    Meaning.ITEM: (1606012, 1606013),
    Meaning.CHANGED: (8002,),
    Meaning.TRIAL: (803, 811, 818, 819, 820, 821),
}  # fmt: skip
MEANINGS = {code: meaning for meaning, codes in CODES.items() for code in codes}

# All other meanings are a PermanentError: rejected without effect.
EXCEPTIONS: dict[Meaning, type[ExternalServiceError]] = {
    Meaning.RETRY: TemporaryError,
    Meaning.REAUTHENTICATE: TokenRejectedError,
    Meaning.LOGIN: RefreshRejectedError,
    Meaning.PAUSE: PointsExceededError,
    Meaning.GONE: DiscontinuedError,
    Meaning.OUT_OF_STOCK: OutOfStockError,
    Meaning.LOOK_UP: TemporaryError,
    Meaning.ADOPT: DuplicateReferenceError,
    Meaning.REQUOTE: NoShippingServiceError,
    Meaning.CAP: SubscriptionLimitError,
    Meaning.CHANGED: TemporaryError,
}

# After these codes, the write may have happened.
MAYBE_WRITTEN_CODES = frozenset({1600000, 1600301, 1603000})

RATE_LIMITED = 1600200
# CJ has closed the endpoint, or this account does not have it.
UNKNOWN_ENDPOINT_CODES = frozenset({"1600100", "1600101", "404"})
BAD_PARAMETER = "1600300"
ORDER_NOT_FOUND = "1603100"
# getOrderDetail answers either of these for an order that CJ does not have.
UNKNOWN_ORDER_CODES = frozenset({BAD_PARAMETER, ORDER_NOT_FOUND})

# Order statuses.
ACKNOWLEDGEMENTS = {
    "CREATED": Acknowledgement.RECEIVED,
    "IN_CART": Acknowledgement.RECEIVED,
    "UNPAID": Acknowledgement.RECEIVED,
    "UNSHIPPED": Acknowledgement.ACCEPTED,
    "SHIPPED": Acknowledgement.SHIPPED,
    "DELIVERED": Acknowledgement.DELIVERED,
    "CANCELLED": Acknowledgement.CANCELED,
}

# Statuses of an order of stock that we own at CJ.
OUTBOUND_ACKNOWLEDGEMENTS = {
    "WAIT_PAY": Acknowledgement.RECEIVED,
    "PAYMENT_INCOMING": Acknowledgement.RECEIVED,
    "PAID": Acknowledgement.ACCEPTED,
    "WAIT_SHIPMENT": Acknowledgement.ACCEPTED,
    "INTERCEPTING": Acknowledgement.ACCEPTED,
    "INTERCEPT": Acknowledgement.CANCELED,
    "SHIPPED": Acknowledgement.SHIPPED,
    "COMPLETED": Acknowledgement.DELIVERED,
    "OVER": Acknowledgement.DELIVERED,
    "CANCELLED": Acknowledgement.CANCELED,
    "REFUND_COMPLETE": Acknowledgement.CANCELED,
    "RESEND_OVER": Acknowledgement.SHIPPED,
}
# The numeric statuses of a LOGISTIC message, as a carrier would word them.
TRACKING_LABELS = {
    0: "No tracking",
    1: "Left the warehouse",
    2: "Received by the forwarder",
    3: "Returned by the forwarder",
    4: "Left the forwarder",
    5: "In transit",
    6: "Arrived in the destination country",
    7: "Customs clearance started",
    8: "Customs clearance completed",
    9: "Picked up by the local carrier",
    10: "Out for delivery",
    11: "Available for pickup",
    12: "Delivered",
    13: "Delivery failed",
    14: "Returned to sender",
}


def meaning_of(code: int) -> Meaning:
    """Return the meaning of a code; an unknown code is a rejection."""
    return MEANINGS.get(code, Meaning.PERMANENT)


def to_error(code: int, message: str, *, is_write: bool) -> ExternalServiceError:
    meaning = meaning_of(code)
    kind = EXCEPTIONS.get(meaning, PermanentError)
    is_unknown = is_write and code in MAYBE_WRITTEN_CODES
    return kind(f"{message}: {meaning}", code=str(code), is_outcome_unknown=is_unknown)
