"""In-memory gateway: follow the rules of a payment gateway without a server.

For tests and for exploring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from orders.gateways.base import (
    OpenedPayment,
    PaymentNews,
    PaymentUpdate,
    Standing,
    UnknownAtGatewayError,
)
from storefront.lib.http.errors import OutsideError, PermanentError
from storefront.lib.http.observers import Gate
from storefront.lib.money import Money

HELD_FOR = timedelta(days=7)


@dataclass(slots=True, kw_only=True)
class FakePayment:
    """One payment at the gateway."""

    reference: str
    amount: Money
    return_url: str
    news: list[PaymentUpdate] = field(default_factory=list)

    def sum_of(self, *kinds: PaymentNews) -> Money:
        told = (update.amount for update in self.news if update.news in kinds)
        return Money.total(told, self.amount.currency)

    @property
    def held(self) -> Money:
        if any(update.news is PaymentNews.EXPIRED for update in self.news):
            return Money.zero(self.amount.currency)
        gone = self.sum_of(PaymentNews.CAPTURED, PaymentNews.RELEASED)
        return self.sum_of(PaymentNews.AUTHORIZED) - gone

    @property
    def refundable(self) -> Money:
        return self.sum_of(PaymentNews.CAPTURED) - self.sum_of(PaymentNews.REFUNDED)


class FakeGateway:
    """Raises the errors in ``troubles``, one per call, which then has no effect."""

    def __init__(self, *, gate: Gate | None = None) -> None:  # noqa: ARG002 - no calls
        self.payments: dict[str, FakePayment] = {}
        self.troubles: list[OutsideError] = []
        self._answers: dict[str, tuple[str, Money, OpenedPayment | PaymentUpdate]] = {}
        self._numbers = count(1)

    def open(
        self, *, key: str, amount: Money, description: str, return_url: str, locale: str
    ) -> OpenedPayment:
        def work() -> OpenedPayment:
            reference = f"fake_{next(self._numbers)}_{description}"
            self.payments[reference] = FakePayment(
                reference=reference, amount=amount, return_url=return_url
            )
            page = f"https://pay.example/{locale}/{reference}"
            return OpenedPayment(reference=reference, pay_url=page)

        return self._once(key, "open", amount, work)

    def capture(
        self,
        *,
        reference: str,
        amount: Money,
        key: str,
        is_last: bool = False,  # noqa: ARG002 - any part may be captured at any time
    ) -> PaymentUpdate:
        return self._move(PaymentNews.CAPTURED, reference, amount, key)

    def release(self, *, reference: str, amount: Money, key: str) -> PaymentUpdate:
        return self._move(PaymentNews.RELEASED, reference, amount, key)

    def refund(self, *, reference: str, amount: Money, key: str) -> PaymentUpdate:
        return self._move(PaymentNews.REFUNDED, reference, amount, key)

    def history(self, *, reference: str) -> tuple[PaymentUpdate, ...]:
        self._trouble()
        return tuple(self._payment(reference).news)

    def abandon(self, *, reference: str, key: str) -> None:
        def work() -> OpenedPayment:
            payment = self._payment(reference)
            if not payment.news:
                self.expire(reference)
            return OpenedPayment(reference=reference, pay_url="")

        self._once(key, f"abandon {reference}", self._payment(reference).amount, work)

    def hear(self, *, body: bytes) -> tuple[PaymentUpdate, ...]:
        """Return all events of the payment named in the body."""
        return tuple(self._payment(body.decode()).news)

    def standing(self, *, reference: str) -> Standing:
        self._trouble()
        if reference not in self.payments:
            raise UnknownAtGatewayError(f"{reference} is unknown", code="404")
        return _standing(self.payments[reference])

    def standings(self, *, since: datetime, until: datetime) -> Iterator[Standing]:
        self._trouble()
        for payment in self.payments.values():
            if any(since <= (news.occurred_at or since) < until for news in payment.news):
                yield _standing(payment)

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def authorize(self, reference: str) -> PaymentUpdate:
        """Let the customer pay."""
        return self._tell(PaymentNews.AUTHORIZED, reference)

    def decline(self, reference: str, *, reason: str = "card_declined") -> PaymentUpdate:
        return self._tell(PaymentNews.DECLINED, reference, reason=reason)

    def expire(self, reference: str) -> PaymentUpdate:
        """Let the hold, or the payment page, expire."""
        return self._tell(PaymentNews.EXPIRED, reference)

    def _move(self, news: PaymentNews, reference: str, amount: Money, key: str) -> PaymentUpdate:
        def work() -> PaymentUpdate:
            payment = self._payment(reference)
            left = payment.refundable if news is PaymentNews.REFUNDED else payment.held
            if left < amount:
                raise PermanentError(f"{news} {amount}: only {left} is left", code="409")
            return self._tell(news, reference, amount=amount, request_key=key)

        return self._once(key, f"{news} {reference}", amount, work)

    def _once[T: (OpenedPayment, PaymentUpdate)](
        self, key: str, what: str, amount: Money, work: Callable[[], T]
    ) -> T:
        self._trouble()
        if key in self._answers:
            first_what, first_amount, answer = self._answers[key]
            if (first_what, first_amount) != (what, amount):
                raise PermanentError(f"{key} was used for another request", code="409")
            return answer  # type: ignore[return-value]  # equal requests have equal answers
        answer = work()
        self._answers[key] = (what, amount, answer)
        return answer

    def _tell(
        self,
        news: PaymentNews,
        reference: str,
        *,
        amount: Money | None = None,
        request_key: str = "",
        reason: str = "",
    ) -> PaymentUpdate:
        payment = self._payment(reference)
        now = datetime.now(UTC)
        update = PaymentUpdate(
            reference=reference,
            external_id=f"fake_evt_{next(self._numbers)}",
            news=news,
            amount=payment.amount if amount is None else amount,
            occurred_at=now,
            request_key=request_key,
            reason=reason,
            capture_before=now + HELD_FOR if news is PaymentNews.AUTHORIZED else None,
        )
        payment.news.append(update)
        return update

    def _payment(self, reference: str) -> FakePayment:
        if reference not in self.payments:
            raise PermanentError(f"{reference} is unknown", code="404")
        return self.payments[reference]

    def _trouble(self) -> None:
        if self.troubles:
            raise self.troubles.pop(0)


def _standing(payment: FakePayment) -> Standing:
    moments = [news.occurred_at for news in payment.news if news.occurred_at]
    return Standing(
        reference=payment.reference,
        name=payment.reference,
        authorized=payment.sum_of(PaymentNews.AUTHORIZED),
        held=payment.held,
        captured=payment.sum_of(PaymentNews.CAPTURED),
        refunded=payment.sum_of(PaymentNews.REFUNDED),
        moved_at=max(moments, default=datetime.min.replace(tzinfo=UTC)),
    )
