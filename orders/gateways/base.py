"""Gateway protocol: define the calls of a payment gateway, its payments, updates and balances.

No card data reaches the shop: customers enter it on the gateway's page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money


class UnknownAtGatewayError(PermanentError):
    """The gateway has no payment by this name."""


class TooMuchError(TemporaryError):
    """The gateway lists more than is read at once: not all of it was."""


class PaymentNews(StrEnum):
    """What happened to a payment at the gateway."""

    AUTHORIZED = "authorized"
    DECLINED = "declined"
    FAILED = "failed"
    EXPIRED = "expired"
    CAPTURED = "captured"
    RELEASED = "released"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"  # it is back with us, or never left
    DISPUTED = "disputed"  # the bank takes the money back, and may give it again
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    WARNED = "warned"  # of fraud, before a dispute
    UNDER_REVIEW = "under_review"  # people at the gateway look at it: perhaps it is fraud
    REVIEW_APPROVED = "review_approved"
    REVIEW_REFUSED = "review_refused"


class CaptureMode(StrEnum):
    """How many captures one authorization allows. A void always ends the authorization."""

    MULTIPLE = "multiple"  # captures in parts, until the rest is voided
    SINGLE = "single"  # one capture, which voids the rest


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
    ``is_total``: the amount is the sum of all such news so far, told by a gateway that names no
    single ones. ``about`` is the operation that a failure takes back.
    ``occurred_at`` is empty where the gateway does not say.
    """

    reference: str
    external_id: str
    news: PaymentNews
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
class Standing:
    """How one payment stands in the gateway's own books, in sums of one currency.

    ``reference`` is what we call it there, empty in a list that does not tell; ``key`` is our key
    that opened it, and ``order`` what we said it was for, where they are kept. ``name`` is what
    people find it by at the gateway. ``held`` is authorized, and neither captured nor given back;
    ``refunded`` is without what came back. ``moved_at`` is when it moved last, as far as it says.
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
        """Whether it holds or moved any."""
        return bool(self.held or self.captured)


class Gateway(Protocol):
    """Opens payments, and moves the money of an authorized one.

    Each call takes our key: the same key never moves money twice.

    Raises: TemporaryError  ask again with the same key
            PermanentError  it refused
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
        """Void what is authorized and not captured: all of it, whatever the amount."""
        ...

    def refund(self, *, reference: str, amount: Money, key: str) -> PaymentUpdate: ...

    def abandon(self, *, reference: str, key: str) -> None:
        """Let nobody pay any more; what was paid before stays, and is told by ``history``."""
        ...

    def hear(self, *, body: bytes) -> tuple[PaymentUpdate, ...]:
        """Read the body of a webhook whose signature was found good; the gateway may be asked.

        News that we have no word for is none.
        """
        ...

    def close(self) -> None: ...

    def history(self, *, reference: str) -> tuple[PaymentUpdate, ...]:
        """Read everything that happened to a payment: what a lost webhook would have told."""
        ...

    def standing(self, *, reference: str) -> Standing:
        """Read how one payment stands.

        Raises: UnknownAtGatewayError  it has none
        """
        ...

    def standings(self, *, since: datetime, until: datetime) -> Iterator[Standing]:
        """Read, page by page, how the payments stand that moved in a time; one may come twice.

        Raises: TooMuchError  there are more than it reads
        """
        ...
