"""Stripe sandbox control: read objects and events, set faults and webhook modes.

It also triggers what happens at Stripe: expiry, disputes, warnings, reviews, ends of refunds.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from storefront.dev.sandboxes.stripe import operations
from storefront.dev.sandboxes.stripe.api import Desk, as_json
from storefront.dev.sandboxes.stripe.form_encoding import StripeError
from storefront.dev.sandboxes.stripe.server.faults import Fault, Kind
from storefront.dev.sandboxes.stripe.server.messages import Answer, Call
from storefront.dev.sandboxes.stripe.store import PREFIXES, shown
from storefront.dev.sandboxes.stripe.webhooks.schedule import Mode


class NewFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: Kind
    path: Annotated[str, Meta(max_length=200)] = "/v1/"
    count: Annotated[int, Meta(ge=1)] = 1
    seconds: Annotated[float, Meta(ge=0, le=60)] = 3.0


class NewMode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mode: Mode
    delay_s: Annotated[float, Meta(ge=0, le=3600)] = 5.0
    url: Annotated[str, Meta(pattern="^(https?://[^ ]+)?$")] | None = None  # None leaves it


def objects(desk: Desk, _call: Call) -> Answer:
    return as_json({kind: [shown(one) for one in desk.ledger.all(kind)] for kind in PREFIXES})


def events(desk: Desk, _call: Call) -> Answer:
    return as_json({"events": desk.ledger.events()})


def deliveries(desk: Desk, _call: Call) -> Answer:
    return as_json({"deliveries": [asdict(one) for one in desk.ledger.deliveries()]})


def list_faults(desk: Desk, _call: Call) -> Answer:
    return as_json({"faults": desk.faults.listed()})


def add_fault(desk: Desk, call: Call) -> Answer:
    asked = call.understood(NewFault)
    desk.faults.add(
        Fault(kind=asked.kind, path=asked.path, count=asked.count, seconds=asked.seconds)
    )
    return list_faults(desk, call)


def clear_faults(desk: Desk, call: Call) -> Answer:
    desk.faults.clear()
    return list_faults(desk, call)


def show_mode(desk: Desk, _call: Call) -> Answer:
    posting = desk.ledger.posting
    return as_json({"url": posting.url, "mode": posting.mode, "delay_s": posting.delay_s})


def set_mode(desk: Desk, call: Call) -> Answer:
    asked = call.understood(NewMode)
    desk.ledger.posting.mode = asked.mode
    desk.ledger.posting.delay_s = asked.delay_s
    if asked.url is not None:
        desk.ledger.posting.url = asked.url
    desk.ledger.changed.set()  # what waited for an address goes out now
    return show_mode(desk, call)


def account(desk: Desk, call: Call) -> Answer:
    """Say whether the account captures in parts, and how refunds begin."""
    asked = _asked(call)
    desk.many = bool(asked.get("many", desk.many))
    desk.refunds_are = str(asked.get("refunds_are", desk.refunds_are))
    return as_json({"many": desk.many, "refunds_are": desk.refunds_are})


def happen(desk: Desk, call: Call) -> Answer:
    """Let something happen to one object: expire, dispute, warn, review, refund."""
    (what,) = call.words
    asked = _asked(call)
    with desk.ledger.writing():
        match what:
            case "expire":
                kind = "checkout.session" if asked["id"].startswith("cs_") else "payment_intent"
                operations.expire(desk.ledger, desk.thing(asked["id"], kind), now=call.now)
            case "dispute":
                intent = desk.thing(asked["id"], "payment_intent")
                operations.dispute(desk.ledger, intent, status=asked["status"], now=call.now)
            case "warn":
                operations.warn(
                    desk.ledger, desk.thing(asked["id"], "payment_intent"), now=call.now
                )
            case "review":
                intent = desk.thing(asked["id"], "payment_intent")
                operations.review(desk.ledger, intent, closed=asked.get("closed", ""), now=call.now)
            case "refund":
                made = desk.thing(asked["id"], "refund")
                operations.settle_refund(desk.ledger, made, status=asked["status"], now=call.now)
    return objects(desk, call)


def replay(desk: Desk, call: Call) -> Answer:
    """Post all webhooks once more."""
    with desk.ledger.writing():
        for event in desk.ledger.events():
            desk.ledger.post_again(event["id"], at=call.now)
    return events(desk, call)


def forget(desk: Desk, call: Call) -> Answer:
    """Let a day go by: keys and their answers are forgotten."""
    with desk.ledger.writing():
        desk.ledger.run("DELETE FROM answers")
    return objects(desk, call)


def age(desk: Desk, call: Call) -> Answer:
    """Let time go by: everything that there is began so much earlier."""
    seconds = int(_asked(call)["seconds"])
    with desk.ledger.writing():
        sql = "UPDATE objects SET body = json_set(body, '$.created', body ->> 'created' - ?)"
        desk.ledger.run(sql, seconds)
    return objects(desk, call)


def reset(desk: Desk, call: Call) -> Answer:
    """Forget everything: objects, faults and the mode of webhooks."""
    with desk.ledger.writing():
        desk.ledger.clear()
    desk.faults.clear()
    desk.ledger.posting.mode = Mode.NORMAL
    desk.many, desk.refunds_are = False, "succeeded"
    return objects(desk, call)


def _asked(call: Call) -> dict[str, Any]:
    try:
        asked = json.loads(call.body or b"{}")
    except ValueError as error:
        raise StripeError(f"not JSON: {error}", status=HTTPStatus.BAD_REQUEST) from error
    return dict(asked)
