"""Gateway protocol: define the calls of a payment gateway, its payments, updates and balances.

No card data reaches the shop: customers enter it on the gateway's page.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money


class UnknownAtGatewayError(PermanentError):
    """The gateway has no payment with this reference."""


class TooManyPaymentsError(TemporaryError):
    """The gateway lists more payments than are read at once."""


class UpdateKind(StrEnum):
    """What happened to a payment at the gateway."""

    AUTHORIZED = "authorized"
    DECLINED = "declined"
    FAILED = "failed"
    EXPIRED = "expired"
    CAPTURED = "captured"
    VOIDED = "voided"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"  # the money came back to us, or never left
    DISPUTED = "disputed"  # the bank takes the money back, and may return it
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    FRAUD_WARNING = "fraud_warning"  # early fraud warning, before a dispute
    UNDER_REVIEW = "under_review"  # the gateway suspects fraud
    REVIEW_APPROVED = "review_approved"
    REVIEW_REJECTED = "review_rejected"


class CaptureMode(StrEnum):
    """How many captures one authorization allows. A void always ends the authorization."""

    MULTIPLE = "multiple"  # captures in parts, until the rest is voided
    SINGLE = "single"  # one capture, which voids the rest
    AT_SALE = "at_sale"  # captured before the order reached us: what is returned is refunded


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPayment:
    """A payment that awaits the customer at the gateway's own page."""

    reference: str
    pay_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentUpdate:
    """One operation on one payment.

    ``external_id`` is the gateway's id of the operation: the same in the answer to our call, in
    the webhook and in ``history``, so that it is recorded once.
    ``request_key`` is our idempotency key, if the operation answers our request.
    ``is_total``: the amount is the sum of all such operations so far, because the gateway reports
    no single operations. ``about`` is the operation that a failure reverses.
    ``occurred_at`` is empty where the gateway does not report it.
    """

    reference: str
    external_id: str
    kind: UpdateKind
    amount: Money
    occurred_at: datetime | None
    request_key: str = ""
    reason: str = ""
    capture_before: datetime | None = None
    capture_mode: CaptureMode = CaptureMode.MULTIPLE
    is_total: bool = False
    about: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayBalance:
    """The amounts of one payment in the gateway's books, in one currency.

    ``reference`` is empty in a list that does not contain it. ``key`` is the idempotency key that
    opened the payment and ``order`` its description, where the gateway keeps them. ``name`` is
    what staff search for at the gateway. ``held`` is authorized, and neither captured nor voided;
    ``refunded`` excludes failed refunds. ``moved_at`` is the last known change.
    """

    reference: str
    name: str
    authorized: Money
    held: Money
    captured: Money
    refunded: Money
    moved_at: datetime
    key: str = ""
    order: str = ""
    is_disputed: bool = False

    @property
    def has_money(self) -> bool:
        """Return whether money is authorized or was captured."""
        return bool(self.held or self.captured)


class Gateway(Protocol):
    """Open payments; capture, void and refund authorized ones.

    Each write takes an idempotency key: the same key never moves money twice.

    Raises: TemporaryError  retry with the same key
            PermanentError  the gateway refused
    """

    def open(
        self, *, key: str, amount: Money, description: str, return_url: str, locale: str
    ) -> OpenedPayment: ...

    def capture(
        self, *, reference: str, amount: Money, key: str, is_last: bool = False
    ) -> PaymentUpdate:
        """Capture a part, or all, of the authorized amount; the last capture voids the rest."""
        ...

    def release(self, *, reference: str, amount: Money, key: str) -> PaymentUpdate:
        """Void all that is authorized and not captured; ``amount`` sets no limit."""
        ...

    def refund(self, *, reference: str, amount: Money, key: str) -> PaymentUpdate: ...

    def abandon(self, *, reference: str, key: str) -> None:
        """Close the payment page. An earlier payment stays, and ``history`` reports it."""
        ...

    def updates_of_event(self, *, body: bytes) -> tuple[PaymentUpdate, ...]:
        """Return the updates of a verified webhook; may call the gateway.

        Unknown events yield no update.
        """
        ...

    def close(self) -> None: ...

    def authorization(self, *, reference: str) -> tuple[PaymentUpdate, ...]:
        """Return whether the customer has paid: ``history`` without what can follow only later.

        Call it for a customer who has just returned from the payment page.
        """
        ...

    def history(self, *, reference: str) -> tuple[PaymentUpdate, ...]:
        """Return everything that happened to a payment, also events whose webhook was lost."""
        ...

    def balance(self, *, reference: str) -> GatewayBalance:
        """Return the amounts of one payment.

        Raises: UnknownAtGatewayError  the gateway has no such payment
        """
        ...

    def balances(self, *, since: datetime, until: datetime) -> Iterator[GatewayBalance]:
        """Yield the payments that changed in a time span, page by page; a payment may come twice.

        Raises: TooManyPaymentsError  more payments changed than one call reads
        """
        ...
