"""Test gateway control: let tests and people read the ledger, set faults and webhook modes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from storefront.dev.sandboxes.gateway import operations
from storefront.dev.sandboxes.gateway.context import Desk
from storefront.dev.sandboxes.gateway.faults import Fault, Faults, Kind
from storefront.dev.sandboxes.gateway.messages import Answer, Call, as_json
from storefront.dev.sandboxes.gateway.serializers import event_shown, payment_shown
from storefront.dev.sandboxes.gateway.state.schedule import Mode
from storefront.dev.sandboxes.gateway.state.store import Book


class Room(Protocol):
    """Any of our sandboxes."""

    @property
    def faults(self) -> Faults: ...

    @property
    def ledger(self) -> Book: ...


class NewFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: Kind
    path: Annotated[str, Meta(max_length=200)] = "/v1/"
    count: Annotated[int, Meta(ge=1)] = 1
    seconds: Annotated[float, Meta(ge=0, le=60)] = 3.0


class NewMode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mode: Mode
    delay_s: Annotated[float, Meta(ge=0, le=3600)] = 5.0
    url: Annotated[str, Meta(pattern="^(https?://[^ ]+)?$")] | None = None  # None leaves it


class OnePayment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    payment: str


def payments(desk: Desk, _call: Call) -> Answer:
    shown = [payment_shown(one, base_url=desk.base_url) for one in desk.ledger.payments()]
    return as_json({"payments": shown})


def events(desk: Desk, _call: Call) -> Answer:
    return as_json({"events": [event_shown(event) for event in desk.ledger.events()]})


def deliveries(desk: Room, _call: Call) -> Answer:
    return as_json({"deliveries": [asdict(one) for one in desk.ledger.deliveries()]})


def list_faults(desk: Room, _call: Call) -> Answer:
    return as_json({"faults": desk.faults.listed()})


def add_fault(desk: Room, call: Call) -> Answer:
    asked = call.understood(NewFault)
    desk.faults.add(
        Fault(kind=asked.kind, path=asked.path, count=asked.count, seconds=asked.seconds)
    )
    return list_faults(desk, call)


def clear_faults(desk: Room, call: Call) -> Answer:
    desk.faults.clear()
    return list_faults(desk, call)


def show_mode(desk: Room, _call: Call) -> Answer:
    posting = desk.ledger.posting
    return as_json({"url": posting.url, "mode": posting.mode, "delay_s": posting.delay_s})


def set_mode(desk: Room, call: Call) -> Answer:
    asked = call.understood(NewMode)
    desk.ledger.posting.mode = asked.mode
    desk.ledger.posting.delay_s = asked.delay_s
    if asked.url is not None:
        desk.ledger.posting.url = asked.url
    desk.ledger.changed.set()  # what waited for an address goes out now
    return show_mode(desk, call)


def expire(desk: Desk, call: Call) -> Answer:
    """Let the page or the hold of one payment expire now."""
    asked = call.understood(OnePayment)
    with desk.ledger.writing():
        payment = operations.expire(desk.ledger, desk.payment(asked.payment), now=call.now)
    return as_json(payment_shown(payment, base_url=desk.base_url))


def replay(desk: Desk, call: Call) -> Answer:
    """Post the webhooks of one payment once more, those that were lost among them."""
    payment = desk.payment(call.understood(OnePayment).payment)
    with desk.ledger.writing():
        again = desk.ledger.events(payment.id)
        for event in again:
            desk.ledger.post_again(event.id, at=call.now)
    return as_json({"replayed": len(again)})


def reset(desk: Desk, call: Call) -> Answer:
    """Forget everything: payments, faults and the mode of webhooks."""
    with desk.ledger.writing():
        desk.ledger.clear()
    desk.faults.clear()
    desk.ledger.posting.mode = Mode.NORMAL
    return payments(desk, call)
