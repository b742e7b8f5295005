"""Stripe API: check key, version and parameters, run each POST once per idempotency key."""

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

from storefront.dev.sandboxes.core.faults import Fault, Faults
from storefront.dev.sandboxes.core.http_server import Reply, Request
from storefront.dev.sandboxes.stripe import form_encoding, operations, parameters, payment_flow
from storefront.dev.sandboxes.stripe.faults import Kind
from storefront.dev.sandboxes.stripe.form_encoding import StripeError
from storefront.dev.sandboxes.stripe.store import (
    PREFIXES,
    VERSION,
    Store,
    StripeObject,
    public_fields,
)

MAX_KEY = 255
MAX_LISTED = 100
FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True, kw_only=True)
class Sandbox:
    """The local Stripe sandbox: its store, faults and keys.

    ``many``: the account allows several captures of one authorization.
    """

    store: Store
    faults: Faults
    secret: str
    base_url: str
    shop: str
    many: bool
    refunds_are: str = "succeeded"
    running: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, object_id: str, kind: str) -> StripeObject:
        """Return an object.

        Raises: StripeError  there is none
        """
        found = self.store.get(object_id, kind)
        if found is None:
            raise StripeError(
                f"No such {kind}: '{object_id}'",
                code="resource_missing",
                status=HTTPStatus.NOT_FOUND,
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. ``arguments`` are the groups of its path."""

    asked: Request
    arguments: tuple[str, ...]
    now: float
    fault: Fault | None = None

    @property
    def content_type(self) -> str:
        return (self.asked.headers["content-type"] or "").partition(";")[0]


type Work = Callable[[Sandbox, Call], Reply]
type Doing = Callable[[Sandbox, Call, dict[str, Any]], StripeObject]


def as_json(
    body: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Reply:
    known = {"Request-Id": f"req_{secrets.token_hex(7)}", "Stripe-Version": VERSION}
    return Reply(
        status=status,
        body=json.dumps(body).encode(),
        type="application/json",
        headers={**known, **(headers or {})},
    )


def as_error(error: StripeError) -> Reply:
    return as_json({"error": error.body}, error.status)


def check(sandbox: Sandbox, asked: Request) -> None:
    """Require the shop's secret key and API version.

    Raises: StripeError
    """
    given = asked.headers["authorization"] or ""
    if not hmac.compare_digest(given.encode(), f"Bearer {sandbox.secret}".encode()):
        raise StripeError("Invalid API Key provided.", status=HTTPStatus.UNAUTHORIZED)
    if asked.headers["stripe-version"] != VERSION:
        raise StripeError(f"Invalid Stripe API version: this is {VERSION}.")


def create_session(sandbox: Sandbox, call: Call, asked: dict[str, Any]) -> StripeObject:
    return payment_flow.open_session(sandbox.store, asked, base_url=sandbox.base_url, now=call.now)


def expire_session(sandbox: Sandbox, call: Call, _asked: dict[str, Any]) -> StripeObject:
    session = sandbox.get(call.arguments[0], "checkout.session")
    return payment_flow.expire_session(sandbox.store, session, now=call.now)


def capture(sandbox: Sandbox, call: Call, asked: dict[str, Any]) -> StripeObject:
    intent = sandbox.get(call.arguments[0], "payment_intent")
    return operations.capture(
        sandbox.store,
        intent,
        amount=int(asked.get("amount_to_capture") or intent["amount_capturable"]),
        is_last=asked.get("final_capture", "true") == "true",
        now=call.now,
    )


def cancel(sandbox: Sandbox, call: Call, asked: dict[str, Any]) -> StripeObject:
    intent = sandbox.get(call.arguments[0], "payment_intent")
    reason = asked.get("cancellation_reason")
    return operations.cancel(sandbox.store, intent, reason=reason, now=call.now)


def refund(sandbox: Sandbox, call: Call, asked: dict[str, Any]) -> StripeObject:
    return operations.refund(sandbox.store, asked, status=sandbox.refunds_are, now=call.now)


def posting(doing: Doing, allowed: Mapping[str, Any]) -> Work:
    """Return the handler of a POST with these parameters."""
    return lambda sandbox, call: _post(sandbox, call, allowed, doing)


def reading(kind: str) -> Work:
    def read(sandbox: Sandbox, call: Call) -> Reply:
        asked = form_encoding.read(call.asked.query_text, parameters.READ)
        return as_json(
            _expanded(sandbox, sandbox.get(call.arguments[0], kind), asked.get("expand", []))
        )

    return read


def listing(kind: str) -> Work:
    def read(sandbox: Sandbox, call: Call) -> Reply:
        asked = form_encoding.read(call.asked.query_text, parameters.LIST)
        limit = int(asked.get("limit", 10))
        if not 1 <= limit <= MAX_LISTED:
            raise StripeError("limit is between 1 and 100", param="limit")
        rows = sandbox.store.all(kind, intent=asked.get("payment_intent", ""))
        rows = [row for row in rows if _is_created_within(row["created"], asked.get("created", {}))]
        rows = _after(sandbox, rows, kind, asked.get("starting_after", ""))
        paths = [path.removeprefix("data.") for path in asked.get("expand", [])]
        return as_json(
            {
                "object": "list",
                "url": call.asked.path,
                "has_more": len(rows) > limit,
                "data": [_expanded(sandbox, row, paths) for row in rows[:limit]],
            }
        )

    return read


def _is_created_within(created: int, span: Mapping[str, str]) -> bool:
    tests = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
    return all(tests[name](created, int(moment)) for name, moment in span.items())


def _after(sandbox: Sandbox, rows: list[StripeObject], kind: str, last: str) -> list[StripeObject]:
    """Return the rows after ``last``, the last row of the previous page.

    Raises: StripeError  there is no such row
    """
    if not last:
        return rows
    sandbox.get(last, kind)
    names = [row["id"] for row in rows]
    return rows[names.index(last) + 1 :] if last in names else []


def _expanded(sandbox: Sandbox, thing: StripeObject, paths: list[str]) -> StripeObject:
    """Replace ids by objects along the paths of ``expand``.

    Raises: StripeError  a path cannot be expanded
    """
    result = public_fields(thing)
    for path in paths:
        name, _, rest = path.partition(".")
        kind = _kind_of(name, result)
        if kind is None or name not in result:
            raise StripeError(f"This property cannot be expanded ({path}).", param="expand")
        if isinstance(result[name], str):
            result[name] = sandbox.get(result[name], kind)
        if isinstance(result[name], dict):
            result[name] = _expanded(sandbox, result[name], [rest] if rest else [])
    return result


def _kind_of(name: str, thing: StripeObject) -> str | None:
    if name == "source":  # of a balance transaction: the prefix of the id names its type
        return next((kind for kind, prefix in PREFIXES.items() if thing[name].startswith(prefix)))
    return {
        "payment_intent": "payment_intent",
        "latest_charge": "charge",
        "review": "review",
    }.get(name)


def _post(sandbox: Sandbox, call: Call, allowed: Mapping[str, Any], work: Doing) -> Reply:
    """Execute the call of one key once, and replay its answer to later calls.

    Refused parameters are not stored under the key; errors of an executed call are.
    """
    if call.asked.body and call.content_type != FORM:
        raise StripeError(f"Send {FORM}.", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    key = call.asked.headers["idempotency-key"] or ""
    if len(key) > MAX_KEY:
        raise StripeError(f"Keys have at most {MAX_KEY} characters.", kind="idempotency_error")
    asked = form_encoding.read(call.asked.body.decode("utf-8", "replace"), allowed)
    request = json.dumps([call.asked.path, asked], sort_keys=True)
    digest = hashlib.sha256(request.encode()).hexdigest()
    with _exclusive(sandbox, key):
        known = sandbox.store.answer(key) if key else None
        if known is not None:
            return _replay(known, digest)
        with sandbox.store.transaction():
            answer = _execute(sandbox, call, asked, work)
            if key:
                sandbox.store.store_answer(
                    key, digest=digest, status=answer.status, body=answer.body.decode()
                )
    return answer


def _execute(sandbox: Sandbox, call: Call, asked: dict[str, Any], work: Doing) -> Reply:
    if call.fault is not None and call.fault.kind == Kind.BREAKDOWN:
        broken = {"type": "api_error", "message": "Something broke at our end."}
        return as_json({"error": broken}, HTTPStatus.INTERNAL_SERVER_ERROR)
    try:
        return as_json(_expanded(sandbox, work(sandbox, call, asked), asked.get("expand", [])))
    except StripeError as error:
        return as_error(error)


def _replay(known: tuple[str, int, str], digest: str) -> Reply:
    first, status, body = known
    if first != digest:
        raise StripeError(
            "Keys for idempotent requests can only be used with the same parameters they were"
            " first used with.",
            kind="idempotency_error",
        )
    return as_json(json.loads(body), status, {"Idempotent-Replayed": "true"})


@contextmanager
def _exclusive(sandbox: Sandbox, key: str) -> Iterator[None]:
    """Run one call of a key at a time.

    Raises: StripeError  another one runs
    """
    with sandbox.lock:
        if key and key in sandbox.running:
            raise StripeError(
                "Another request with this key is running.",
                code="idempotency_key_in_use",
                kind="idempotency_error",
                status=HTTPStatus.CONFLICT,
            )
        sandbox.running.add(key)
    try:
        yield
    finally:
        with sandbox.lock:
            sandbox.running.discard(key)
