"""Stripe API: check key, version and parameters, run each POST once per idempotency key."""

from __future__ import annotations

import hashlib
import hmac
import json
import operator
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from storefront.dev.sandboxes.stripe import form_encoding, operations, parameters, payment_flow
from storefront.dev.sandboxes.stripe.form_encoding import StripeError
from storefront.dev.sandboxes.stripe.server.faults import Faults, Kind
from storefront.dev.sandboxes.stripe.server.messages import Answer, Call
from storefront.dev.sandboxes.stripe.store import PREFIXES, VERSION, Shelf, Thing, shown

MAX_KEY = 255
MOST_LISTED = 100
FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True, kw_only=True)
class Desk:
    """The stand-in: its shelf, bad days and keys; ``many`` is whether it captures in parts."""

    ledger: Shelf
    faults: Faults
    secret: str
    base_url: str
    shop: str
    many: bool
    refunds_are: str = "succeeded"
    running: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def thing(self, thing_id: str, kind: str) -> Thing:
        """Find an object.

        Raises: StripeError  there is none
        """
        found = self.ledger.get(thing_id, kind)
        if found is None:
            raise StripeError(
                f"No such {kind}: '{thing_id}'",
                code="resource_missing",
                status=HTTPStatus.NOT_FOUND,
            )
        return found


type Work = Callable[[Desk, Call], Answer]
type Doing = Callable[[dict[str, Any]], Thing]


