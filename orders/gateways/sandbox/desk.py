"""What every part of the server needs to answer a call."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

from orders.gateways.sandbox.faults import Faults
from orders.gateways.sandbox.ledger import Ledger, Payment
from orders.gateways.sandbox.moves import RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The gateway itself: its book, its bad days, its name and its address."""

    ledger: Ledger
    faults: Faults
    secret: str
    base_url: str
    shop: str
    late_s: float

    def payment(self, payment_id: str) -> Payment:
        """Find a payment.

        Raises: RefusedError  there is none
        """
        payment = self.ledger.payment(payment_id)
        if payment is None:
            raise RefusedError("unknown_payment", "There is no such payment.", HTTPStatus.NOT_FOUND)
        return payment


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, read whole. ``words`` are the parts of its path."""

    method: str
    path: str
    words: tuple[str, ...]
    headers: Mapping[str, str]
    body: bytes
    now: float

    def understood[T](self, kind: type[T]) -> T:
        """Read the body as JSON of one shape.

        Raises: RefusedError  it is not JSON, or has another shape
        """
        if self.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise RefusedError(
                "not_json",
                "Send JSON, with Content-Type: application/json.",
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            )
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, RecursionError) as error:
            raise RefusedError("invalid_request", str(error), HTTPStatus.BAD_REQUEST) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int = HTTPStatus.OK
    body: str = ""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


type Work = Callable[[Desk, Call], Answer]


def as_json(shown: Any, status: int = HTTPStatus.OK) -> Answer:
    return Answer(status=status, body=json.dumps(shown))


def as_refusal(error: RefusedError) -> Answer:
    return as_json({"error": {"code": error.code, "message": str(error)}}, error.status)
