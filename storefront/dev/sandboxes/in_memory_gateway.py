"""In-memory gateway: authorize, capture, void and refund as Stripe does, without a server.

For tests and for exploring. It reports the total captured and the total voided, not single
captures. A void ends the authorization.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from orders.gateways.base import (
    CaptureMode,
    GatewayBalance,
    OpenedPayment,
    PaymentUpdate,
    UnknownAtGatewayError,
    UpdateKind,
)
from storefront.lib.http.errors import ExternalServiceError, PermanentError
from storefront.lib.http.observers import CallObserver
from storefront.lib.money import Money

AUTHORIZED_FOR = timedelta(days=7)


@dataclass(slots=True, kw_only=True)
class InMemoryPayment:
    """The state of one payment at the gateway.

    ``is_over``: nothing more can be captured. ``end`` is the decline or expiry that ended it.
    """

    reference: str
    amount: Money
    return_url: str
    capture_mode: CaptureMode
    moved_at: datetime
    authorized_at: datetime | None = None
    captured: Money
    is_over: bool = False
    end: PaymentUpdate | None = None
    refunds: list[PaymentUpdate] = field(default_factory=list)

    @property
    def held(self) -> Money:
        """Return the amount that can still be captured."""
        if self.authorized_at is None or self.is_over:
            return Money.zero(self.amount.currency)
        return self.amount - self.captured

    @property
    def refunded(self) -> Money:
        return Money.total((refund.amount for refund in self.refunds), self.amount.currency)

    def updates(self) -> Iterator[PaymentUpdate]:
        """Yield the state as updates, in the order in which they are applied."""
        if self.authorized_at is not None:
            yield self.update(
                UpdateKind.AUTHORIZED,
                self.amount,
                occurred_at=self.authorized_at,
                capture_before=self.authorized_at + AUTHORIZED_FOR,
                capture_mode=self.capture_mode,
            )
        if self.captured:
            yield self.capture_total()
        if self.end is not None:
            yield self.end
        elif self.is_over and self.captured < self.amount:
            yield self.void_total()
        yield from self.refunds

    def capture_total(self, *, request_key: str = "") -> PaymentUpdate:
        return self.update(
            UpdateKind.CAPTURED, self.captured, is_total=True, request_key=request_key
        )

    def void_total(self) -> PaymentUpdate:
        return self.update(UpdateKind.VOIDED, self.amount - self.captured, is_total=True)

    def update(self, kind: UpdateKind, amount: Money, **fields: Any) -> PaymentUpdate:
        """Build an update; its ``external_id`` defaults to the reference and the kind."""
        known: dict[str, Any] = {
            "external_id": f"{self.reference}:{kind}",
            "occurred_at": None,
            **fields,
        }
        return PaymentUpdate(reference=self.reference, kind=kind, amount=amount, **known)


class InMemoryGateway:
    """A gateway in this process. ``capture_mode`` applies to payments that are opened later.

    Each call raises the first of ``errors``, if any, and each call with a key then the first of
    ``write_errors``. The error is removed, and the call changes nothing.
    """

    def __init__(
        self,
        *,
        gate: CallObserver | None = None,  # noqa: ARG002 - makes no calls
        capture_mode: CaptureMode = CaptureMode.MULTIPLE,
    ) -> None:
        self.capture_mode = capture_mode
        self.payments: dict[str, InMemoryPayment] = {}
        self.errors: list[ExternalServiceError] = []
        self.write_errors: list[ExternalServiceError] = []
        self._answers: dict[str, tuple[str, Money, OpenedPayment | PaymentUpdate]] = {}
        self._numbers = count(1)

    def open(
        self, *, key: str, amount: Money, description: str, return_url: str, locale: str
    ) -> OpenedPayment:
        def create() -> OpenedPayment:
            reference = f"fake_{next(self._numbers)}_{description}"
            self.payments[reference] = InMemoryPayment(
                reference=reference,
                amount=amount,
                return_url=return_url,
                capture_mode=self.capture_mode,
                captured=Money.zero(amount.currency),
                moved_at=datetime.now(UTC),
            )
            page = f"https://pay.example/{locale}/{reference}"
            return OpenedPayment(reference=reference, pay_url=page)

        return self._once(key, "open", amount, create)

    def capture(
        self, *, reference: str, amount: Money, key: str, is_last: bool = False
    ) -> PaymentUpdate:
        def capture() -> PaymentUpdate:
            payment = self._payment(reference)
            if payment.held < amount:
                raise PermanentError(f"capture {amount}: {payment.held} is authorized", code="409")
            if not is_last and payment.capture_mode is CaptureMode.SINGLE:
                raise PermanentError(f"{reference} can be captured once", code="400")
            payment.captured += amount
            payment.is_over = is_last or not payment.held
            payment.moved_at = datetime.now(UTC)
            return payment.capture_total(request_key=key)

        return self._once(key, f"capture {reference}", amount, capture)

    def release(self, *, reference: str, amount: Money, key: str) -> PaymentUpdate:
        def void() -> PaymentUpdate:
            payment = self._payment(reference)
            if not payment.held:
                raise PermanentError(f"void {reference}: nothing is authorized", code="409")
            payment.is_over = True
            payment.moved_at = datetime.now(UTC)
            return payment.void_total()

        return self._once(key, f"void {reference}", amount, void)

    def refund(self, *, reference: str, amount: Money, key: str) -> PaymentUpdate:
        def refund() -> PaymentUpdate:
            payment = self._payment(reference)
            left = payment.captured - payment.refunded
            if left < amount:
                raise PermanentError(f"refund {amount}: {left} is left", code="409")
            payment.moved_at = datetime.now(UTC)
            update = payment.update(
                UpdateKind.REFUNDED,
                amount,
                external_id=f"fake_re_{next(self._numbers)}",
                occurred_at=payment.moved_at,
                request_key=key,
            )
            payment.refunds.append(update)
            return update

        return self._once(key, f"refund {reference}", amount, refund)

    def authorization(self, *, reference: str) -> tuple[PaymentUpdate, ...]:
        return self.history(reference=reference)

    def history(self, *, reference: str) -> tuple[PaymentUpdate, ...]:
        self._fail()
        return tuple(self._payment(reference).updates())

    def abandon(self, *, reference: str, key: str) -> None:
        def abandon() -> OpenedPayment:
            payment = self._payment(reference)
            if payment.authorized_at is None and payment.end is None:
                self.expire(reference)
            return OpenedPayment(reference=reference, pay_url="")

        self._once(key, f"abandon {reference}", self._payment(reference).amount, abandon)

    def updates_of_event(self, *, body: bytes) -> tuple[PaymentUpdate, ...]:
        """Return the history of the payment whose reference is the body."""
        return tuple(self._payment(body.decode()).updates())

    def balance(self, *, reference: str) -> GatewayBalance:
        self._fail()
        if reference not in self.payments:
            raise UnknownAtGatewayError(f"{reference} is unknown", code="404")
        return _balance(self.payments[reference])

    def balances(self, *, since: datetime, until: datetime) -> Iterator[GatewayBalance]:
        self._fail()
        for payment in self.payments.values():
            if since <= payment.moved_at < until:
                yield _balance(payment)

    def close(self) -> None:
        """Do nothing: no connection is open."""

    def authorize(self, reference: str) -> PaymentUpdate:
        """Pay on behalf of the customer; an expired page stays expired."""
        payment = self._payment(reference)
        if not payment.is_over and payment.authorized_at is None:
            payment.authorized_at = payment.moved_at = datetime.now(UTC)
            payment.end = None
        return next(payment.updates())

    def decline(self, reference: str, *, reason: str = "card_declined") -> PaymentUpdate:
        payment = self._payment(reference)
        payment.moved_at = datetime.now(UTC)
        payment.end = payment.update(
            UpdateKind.DECLINED, payment.amount, occurred_at=payment.moved_at, reason=reason
        )
        return payment.end

    def expire(self, reference: str) -> PaymentUpdate:
        """Expire the payment page, or the authorization."""
        payment = self._payment(reference)
        payment.moved_at = datetime.now(UTC)
        payment.is_over = True
        left = payment.amount - payment.captured
        payment.end = payment.update(UpdateKind.EXPIRED, left, occurred_at=payment.moved_at)
        return payment.end

    def _once[T: (OpenedPayment, PaymentUpdate)](
        self, key: str, what: str, amount: Money, work: Callable[[], T]
    ) -> T:
        self._fail()
        if self.write_errors:
            raise self.write_errors.pop(0)
        if key in self._answers:
            first_what, first_amount, answer = self._answers[key]
            if (first_what, first_amount) != (what, amount):
                raise PermanentError(f"{key} was used for another request", code="409")
            return answer  # type: ignore[return-value]  # equal requests have equal answers
        answer = work()
        self._answers[key] = (what, amount, answer)
        return answer

    def _payment(self, reference: str) -> InMemoryPayment:
        if reference not in self.payments:
            raise PermanentError(f"{reference} is unknown", code="404")
        return self.payments[reference]

    def _fail(self) -> None:
        if self.errors:
            raise self.errors.pop(0)


def _balance(payment: InMemoryPayment) -> GatewayBalance:
    nothing = Money.zero(payment.amount.currency)
    return GatewayBalance(
        reference=payment.reference,
        name=payment.reference,
        authorized=nothing if payment.authorized_at is None else payment.amount,
        held=payment.held,
        captured=payment.captured,
        refunded=payment.refunded,
        moved_at=payment.moved_at,
    )
