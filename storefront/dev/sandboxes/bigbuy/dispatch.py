"""BigBuy dispatch: authenticate and route one API call, count it, inject faults."""

import json
import math
import secrets
import time
from collections.abc import Callable
from typing import Any

from storefront.dev.sandboxes.bigbuy import endpoints, lists
from storefront.dev.sandboxes.bigbuy.errors import ApiError, invalid
from storefront.dev.sandboxes.bigbuy.state import FIRST_ORDER, SandboxState
from storefront.dev.sandboxes.core.faults import Fault, reply_after, reply_before
from storefront.dev.sandboxes.core.http_server import NOT_FOUND as NO_PAGE
from storefront.dev.sandboxes.core.http_server import Reply, Request, as_html, as_json

PREFIX = "/rest/"
SUFFIX = ".json"
CATALOG = "catalog/"
SOFT_500 = (
    b'HTTP/1.0 500 Internal Server Error\r\n\r\n{"error":"Information is not available right now"}'
)


def reply_to(state: SandboxState, asked: Request) -> Reply:
    if not asked.path.startswith(PREFIX):
        return NO_PAGE
    path = asked.path.removeprefix(PREFIX).removesuffix(SUFFIX)
    fault = state.faults.next_for(path)
    if early := reply_before(fault, BEFORE):
        return early
    if not _has_key(state, asked):
        return as_json({"message": "Invalid Token"}, status=401)
    quota = state.limits.count(endpoint_of(path), now_s=time.time())
    is_over = quota is not None and quota.is_over
    _record_call(state, endpoint_of(path), is_over=is_over)
    try:
        if is_over:
            raise ApiError(429, "You exceeded the rate limit")  # noqa: TRY301 - one handler of errors
        reply = _serve(state, asked, path, fault=fault.kind if fault else "")
    except ApiError as error:
        _record_rejection(state, asked, path, error, fault)
        reply = error.reply()
    if quota is not None:
        reply.headers.update(
            {
                "X-RateLimit-Limit": str(quota.limit),
                "X-RateLimit-Remaining": str(quota.remaining),
                "X-RateLimit-Reset": str(math.ceil(quota.reset_s)),
            }
        )
    return reply_after(fault, reply, AFTER)


def endpoint_of(path: str) -> str:
    """Return the endpoint that a path is counted for, without ids."""
    if path in _POSTED:
        return path
    for prefix, _ in endpoints.KEYED:
        if path.startswith(prefix):
            return f"{prefix}{{id}}"
    return path.removeprefix(CATALOG)


_POSTED = frozenset(path for _, path in (*endpoints.FIXED, *endpoints.CREATING))


def _has_key(state: SandboxState, asked: Request) -> bool:
    said = (asked.headers["Authorization"] or "").removeprefix("Bearer ")
    return secrets.compare_digest(said.encode(), state.rules.api_key.encode())


def _serve(state: SandboxState, asked: Request, path: str, *, fault: str) -> Reply:
    if not asked.path.endswith(SUFFIX):
        raise endpoints.NOT_FOUND
    body = _body(asked)
    route = (asked.method, path)
    if route in endpoints.CREATING:
        return endpoints.CREATING[route](state, body, fault=fault)
    if route in endpoints.FIXED:
        answer = endpoints.FIXED[route](state, body)
        return answer if isinstance(answer, Reply) else as_json(answer)
    if asked.method != "GET":
        raise ApiError(405, {"code": 405, "message": "Method Not Allowed"})
    for prefix, read in endpoints.KEYED:
        if path.startswith(prefix):
            return as_json(read(state, path.removeprefix(prefix)))
    rows = lists.list_page(state, path.removeprefix(CATALOG), asked.query)
    if rows is None:
        raise endpoints.NOT_FOUND
    return as_json(rows)


def _body(asked: Request) -> dict[str, Any]:
    if asked.method == "GET":
        return {}
    if "json" not in (asked.headers["Content-Type"] or ""):
        raise ApiError(415, {"code": 415, "message": "Unsupported Media Type"})
    try:
        value = json.loads(asked.body)
    except (ValueError, RecursionError) as error:
        raise invalid({"order": "This value is not valid."}) from error
    if not isinstance(value, dict):
        raise invalid({"order": "This value is not valid."})
    return value


def _record_call(state: SandboxState, endpoint: str, *, is_over: bool) -> None:
    state.ledger.run(
        "INSERT INTO calls VALUES (?, ?, ?) ON CONFLICT (endpoint) DO UPDATE"
        " SET served = served + excluded.served, refused = refused + excluded.refused",
        endpoint,
        int(not is_over),
        int(is_over),
    )


def _record_rejection(
    state: SandboxState, asked: Request, path: str, error: ApiError, fault: Fault | None
) -> None:
    if not path.startswith(("order/create", "order/check")):
        return
    try:
        reference = json.loads(asked.body)["order"]["internalReference"]
    except (ValueError, KeyError, TypeError):
        reference = ""
    state.ledger.insert(
        "attempts",
        at_s=state.now(),
        reference=str(reference),
        code=error.code,
        fault=fault.kind if fault else "",
    )


BEFORE: dict[str, Callable[[Fault], Reply]] = {
    "500": lambda _: as_html("<html><body>504 Gateway Time-out</body></html>", status=504),
    "429": lambda _: Reply(status=429, body=b"You exceeded the rate limit", type="text/plain"),
    "soft_409": lambda _: as_json({"code": 409, "message": "Something went wrong 5f1c9a"}),
    "soft_500": lambda _: Reply(body=SOFT_500, type="text/plain"),
    "swapped": lambda _: as_json(lists.BAD_REQUEST, status=400),
}


def _half_of(reply: Reply) -> Reply:
    listed = json.loads(reply.body)
    return as_json(listed[: len(listed) // 2])


def _without_numbers(reply: Reply) -> Reply:
    spoiled = reply.body.replace(b'"wholesalePrice":', b'"wholesalePrice":NaN,"was":')
    return Reply(body=spoiled, headers=reply.headers)


def _of_another_order(reply: Reply) -> Reply:
    said = json.loads(reply.body)
    if not isinstance(said, dict):
        return reply
    other = {"id": str(FIRST_ORDER + 999_999), "internalReference": "X-0000-0"}
    return as_json({**said, **{name: other[name] for name in other if name in said}})


AFTER: dict[str, Callable[[Reply], Reply]] = {
    "empty": lambda _: as_json([]),
    "half_list": _half_of,
    "nan_price": _without_numbers,
    "wrong_order": _of_another_order,
}
