"""Control of the local Stripe sandbox: read objects and events, set faults and webhook modes.

It also triggers events at Stripe: expiry, disputes, warnings, reviews, ends of refunds.
"""

import json
from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from storefront.dev.sandboxes.core.http_server import Reply
from storefront.dev.sandboxes.stripe import operations
from storefront.dev.sandboxes.stripe.api import Call, Sandbox, as_json
from storefront.dev.sandboxes.stripe.faults import Kind
from storefront.dev.sandboxes.stripe.form_encoding import StripeError
from storefront.dev.sandboxes.stripe.store import PREFIXES, public_fields
from storefront.dev.sandboxes.stripe.webhook_schedule import Mode


class NewFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: Kind
    path: Annotated[str, Meta(max_length=200)] = "/v1/"
    count: Annotated[int, Meta(ge=1)] = 1
    seconds: Annotated[float, Meta(ge=0, le=60)] = 3.0


class NewMode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mode: Mode
    delay_s: Annotated[float, Meta(ge=0, le=3600)] = 5.0
    url: Annotated[str, Meta(pattern="^(https?://[^ ]+)?$")] | None = (
        None  # None keeps the current one
    )


def objects(sandbox: Sandbox, _call: Call) -> Reply:
    return as_json(
        {kind: [public_fields(one) for one in sandbox.store.all(kind)] for kind in PREFIXES}
    )


def events(sandbox: Sandbox, _call: Call) -> Reply:
    return as_json({"events": sandbox.store.events()})


def deliveries(sandbox: Sandbox, _call: Call) -> Reply:
    return as_json({"deliveries": [asdict(one) for one in sandbox.store.deliveries()]})


def list_faults(sandbox: Sandbox, _call: Call) -> Reply:
    return as_json({"faults": sandbox.faults.listed()})


def add_fault(sandbox: Sandbox, call: Call) -> Reply:
    asked = _decoded(call, NewFault)
    sandbox.faults.add(path=asked.path, kind=asked.kind, count=asked.count, delay_s=asked.seconds)
    return list_faults(sandbox, call)


def clear_faults(sandbox: Sandbox, call: Call) -> Reply:
    sandbox.faults.clear()
    return list_faults(sandbox, call)


def show_mode(sandbox: Sandbox, _call: Call) -> Reply:
    webhooks = sandbox.store.webhooks
    return as_json({"url": webhooks.url, "mode": webhooks.mode, "delay_s": webhooks.delay_s})


def set_mode(sandbox: Sandbox, call: Call) -> Reply:
    asked = _decoded(call, NewMode)
    sandbox.store.webhooks.mode = asked.mode
    sandbox.store.webhooks.delay_s = asked.delay_s
    if asked.url is not None:
        sandbox.store.webhooks.url = asked.url
    sandbox.store.changed.set()  # pending webhooks are posted now
    return show_mode(sandbox, call)


def account(sandbox: Sandbox, call: Call) -> Reply:
    """Set whether the account allows several captures, and the first status of refunds."""
    asked = _asked(call)
    sandbox.many = bool(asked.get("many", sandbox.many))
    sandbox.refunds_are = str(asked.get("refunds_are", sandbox.refunds_are))
    return as_json({"many": sandbox.many, "refunds_are": sandbox.refunds_are})


def trigger(sandbox: Sandbox, call: Call) -> Reply:
    """Expire or review one object, dispute it, warn of fraud, or settle a refund."""
    (what,) = call.arguments
    asked = _asked(call)
    store, kind = sandbox.store, "refund" if what == "refund" else "payment_intent"
    with store.transaction():
        if asked["id"].startswith("cs_"):
            kind = "checkout.session"
        thing = sandbox.get(asked["id"], kind)
        match what:
            case "expire":
                operations.expire(store, thing, now=call.now)
            case "dispute":
                operations.dispute(store, thing, status=asked["status"], now=call.now)
            case "warn":
                operations.warn(store, thing, now=call.now)
            case "review":
                operations.review(store, thing, closed=asked.get("closed", ""), now=call.now)
            case "refund":
                operations.settle_refund(store, thing, status=asked["status"], now=call.now)
    return objects(sandbox, call)


def replay(sandbox: Sandbox, call: Call) -> Reply:
    """Post all webhooks again."""
    with sandbox.store.transaction():
        for event in sandbox.store.events():
            sandbox.store.reschedule(event["id"], at=call.now)
    return events(sandbox, call)


def forget(sandbox: Sandbox, call: Call) -> Reply:
    """Delete all idempotency keys, as Stripe does after a day."""
    with sandbox.store.transaction():
        sandbox.store.run("DELETE FROM answers")
    return objects(sandbox, call)


def age(sandbox: Sandbox, call: Call) -> Reply:
    """Make all objects older."""
    seconds = int(_asked(call)["seconds"])
    with sandbox.store.transaction():
        sql = "UPDATE objects SET body = json_set(body, '$.created', body ->> 'created' - ?)"
        sandbox.store.run(sql, seconds)
    return objects(sandbox, call)


def reset(sandbox: Sandbox, call: Call) -> Reply:
    """Delete all objects and faults; set webhooks to normal."""
    with sandbox.store.transaction():
        sandbox.store.wipe()
    sandbox.faults.clear()
    sandbox.store.webhooks.mode = Mode.NORMAL
    sandbox.many, sandbox.refunds_are = False, "succeeded"
    return objects(sandbox, call)


def _asked(call: Call) -> dict[str, Any]:
    try:
        asked = json.loads(call.asked.body or b"{}")
    except ValueError as error:
        raise StripeError(f"not JSON: {error}") from error
    return dict(asked)


def _decoded[T](call: Call, kind: type[T]) -> T:
    """Decode a JSON body. The content type is required: forms of other sites cannot send it.

    Raises: StripeError
    """
    if call.content_type != "application/json":
        raise StripeError(
            "Send JSON, with Content-Type: application/json.",
            status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        )
    try:
        return msgspec.json.decode(call.asked.body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise StripeError(str(error)) from error
