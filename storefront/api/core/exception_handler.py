"""Exception handler: map every error to RFC 9457 problem details, hide tracebacks."""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from orders.cancellation import cancellation
from orders.cart import carts
from orders.checkout import checkout, open_order_limits
from orders.links import order_url
from orders.models import Order
from orders.payments import refunds, sessions
from orders.promotions import codes, redemptions
from orders.returns.eligibility import CannotReturnError
from storefront.api.core import problem_types
from storefront.api.core.problem_types import ProblemType
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.money import Money
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
type Problem = tuple[ProblemType, Mapping[str, Any]]


class ProblemError(Exception):
    """A problem that the API itself detects, with additional members of the response."""

    def __init__(self, kind: ProblemType, **more: Any) -> None:
        super().__init__(kind.slug)
        self.kind = kind
        self.more = more


def handle_exception(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the response to any exception; an unexpected one is logged and never shown."""
    kind, more = problem_of(error)
    if kind is problem_types.INTERNAL_ERROR:
        request = context.get("request")
        log.error(
            "bug in %s %s", request and request.method, request and request.path, exc_info=error
        )
    return respond(kind, more)


def respond(kind: ProblemType, more: Mapping[str, Any]) -> Response:
    headers = {}
    members = dict(more)
    if kind.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if (retry_after_s := members.pop("retry_after_s", kind.retry_after_s)) is not None:
        headers["Retry-After"] = str(retry_after_s)
    body = {
        "type": f"{settings.PUBLIC_URL}/api/docs/#{kind.slug}",
        "title": str(kind.title),
        "status": kind.status,
        "detail": str(kind.detail),
        **members,
    }
    return Response(body, status=kind.status, content_type=CONTENT_TYPE, headers=headers)


def problem_of(error: Exception) -> Problem:
    """Return the problem of an exception, by its class or the nearest base class."""
    for above in type(error).__mro__:
        if above in PROBLEMS:
            entry = PROBLEMS[above]
            return (entry, {}) if isinstance(entry, ProblemType) else entry(error)
    return problem_types.INTERNAL_ERROR, {}


def money(amount: Money) -> dict[str, str]:
    return {"amount": str(amount.rounded().amount), "currency": amount.currency}


def order_access(order: Order) -> dict[str, str]:
    """Return the access data of an order; only for holders of its cart."""
    return {"number": order.number, "access_key": order.access_key, "url": order_url(order)}


def _flat(detail: Any, pointer: str = "#") -> list[dict[str, str]]:
    """Flatten validation errors into a list, each with a JSON pointer."""
    if isinstance(detail, Mapping):
        return [
            item
            for name, inner in detail.items()
            for item in _flat(inner, pointer if name == "non_field_errors" else f"{pointer}/{name}")
        ]
    if isinstance(detail, list):
        return [
            item
            for index, inner in enumerate(detail)
            for item in _flat(
                inner, pointer if not isinstance(inner, Mapping) else f"{pointer}/{index}"
            )
        ]
    return [{"pointer": pointer, "detail": str(detail)}]


def _invalid(error: exceptions.ValidationError) -> Problem:
    return problem_types.INVALID_FIELDS, {"errors": _flat(error.detail)}


PROBLEMS: Mapping[type[Exception], ProblemType | Callable[[Any], Problem]] = {
    ProblemError: lambda error: (error.kind, error.more),
    # exceptions of Django and DRF
    Http404: problem_types.NOT_FOUND,
    PermissionDenied: problem_types.NOT_FOUND,
    RequestDataTooBig: lambda _: (
        problem_types.BODY_TOO_LARGE,
        {"limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE},
    ),
    OperationalError: problem_types.UNAVAILABLE,
    InterfaceError: problem_types.UNAVAILABLE,
    exceptions.APIException: problem_types.INTERNAL_ERROR,
    exceptions.NotFound: problem_types.NOT_FOUND,
    exceptions.PermissionDenied: problem_types.NOT_FOUND,
    exceptions.MethodNotAllowed: problem_types.METHOD_NOT_ALLOWED,
    exceptions.NotAcceptable: problem_types.NOT_ACCEPTABLE,
    exceptions.UnsupportedMediaType: problem_types.UNSUPPORTED_MEDIA_TYPE,
    exceptions.ParseError: problem_types.MALFORMED_BODY,
    exceptions.ValidationError: _invalid,
    exceptions.Throttled: lambda error: (
        problem_types.RATE_LIMITED,
        {} if error.wait is None else {"retry_after_s": max(1, -int(-error.wait // 1))},
    ),
    # exceptions of the shop's functions
    carts.UnknownListingError: problem_types.LISTING_NOT_FOUND,
    carts.NotForSaleError: problem_types.NOT_FOR_SALE,
    carts.NoPriceError: problem_types.NOT_FOR_SALE,
    carts.NotEnoughError: lambda error: (
        problem_types.INSUFFICIENT_STOCK,
        {"available": error.available},
    ),
    carts.TooManyError: lambda error: (
        problem_types.QUANTITY_LIMIT_EXCEEDED,
        {"limit": error.limit},
    ),
    carts.PlacedCartError: problem_types.CART_ALREADY_PLACED,
    checkout.EmptyCartError: problem_types.EMPTY_CART,
    checkout.AlreadyPlacedError: lambda error: (
        problem_types.CART_ALREADY_PLACED,
        {"order": order_access(error.order)},
    ),
    checkout.UnavailableError: problem_types.OUT_OF_STOCK,
    open_order_limits.OpenOrderLimitError: lambda error: (
        problem_types.OPEN_ORDER_LIMIT_EXCEEDED,
        {"until": error.until.isoformat()} if error.until else {},
    ),
    checkout.QuoteOutdatedError: problem_types.CART_CHANGED,
    checkout.PriceChangedError: lambda error: (
        problem_types.PRICE_CHANGED,
        {"total": money(error.total)},
    ),
    checkout.NothingToPayError: problem_types.ZERO_TOTAL,
    codes.TooManyCodesError: problem_types.TOO_MANY_COUPONS,
    codes.CodeRejectedError: lambda error: (
        problem_types.INVALID_COUPON,
        {"reason": error.why.value},
    ),
    redemptions.LimitReachedError: lambda error: (
        problem_types.COUPON_USED_UP,
        {"code": error.code},
    ),
    sessions.NotPayableError: problem_types.NOT_PAYABLE,
    cancellation.TooLateError: problem_types.TOO_LATE_TO_CANCEL,
    InvalidTransitionError: lambda error: (problem_types.INVALID_STATUS, {"reason": str(error)}),
    ConcurrentUpdateError: lambda error: (problem_types.INVALID_STATUS, {"reason": str(error)}),
    CannotReturnError: lambda error: (problem_types.CANNOT_RETURN, {"reason": str(error)}),
    refunds.RefundTooLargeError: lambda error: (
        problem_types.REFUND_TOO_LARGE,
        {"refundable": money(error.refundable)},
    ),
    refunds.NothingToRefundError: problem_types.NOTHING_TO_REFUND,
    ExternalServiceError: problem_types.PAYMENT_GATEWAY_UNAVAILABLE,
}
