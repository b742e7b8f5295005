"""What we need from any payment gateway, in our words. No card ever touches us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from storefront.lib.money import Money


class PaymentNews(StrEnum):
    """What happened to a payment at the gateway."""

    AUTHORIZED = "authorized"
    DECLINED = "declined"
    FAILED = "failed"
    EXPIRED = "expired"
    CAPTURED = "captured"
    RELEASED = "released"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPayment:
    """A payment that waits for the shopper at the gateway's own page."""

    reference: str
    pay_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentUpdate:
    """One thing that happened to one payment.

    ``external_id`` is the gateway's id of the operation: the same in the answer to our call,
    in the webhook and in a later reading, so that it counts once.
    ``request_key`` is our idempotency key, when it answers a request of ours.
    """

    reference: str
    external_id: str
    news: PaymentNews
    amount: Money
    occurred_at: datetime
    request_key: str = ""
    reason: str = ""
    capture_before: datetime | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


class Gateway(Protocol):
    """Opens payments, and moves the money of an authorized one.

    Each call takes our key: the same key never moves money twice.

    Raises: TemporaryError  ask again with the same key
            PermanentError  it refused
    """

    def open(
        self, *, key: str, amount: Money, description: str, return_url: str, locale: str
    ) -> OpenedPayment: ...

    def capture(self, *, reference: str, amount: Money, key: str) -> PaymentUpdate: ...

    def release(self, *, reference: str, amount: Money, key: str) -> PaymentUpdate:
        """Give back a part, or all, of what is authorized and not captured."""
        ...

    def refund(self, *, reference: str, amount: Money, key: str) -> PaymentUpdate: ...

    def close(self) -> None: ...

    def history(self, *, reference: str) -> tuple[PaymentUpdate, ...]:
        """Read everything that happened to a payment: what a lost webhook would have told."""
        ...
