"""CJ dispatch: authorize and route one API call, enforce rate limits and points, inject faults.

Rate limits are calls per second. Points are a quota per day.
"""

import json
import threading
import uuid
from collections import deque
from typing import Any

from storefront.dev.sandboxes.core.faults import reply_after, reply_before
from storefront.dev.sandboxes.core.http_server import NOT_FOUND, Reply, Request, as_json

from . import faults
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
from .protocol import OK, POINTS_EXHAUSTED, ApiError, Call, Route, envelope
from .state import DAY_S, SandboxState

# Rate limits

WINDOW_S = 1.0


class Limits:
    """Counts calls by caller, in memory."""

    def __init__(self, *, qps: int, points: int) -> None:
        self.qps, self.points = qps, points
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = {}
        self._day, self._used = -1, 0

    def is_too_fast(self, caller: str, *, now_s: float, most: int = 0) -> bool:
        """Return True if a call exceeds the rate limit; otherwise count the call.

        Shape:  ``most`` is the limit of a single endpoint; without limits nothing is counted
        """
        if not self.qps:
            return False
        most = most or self.qps
        with self._lock:
            calls = self._calls.setdefault(caller, deque())
            while calls and calls[0] <= now_s - WINDOW_S:
                calls.popleft()
            if len(calls) >= most:
                return True
            calls.append(now_s)
            return False

    def is_used_up(self, points: int, *, now_s: float) -> bool:
        """Spend points; return True if too few are left for the day."""
        with self._lock:
            day = int(now_s // DAY_S)
            if day != self._day:
                self._day, self._used = day, 0
            if self.points and self._used + points > self.points:
                return True
            self._used += points
            return False

    def report(self) -> dict[str, int]:
        with self._lock:
            remaining = max(self.points - self._used, 0)
            return {"usedToday": self._used, "remaining": remaining, "total": self.points}


PREFIX = "/api2.0/v1/"
UNKNOWN, WRONG_METHOD, NO_BODY, BAD_JSON = 1600101, 16900202, 16900204, 16900205
RATE_LIMITED, HTTP_TOO_MANY_REQUESTS = 1600200, 429
HANDLERS = (
    authentication, products, stock, freight, orders, payment, disputes, subscriptions, account,
)  # fmt: skip
ROUTES: dict[tuple[str, str], Route] = {
    (route.method, route.path): route for module in HANDLERS for route in module.ROUTES
}
PATHS = {path for _, path in ROUTES}


def reply_to(state: SandboxState, limits: Limits, asked: Request) -> Reply:
    if not asked.path.startswith(PREFIX):
        return NOT_FOUND
    fault = state.faults.next_for(asked.path)
    if early := reply_before(fault, faults.BEFORE):
        return early
    request_id = uuid.uuid4().hex
    try:
        route = _route(asked.method, asked.path.removeprefix(PREFIX))
        call = Call(
            state=state,
            query=asked.query,
            body=_body(asked),
            token=asked.headers["CJ-Access-Token"] or "",
            now_s=state.now(),
            fault=fault.kind if fault else "",
        )
        if fault and fault.kind == "token_expired":
            authentication.expire(call)
        _check_limits(call, route, limits, peer=asked.peer)
        state.usage.count(route.path, points=route.points)
        answer, status = envelope(OK, "Success", route.handler(call)), OK
    except ApiError as error:
        answer, status = envelope(error.code, error.message), error.http_status
    answer["requestId"] = request_id
    if limits.points:
        answer["pointsInfo"] = limits.report()
    return reply_after(fault, as_json(answer, status=status), faults.AFTER)


def _route(method: str, path: str) -> Route:
    route = ROUTES.get((method, path))
    if route is None:
        raise ApiError(WRONG_METHOD if path in PATHS else UNKNOWN, path[:80])
    return route


def _body(asked: Request) -> dict[str, Any]:
    if asked.method == "GET" or (not asked.body and asked.method == "DELETE"):
        return {}
    if not asked.body:
        raise ApiError(NO_BODY)
    try:
        value = json.loads(asked.body)
    except (ValueError, RecursionError) as error:
        raise ApiError(BAD_JSON) from error
    if not isinstance(value, dict):
        raise ApiError(BAD_JSON, "an object was expected")
    return value


def _check_limits(call: Call, route: Route, limits: Limits, *, peer: str) -> None:
    if limits.is_too_fast(call.token or peer, now_s=call.now_s):
        raise ApiError(RATE_LIMITED)
    if route.needs_token:
        authentication.check(call)
    if route.most_per_s and limits.is_too_fast(
        f"{call.token} {route.path}", now_s=call.now_s, most=route.most_per_s
    ):
        raise ApiError(RATE_LIMITED)
    if limits.is_used_up(route.points, now_s=call.now_s):
        raise ApiError(POINTS_EXHAUSTED, http_status=HTTP_TOO_MANY_REQUESTS)
