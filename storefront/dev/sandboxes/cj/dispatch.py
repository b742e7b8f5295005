"""Answer one call of the dialect, or misbehave as ordered."""

from __future__ import annotations

import json
import uuid
from typing import Any

from storefront.dev.sandboxes.core.replies import Reply, as_json

from . import faults
from .calls import Call, Route
from .endpoints import (
    account,
    authentication,
    disputes,
    freight,
    orders,
    payment,
    products,
    stock,
    subscriptions,
)
from .limits import Limits
from .protocol import RefusedError, answer, refusal
from .state import World

PREFIX = "/api2.0/v1/"
UNKNOWN, WRONG_METHOD, NO_BODY, BAD_JSON = 1600101, 16900202, 16900204, 16900205
TOO_FAST, USED_UP, TOO_MANY = 1600200, 1600201, 429
ROUTES: dict[tuple[str, str], Route] = {
    (route.method, route.path): route
    for route in (
        *authentication.ROUTES,
        *products.ROUTES,
        *stock.ROUTES,
        *freight.ROUTES,
        *orders.ROUTES,
        *payment.ROUTES,
        *disputes.ROUTES,
        *subscriptions.ROUTES,
        *account.ROUTES,
    )
}
METHODS: dict[str, set[str]] = {}
for _method, _path in ROUTES:
    METHODS.setdefault(_path, set()).add(_method)


def reply_to(  # noqa: PLR0913 a request has so many parts
    world: World,
    limits: Limits,
    *,
    method: str,
    path: str,
    query: dict[str, list[str]],
    body: bytes,
    token: str,
    peer: str,
) -> Reply:
    fault = world.faults.next_for(path)
    if early := faults.before(fault):
        return early
    request_id = uuid.uuid4().hex
    try:
        route = _route(method, path.removeprefix(PREFIX))
        call = Call(
            world=world,
            path=path,
            query=query,
            body=_body(method, body, needs_one=route.path != "authentication/logout"),
            token=token,
            now_s=world.now(),
            fault=fault.kind if fault else "",
        )
        if fault and fault.kind == "token_expired":
            authentication.expire(call)
        _admit(call, route, limits, peer=peer)
        world.usage.count(route.path, points=route.points)
        envelope, status = answer(route.handler(call), request_id=request_id), 200
    except RefusedError as error:
        envelope, status = refusal(error, request_id=request_id), error.http_status
    if limits.points:
        envelope["pointsInfo"] = limits.report()
    return faults.after(fault, as_json(envelope, status=status))


def _route(method: str, path: str) -> Route:
    route = ROUTES.get((method, path))
    if route is None:
        raise RefusedError(WRONG_METHOD if path in METHODS else UNKNOWN, path[:80])
    return route


def _body(method: str, body: bytes, *, needs_one: bool) -> dict[str, Any]:
    if method == "GET" or (not body and (method == "DELETE" or not needs_one)):
        return {}
    if not body:
        raise RefusedError(NO_BODY)
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RefusedError(BAD_JSON) from error
    if not isinstance(value, dict):
        raise RefusedError(BAD_JSON, "an object was expected")
    return value


def _admit(call: Call, route: Route, limits: Limits, *, peer: str) -> None:
    if limits.is_too_fast(call.token or peer, now_s=call.now_s):
        raise RefusedError(TOO_FAST)
    if route.needs_token:
        authentication.check(call)
    if route.most_per_s and limits.is_too_fast(
        f"{call.token} {route.path}", now_s=call.now_s, most=route.most_per_s
    ):
        raise RefusedError(TOO_FAST)
    if limits.is_used_up(route.points, now_s=call.now_s):
        raise RefusedError(USED_UP, http_status=TOO_MANY)
