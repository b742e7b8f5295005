"""Test gateway adapter: call the sandbox gateway as a real one, without moving money."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from orders.gateways.base import (
    OpenedPayment,
    PaymentNews,
    PaymentUpdate,
    Standing,
    TooMuchError,
    UnknownAtGatewayError,
)
from storefront.lib.http.client import Api
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.http.observers import Gate
from storefront.lib.money import Money

log = logging.getLogger(__name__)

READ_S = 5.0
TOTAL_S = 8.0
# Our key is wrong, not the request: it is worth asking again once the key is right.
OUR_FAULT = frozenset({"401", "403"})
ABSENT = "404"
A_PAGE, MOST_PAGES = 100, 200


class _Payment(msgspec.Struct, frozen=True):
    id: str
    amount: int
    currency: str
    pay_url: str


class _Sums(msgspec.Struct, frozen=True):
    """A payment with what became of its money; ``description`` is what we said it was for."""

    id: str
    status: str
    currency: str
    description: str
    authorized: int
    captured: int
    released: int
    refunded: int
    moved_at: datetime


class _Page(msgspec.Struct, frozen=True):
    payments: list[_Sums]
    has_more: bool


class _Event(msgspec.Struct, frozen=True):
    id: str
    payment: str
    kind: str
    amount: int
    currency: str
    occurred_at: datetime
    request_key: str = ""
    reason: str = ""
    capture_before: datetime | None = None


class _Events(msgspec.Struct, frozen=True):
    events: list[_Event]


class _Envelope(msgspec.Struct, frozen=True):
    data: _Event


class TestGateway:
    """The test gateway at one address; ``secret`` is our key there, and signs its news."""

    __test__ = False  # its name is no test case

    def __init__(self, *, base_url: str, secret: str, gate: Gate | None = None) -> None:
        self._api = Api(
            base_url,
            headers={"authorization": f"Bearer {secret}"},
            read_s=READ_S,
            total_s=TOTAL_S,
            gate=gate,
        )

    def open(
        self, *, key: str, amount: Money, description: str, return_url: str, locale: str
    ) -> OpenedPayment:
        body = {
            "amount": amount.minor,
            "currency": amount.currency,
            "description": description,
            "return_url": return_url,
            "locale": locale,
        }
        payment = self._post("/v1/payments", body, key=key, kind=_Payment)
        if (payment.amount, payment.currency) != (amount.minor, amount.currency):
            raise _not_understood(f"a payment of another amount: {payment}")
        return OpenedPayment(reference=payment.id, pay_url=payment.pay_url)

    def capture(
        self,
        *,
        reference: str,
        amount: Money,
        key: str,
        is_last: bool = False,  # noqa: ARG002 - any part may follow, at any time
    ) -> PaymentUpdate:
        return self._move("capture", PaymentNews.CAPTURED, reference, amount, key)

    def release(self, *, reference: str, amount: Money, key: str) -> PaymentUpdate:
        return self._move("release", PaymentNews.RELEASED, reference, amount, key)

    def refund(self, *, reference: str, amount: Money, key: str) -> PaymentUpdate:
        return self._move("refund", PaymentNews.REFUNDED, reference, amount, key)

    def history(self, *, reference: str) -> tuple[PaymentUpdate, ...]:
        path = f"{_path(reference)}/events"
        answer = _read(lambda: self._api.get(path), kind=_Events)
        if any(event.payment != reference for event in answer.events):
            raise _not_understood("events of another payment")
        return tuple(update for event in answer.events for update in _updates(event))

    def abandon(self, *, reference: str, key: str) -> None:
        _read(
            lambda: self._api.post(
                f"{_path(reference)}/abandon", {}, headers={"idempotency-key": key}
            ),
            kind=_Payment,
        )

    def hear(self, *, body: bytes) -> tuple[PaymentUpdate, ...]:
        return read_news(body)

    def standing(self, *, reference: str) -> Standing:
        try:
            return _standing(_read(lambda: self._api.get(_path(reference)), kind=_Sums))
        except PermanentError as error:
            if error.code == ABSENT:
                raise UnknownAtGatewayError(str(error), code=ABSENT) from error
            raise

    def standings(self, *, since: datetime, until: datetime) -> Iterator[Standing]:
        words: dict[str, Any] = {"since": since.timestamp(), "until": until.timestamp()}
        for _ in range(MOST_PAGES):
            page = _read(lambda: self._api.get("/v1/payments", limit=A_PAGE, **words), kind=_Page)
            yield from map(_standing, page.payments)
            if not page.has_more or not page.payments:
                return
            words["after"] = page.payments[-1].id
        raise TooMuchError(f"test gateway: more than {A_PAGE * MOST_PAGES} payments moved")

    def close(self) -> None:
        self._api.close()

    def _move(
        self, verb: str, news: PaymentNews, reference: str, amount: Money, key: str
    ) -> PaymentUpdate:
        body = {"amount": amount.minor}
        event = self._post(f"{_path(reference)}/{verb}", body, key=key, kind=_Event)
        told = (event.payment, event.kind, event.amount, event.currency)
        if told != (reference, news, amount.minor, amount.currency):
            raise _not_understood(f"another {verb}: {told}")
        (update,) = _updates(event)
        return update

    def _post[T](self, path: str, body: Any, *, key: str, kind: type[T]) -> T:
        headers = {"idempotency-key": key}
        return _read(lambda: self._api.post(path, body, headers=headers), kind=kind)


def read_news(body: bytes) -> tuple[PaymentUpdate, ...]:
    """Read the body of a webhook whose signature was found good; news we have no word for is none.

    Raises: PermanentError  it has not the shape that they promised
    """
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
    except (msgspec.DecodeError, RecursionError) as error:
        raise PermanentError(f"news not understood: {error}") from error
    return _updates(envelope.data)


def _read[T](call: Callable[[], Any], *, kind: type[T]) -> T:
    """Call, and read the answer; what cannot be understood is asked for again with the same key.

    Raises: TemporaryError  no answer, none that we understand, or our key is wrong
            PermanentError  they refused
    """
    try:
        return msgspec.convert(call(), type=kind)
    except PermanentError as error:
        if error.may_have_happened:
            raise _not_understood(str(error)) from error
        if error.code in OUR_FAULT:
            raise TemporaryError(str(error), code=error.code) from error
        raise
    except msgspec.ValidationError as error:
        raise _not_understood(str(error)) from error


def _not_understood(what: str) -> TemporaryError:
    return TemporaryError(f"test gateway: {what}", may_have_happened=True)


def _path(reference: str) -> str:
    return f"/v1/payments/{quote(reference, safe='')}"


def _standing(sums: _Sums) -> Standing:
    def money(minor: int) -> Money:
        return Money.from_minor(minor, sums.currency)

    is_held = sums.status == PaymentNews.AUTHORIZED
    return Standing(
        reference=sums.id,
        name=sums.id,
        order=sums.description,
        authorized=money(sums.authorized),
        held=money(sums.authorized - sums.captured - sums.released if is_held else 0),
        captured=money(sums.captured),
        refunded=money(sums.refunded),
        moved_at=sums.moved_at,
    )


def _updates(event: _Event) -> tuple[PaymentUpdate, ...]:
    try:
        news = PaymentNews(event.kind)
    except ValueError:
        log.warning("the test gateway tells of %r, which we do not know", event.kind)
        return ()
    return (
        PaymentUpdate(
            reference=event.payment,
            external_id=event.id,
            news=news,
            amount=Money.from_minor(event.amount, event.currency),
            occurred_at=event.occurred_at,
            request_key=event.request_key,
            reason=event.reason,
            capture_before=event.capture_before,
            raw=msgspec.to_builtins(event),
        ),
    )