def as_json(
    body: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Answer:
    known = {"Request-Id": f"req_{secrets.token_hex(7)}", "Stripe-Version": VERSION}
    return Answer(status=status, body=json.dumps(body), headers={**known, **(headers or {})})


def as_error(error: StripeError) -> Answer:
    return as_json({"error": error.said}, error.status)


def check(desk: Desk, call: Call) -> None:
    """Let only our shop in, in the version that it was written for.

    Raises: StripeError
    """
    given = call.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {desk.secret}".encode()):
        raise StripeError("Invalid API Key provided.", status=HTTPStatus.UNAUTHORIZED)
    if call.headers.get("stripe-version") != VERSION:
        raise StripeError(f"Invalid Stripe API version: this is {VERSION}.")


def create_session(desk: Desk, call: Call) -> Answer:
    def work(asked: dict[str, Any]) -> Thing:
        return payment_flow.open_session(desk.ledger, asked, base_url=desk.base_url, now=call.now)

    return _post(desk, call, parameters.SESSION, work)


def expire_session(desk: Desk, call: Call) -> Answer:
    def work(_asked: dict[str, Any]) -> Thing:
        session = desk.thing(call.words[0], "checkout.session")
        return payment_flow.expire_session(desk.ledger, session, now=call.now)

    return _post(desk, call, parameters.READ, work)


def capture(desk: Desk, call: Call) -> Answer:
    def work(asked: dict[str, Any]) -> Thing:
        intent = desk.thing(call.words[0], "payment_intent")
        return operations.capture(
            desk.ledger,
            intent,
            amount=int(asked.get("amount_to_capture") or intent["amount_capturable"]),
            is_last=asked.get("final_capture", "true") == "true",
            now=call.now,
        )

    return _post(desk, call, parameters.CAPTURE, work)


def cancel(desk: Desk, call: Call) -> Answer:
    def work(asked: dict[str, Any]) -> Thing:
        intent = desk.thing(call.words[0], "payment_intent")
        reason = asked.get("cancellation_reason")
        return operations.cancel(desk.ledger, intent, reason=reason, now=call.now)

    return _post(desk, call, parameters.CANCEL, work)


def refund(desk: Desk, call: Call) -> Answer:
    def work(asked: dict[str, Any]) -> Thing:
        return operations.refund(desk.ledger, asked, status=desk.refunds_are, now=call.now)

    return _post(desk, call, parameters.REFUND, work)


def reading(kind: str) -> Work:
    def read(desk: Desk, call: Call) -> Answer:
        asked = form_encoding.read(call.query, parameters.READ)
        return as_json(_expanded(desk, desk.thing(call.words[0], kind), asked.get("expand", [])))

    return read


def listing(kind: str) -> Work:
    def read(desk: Desk, call: Call) -> Answer:
        asked = form_encoding.read(call.query, parameters.LIST)
        limit = int(asked.get("limit", 10))
        if not 1 <= limit <= MOST_LISTED:
            raise StripeError("limit is between 1 and 100", param="limit")
        rows = desk.ledger.all(kind, intent=asked.get("payment_intent", ""))
        rows = [row for row in rows if _is_within(row["created"], asked.get("created", {}))]
        rows = _after(desk, rows, kind, asked.get("starting_after", ""))
        paths = [path.removeprefix("data.") for path in asked.get("expand", [])]
        return as_json(
            {
                "object": "list",
                "url": call.path,
                "has_more": len(rows) > limit,
                "data": [_expanded(desk, row, paths) for row in rows[:limit]],
            }
        )

    return read


def _is_within(created: int, span: Mapping[str, str]) -> bool:
    tests = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
    return all(tests[name](created, int(moment)) for name, moment in span.items())


def _after(desk: Desk, rows: list[Thing], kind: str, last: str) -> list[Thing]:
    """Go on behind the last row of the page before.

    Raises: StripeError  there is no such row
    """
    if not last:
        return rows
    desk.thing(last, kind)
    names = [row["id"] for row in rows]
    return rows[names.index(last) + 1 :] if last in names else []


def _expanded(desk: Desk, thing: Thing, paths: list[str]) -> Thing:
    """Put objects in the places of their names.

    Raises: StripeError  there is nothing to expand
    """
    result = shown(thing)
    for path in paths:
        name, _, rest = path.partition(".")
        kind = _kind_of(name, result)
        if kind is None or name not in result:
            raise StripeError(f"This property cannot be expanded ({path}).", param="expand")
        if isinstance(result[name], str):
            result[name] = desk.thing(result[name], kind)
        if isinstance(result[name], dict):
            result[name] = _expanded(desk, result[name], [rest] if rest else [])
    return result


def _kind_of(name: str, thing: Thing) -> str | None:
    if name == "source":  # of a movement of the balance: its name tells what it is
        return next((kind for kind, prefix in PREFIXES.items() if thing[name].startswith(prefix)))
    return {
        "payment_intent": "payment_intent",
        "latest_charge": "charge",
        "review": "review",
    }.get(name)


def _post(desk: Desk, call: Call, allowed: Mapping[str, Any], work: Doing) -> Answer:
    """Do the work of one key once, and answer later calls with the first answer.

    Words that are refused are not kept under the key; what was begun is, a breakdown too.
    """
    if call.body and call.headers.get("content-type", "").partition(";")[0] != FORM:
        raise StripeError(f"Send {FORM}.", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    key = call.headers.get("idempotency-key", "")
    if len(key) > MAX_KEY:
        raise StripeError(f"Keys have at most {MAX_KEY} characters.", kind="idempotency_error")
    asked = form_encoding.read(call.body.decode("utf-8", "replace"), allowed)
    said = json.dumps([call.path, asked], sort_keys=True)
    digest = hashlib.sha256(said.encode()).hexdigest()
    with _alone(desk, key):
        known = desk.ledger.answer(key) if key else None
        if known is not None:
            return _again(known, digest)
        with desk.ledger.writing():
            answer = _begun(desk, call, asked, work)
            if key:
                desk.ledger.remember(key, digest=digest, status=answer.status, body=answer.body)
    return answer


def _begun(desk: Desk, call: Call, asked: dict[str, Any], work: Doing) -> Answer:
    if call.fault is not None and call.fault.kind is Kind.BREAKDOWN:
        words_ = {"type": "api_error", "message": "Something broke at our end."}
        return as_json({"error": words_}, HTTPStatus.INTERNAL_SERVER_ERROR)
    try:
        return as_json(_expanded(desk, work(asked), asked.get("expand", [])))
    except StripeError as error:
        return as_error(error)


def _again(known: tuple[str, int, str], digest: str) -> Answer:
    first, status, body = known
    if first != digest:
        raise StripeError(
            "Keys for idempotent requests can only be used with the same parameters they were"
            " first used with.",
            kind="idempotency_error",
        )
    return as_json(json.loads(body), status, {"Idempotent-Replayed": "true"})


@contextmanager
def _alone(desk: Desk, key: str) -> Iterator[None]:
    """Let one call of a key run.

    Raises: StripeError  a twin of it runs
    """
    with desk.lock:
        if key and key in desk.running:
            raise StripeError(
                "Another request with this key is running.",
                code="idempotency_key_in_use",
                kind="idempotency_error",
                status=HTTPStatus.CONFLICT,
            )
        desk.running.add(key)
    try:
        yield
    finally:
        with desk.lock:
            desk.running.discard(key)
