"""onX errors: translate problems of the API into the error model of the standard."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from storefront.api.core import problem_types as problems
from storefront.api.core.problem_types import ProblemType

INVALID, MISSING, MALFORMED = 2001, 2002, 2003
RATE_LIMITED, TIMED_OUT = 3001, 3002
REFUSED, UNAVAILABLE = 4001, 4002
NOT_IMPLEMENTED = 5001

CODES = {
    problems.RATE_LIMITED.slug: RATE_LIMITED,
    problems.KEY_IN_USE.slug: TIMED_OUT,
    problems.UNAVAILABLE.slug: UNAVAILABLE,
    problems.PAYMENT_GATEWAY_UNAVAILABLE.slug: UNAVAILABLE,
    problems.INVALID_FIELDS.slug: INVALID,
    problems.INVALID_ADDRESS.slug: INVALID,
}
RETRYABLE = frozenset({RATE_LIMITED, TIMED_OUT, UNAVAILABLE})
# Identifiers that clients of the standard know; others are those of our API, in capitals.
IDENTIFIERS = {
    problems.OUT_OF_STOCK.slug: "INSUFFICIENT_INVENTORY",
    problems.INSUFFICIENT_STOCK.slug: "INSUFFICIENT_INVENTORY",
    problems.NOT_FOR_SALE.slug: "INSUFFICIENT_INVENTORY",
    problems.TOO_LATE_TO_CANCEL.slug: "INVALID_ORDER_STATE",
    problems.INVALID_STATUS.slug: "INVALID_ORDER_STATE",
}
_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")
# Where a field of our API comes from.
_FIELDS = {
    "email": "order.customer.email",
    "lines": "order.lineItems",
    "delivery": "order.shippingCode",
    "total": "order.totalPrice",
    "ship_to": "order.shippingAddress",
    "line1": "address1",
    "line2": "address2",
    "postcode": "zipCodeOrPostalCode",
    "region": "stateOrProvince",
    "name": "firstName",
    "tracking_number": "trackingNumbers",
    "carrier": "shippingCarrier",
}


class OnxError(Exception):
    """A refusal of a tool, in the terms of the standard."""

    def __init__(self, code: int, message: str, *, field: str = "", reason: str = "") -> None:
        super().__init__(message)
        details = {"field": field, "reason": reason}
        self.shown = _error(code, message, {key: text for key, text in details.items() if text})


def missing(field: str) -> OnxError:
    return OnxError(MISSING, f"{field} is required.", field=field)


def invalid(field: str, message: str) -> OnxError:
    return OnxError(INVALID, message, field=field)


def refused(identifier: str, message: str, *, field: str = "") -> OnxError:
    error = OnxError(REFUSED, message, field=field)
    error.shown["details"]["originalError"] = identifier
    return error


def not_implemented(field: str, message: str) -> OnxError:
    return OnxError(NOT_IMPLEMENTED, message, field=field)


def of_input(error: msgspec.ValidationError) -> OnxError:
    """Return the error of arguments that do not match the schema."""
    text = str(error)
    at = _PATH.search(text)
    path = at["path"] if at else ""
    reason = text[: at.start()] if at else text
    if absent := _MISSING.search(reason):
        field = ".".join(filter(None, (path, absent["name"])))
        return OnxError(MISSING, f"{field} is required.", field=field, reason=reason)
    code = MALFORMED if "regex" in reason else INVALID
    return OnxError(code, f"{path or 'The input'} is not valid: {reason}", field=path)


def of_problem(kind: ProblemType, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the error of a problem of the API, with its members as context."""
    slug = kind.slug
    code = CODES.get(slug, REFUSED)
    details: dict[str, Any] = {
        "originalError": IDENTIFIERS.get(slug, slug.upper().replace("-", "_")),
        "suggestion": str(kind.detail),
    }
    first = next(iter(more.get("errors", ())), None)
    if first is not None and "pointer" in first:
        details["field"] = _field_of(first["pointer"])
        details["reason"] = str(first["detail"])
    if more:
        details["context"] = dict(more)
    error = _error(code, str(kind.title), details)
    # A server error changed nothing, or is found again by its ids.
    error["retryable"] = error["retryable"] or kind is problems.INTERNAL_ERROR
    return error


def _error(code: int, message: str, details: dict[str, Any]) -> dict[str, Any]:
    return {"code": code, "message": message, "retryable": code in RETRYABLE, "details": details}


def _field_of(pointer: str) -> str:
    path = ""
    for part in pointer.removeprefix("#/").split("/"):
        path += f"[{part}]" if part.isdigit() else f".{_FIELDS.get(part, part)}"
    return path.removeprefix(".")
