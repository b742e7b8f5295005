"""Test gateway API: create payments, capture, release and refund, list events."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from babel.core import Locale
from msgspec import Meta

from storefront.dev.sandboxes.gateway import operations
from storefront.dev.sandboxes.gateway.context import Desk
from storefront.dev.sandboxes.gateway.messages import (
    Answer,
    Call,
    RefusedError,
    as_json,
    as_refusal,
)
from storefront.dev.sandboxes.gateway.serializers import event_shown, payment_shown
from storefront.dev.sandboxes.gateway.state.ledger import Event, Ledger, Payment

MAX_KEY = 255
Amount = Annotated[int, Meta(ge=1, le=99_999_999)]
CURRENCIES = frozenset(Locale("en").currencies)


class NewPayment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    amount: Amount
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    return_url: Annotated[str, Meta(max_length=500)]
    description: Annotated[str, Meta(max_length=200)] = ""
    locale: Annotated[str, Meta(pattern="^[a-z]{2}(-[A-Za-z]{2,4})?$")] = "en"


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So much of a payment."""

    amount: Amount


def need_key(desk: Desk, call: Call) -> None:
    """Let only our shop in.

    Raises: RefusedError  the bearer key is missing or wrong
    """
    given = call.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {desk.secret}".encode()):
        raise RefusedError(
            "wrong_key",
            "Send the shop's key as Authorization: Bearer.",
            HTTPStatus.UNAUTHORIZED,
        )


def create(desk: Desk, call: Call) -> Answer:
    asked = call.understood(NewPayment)
    if not _is_web_address(asked.return_url) or asked.currency not in CURRENCIES:
        wrong = "return_url" if asked.currency in CURRENCIES else "currency"
        raise RefusedError("invalid_request", f"{wrong} is not valid.", HTTPStatus.BAD_REQUEST)

    def work(_key: str) -> Answer:
        order = operations.Order(
            amount=asked.amount,
            currency=asked.currency,
            description=asked.description,
            return_url=asked.return_url,
            locale=asked.locale,
        )
        payment = operations.open_payment(desk.ledger, order, now=call.now)
        return as_json(payment_shown(payment, base_url=desk.base_url), HTTPStatus.CREATED)

    return _once(desk, call, asked, work)


def read(desk: Desk, call: Call) -> Answer:
    payment = desk.payment(call.words[0])
    moved_at = desk.ledger.moved_at(payment)
    return as_json(payment_shown(payment, base_url=desk.base_url, moved_at=moved_at))


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which payments to list: what happened since, and until, in seconds since 1970."""

    since: float
    until: float
    after: Annotated[str, Meta(max_length=64)] = ""
    limit: Annotated[int, Meta(ge=1, le=100)] = 100


def moved(desk: Desk, call: Call) -> Answer:
    """List the payments to which something happened in a time, page by page."""
    try:
        asked = msgspec.convert(dict(parse_qsl(call.query)), type=Wanted, strict=False)
    except msgspec.ValidationError as error:
        raise RefusedError("invalid_request", str(error), HTTPStatus.BAD_REQUEST) from error
    found = desk.ledger.moved(
        since=asked.since, until=asked.until, after=asked.after, most=asked.limit + 1
    )
    page = found[: asked.limit]
    shown = [payment_shown(one, base_url=desk.base_url, moved_at=at) for one, at in page]
    return as_json({"payments": shown, "has_more": len(found) > asked.limit})


def events(desk: Desk, call: Call) -> Answer:
    payment = desk.payment(call.words[0])
    return as_json({"events": [event_shown(event) for event in desk.ledger.events(payment.id)]})


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No words are needed."""


def abandon(desk: Desk, call: Call) -> Answer:
    """Close the page of a payment that nobody paid; any other stays as it is."""
    (payment_id,) = call.words
    desk.payment(payment_id)
    asked = call.understood(Nothing)

    def work(_key: str) -> Answer:
        payment = operations.abandon(desk.ledger, desk.payment(payment_id), now=call.now)
        return as_json(payment_shown(payment, base_url=desk.base_url))

    return _once(desk, call, asked, work)


MOVES: dict[str, Callable[..., Event]] = {
    "capture": operations.capture,
    "release": operations.release,
    "refund": operations.refund,
}


def move(desk: Desk, call: Call) -> Answer:
    payment_id, verb = call.words
    desk.payment(payment_id)
    asked = call.understood(Part)

    def work(key: str) -> Answer:
        payment: Payment = desk.payment(payment_id)
        event = MOVES[verb](desk.ledger, payment, amount=asked.amount, key=key, now=call.now)
        return as_json(event_shown(event))

    return _once(desk, call, asked, work)


def _once(desk: Desk, call: Call, asked: Any, work: Callable[[str], Answer]) -> Answer:
    """Do the work of one key once, and answer later calls with the first answer.

    A refusal is an answer too: the same key is refused again even when it could be done by then.
    """
    key = call.headers.get("idempotency-key", "")
    if not 0 < len(key) <= MAX_KEY:
        raise RefusedError(
            "key_required",
            f"Send an Idempotency-Key of 1 to {MAX_KEY} characters.",
            HTTPStatus.BAD_REQUEST,
        )
    digest = hashlib.sha256(f"{call.path} ".encode() + msgspec.json.encode(asked)).hexdigest()
    with desk.ledger.writing():
        if (known := _known(desk.ledger, key, digest)) is not None:
            return known
        try:
            answer = work(key)
        except RefusedError as error:
            answer = as_refusal(error)
        desk.ledger.remember(key, digest=digest, status=answer.status, body=answer.body)
    return answer


def _known(ledger: Ledger, key: str, digest: str) -> Answer | None:
    known = ledger.answer(key)
    if known is None:
        return None
    first_digest, status, body = known
    if first_digest != digest:
        raise RefusedError("key_reused", "This key was used for another request.")
    return Answer(status=status, body=body, headers={"Idempotent-Replayed": "true"})


def _is_web_address(url: str) -> bool:
    if not (url.isascii() and url.isprintable()) or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
    except ValueError:
        return False
