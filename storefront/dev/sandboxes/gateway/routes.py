"""Test gateway routes: map each call to its handler."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from storefront.dev.sandboxes.gateway import api, control, pages
from storefront.dev.sandboxes.gateway.context import Desk
from storefront.dev.sandboxes.gateway.faults import Faults, Kind
from storefront.dev.sandboxes.gateway.http_server import find, routed
from storefront.dev.sandboxes.gateway.messages import (
    Answer,
    Call,
    RefusedError,
    as_json,
    as_refusal,
)

PAYMENT = r"/([\w-]{1,64})"
ROUTES = routed(
    ("GET", "/", pages.front),
    ("GET", "/style.css", pages.style),
    ("GET", f"/pay{PAYMENT}", pages.show),
    ("POST", f"/pay{PAYMENT}", pages.submit),
    ("POST", "/v1/payments", api.create),
    ("GET", "/v1/payments", api.moved),
    ("GET", f"/v1/payments{PAYMENT}", api.read),
    ("GET", f"/v1/payments{PAYMENT}/events", api.events),
    ("POST", f"/v1/payments{PAYMENT}/(capture|release|refund)", api.move),
    ("POST", f"/v1/payments{PAYMENT}/abandon", api.abandon),
    ("GET", "/control/payments", control.payments),
    ("GET", "/control/events", control.events),
    ("GET", "/control/deliveries", control.deliveries),
    ("GET", "/control/faults", control.list_faults),
    ("POST", "/control/faults", control.add_fault),
    ("DELETE", "/control/faults", control.clear_faults),
    ("GET", "/control/webhooks", control.show_mode),
    ("POST", "/control/webhooks", control.set_mode),
    ("POST", "/control/expire", control.expire),
    ("POST", "/control/replay", control.replay),
    ("POST", "/control/reset", control.reset),
)
BROKEN = {
    Kind.ERROR: as_json(
        {"error": {"code": "internal", "message": "Try again."}},
        HTTPStatus.INTERNAL_SERVER_ERROR,
    ),
    Kind.BUSY: Answer(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        body=json.dumps({"error": {"code": "too_many", "message": "Slow down."}}),
        headers={"Retry-After": "1"},
    ),
    Kind.GARBAGE: Answer(body="<html><h1>Welcome", content_type="text/html"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The test gateway, as those see it who call it."""

    desk: Desk

    @property
    def faults(self) -> Faults:
        return self.desk.faults

    @property
    def broken(self) -> Mapping[Kind, Answer]:
        return BROKEN

    def refused(self, error: RefusedError) -> Answer:
        return as_refusal(error)

    def answer(self, call: Call) -> Answer:
        work, words, status = find(ROUTES, call)
        if work is None:
            if call.path.startswith("/pay/") and call.method == "GET":
                return pages.unknown(self.desk)
            return as_json({"error": {"code": "no_such_call", "message": status.phrase}}, status)
        if call.fault is not None and call.fault.kind is Kind.BREAKDOWN:
            return BROKEN[Kind.ERROR]
        try:
            if call.path.startswith("/v1/"):
                api.need_key(self.desk, call)
            return work(self.desk, replace(call, words=words))
        except RefusedError as error:
            return as_refusal(error)
