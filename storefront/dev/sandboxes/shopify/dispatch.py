"""Shopify dispatch: issue tokens, authenticate GraphQL requests, inject faults."""

import json
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from storefront.dev.sandboxes.core.faults import Fault, reply_after, reply_before
from storefront.dev.sandboxes.core.http_server import NOT_FOUND, Reply, Request, as_html, as_json
from storefront.dev.sandboxes.shopify import execution
from storefront.dev.sandboxes.shopify.state import API_VERSION, SandboxState

GRAPHQL = f"/admin/api/{API_VERSION}/graphql.json"
TOKEN = "/admin/oauth/access_token"  # noqa: S105 - a path
TOKEN_LIFETIME_S = 86_399
THROTTLED_COST = 10
UNAUTHORIZED = {
    "errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"
}


def reply_to(state: SandboxState, asked: Request) -> Reply:
    if asked.method != "POST" or asked.path not in {GRAPHQL, TOKEN}:
        return NOT_FOUND
    if asked.path == TOKEN:
        return _issue(state, asked)
    body = _body(asked)
    name = body.get("operationName") or "" if body else ""
    fault = state.faults.next_for(f"{asked.path}/{name}")
    throttled = {"429": lambda _: as_json(execution.throttled(state, THROTTLED_COST))}
    if early := reply_before(fault, BEFORE | throttled):
        return early
    if not _is_authorized(state, asked.headers["X-Shopify-Access-Token"] or ""):
        return as_json(UNAUTHORIZED, status=401)
    if body is None or "json" not in (asked.headers["Content-Type"] or ""):
        return as_json({"errors": "Required parameter missing or invalid"}, status=400)
    return reply_after(fault, as_json(execution.answer(state, body)), AFTER)


def _body(asked: Request) -> dict[str, Any] | None:
    try:
        body = json.loads(asked.body)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


# Tokens


def _issue(state: SandboxState, asked: Request) -> Reply:
    """Issue a token for client credentials, which come as a form."""
    said = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
    rules = state.rules
    expected = ("client_credentials", rules.client_id, rules.client_secret)
    if tuple(said.get(n) for n in ("grant_type", "client_id", "client_secret")) != expected:
        return as_json({"error": "application_cannot_be_found"}, status=400)
    token = f"shpat_{secrets.token_hex(16)}"
    expires_s = state.now() + TOKEN_LIFETIME_S
    state.documents.put("token", {"token": token, "expires_s": expires_s})
    issued = {"access_token": token, "scope": rules.scopes, "expires_in": TOKEN_LIFETIME_S}
    return as_json(issued)


def _is_authorized(state: SandboxState, token: str) -> bool:
    if secrets.compare_digest(token.encode(), state.rules.access_token.encode()):
        return True
    issued = state.documents.where("token", token=token)
    return any(each["expires_s"] > state.now() for each in issued)


# Faults

BEFORE: dict[str, Callable[[Fault], Reply]] = {
    "500": lambda _: as_html("<h1>502 Bad Gateway</h1>", status=502),
    "soft_500": lambda _: as_json(
        {"errors": [{"message": "Internal error", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}
    ),
}
AFTER: dict[str, Callable[[Reply], Reply]] = {"empty": lambda _: as_json({})}
