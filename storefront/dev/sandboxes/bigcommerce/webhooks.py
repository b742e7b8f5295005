"""BigCommerce webhooks: send changes of orders, signed by Standard Webhooks."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from storefront.dev.sandboxes.bigcommerce.state import SandboxState, check_fields, refused
from storefront.dev.sandboxes.store import webhooks
from storefront.dev.sandboxes.store.state import Document

SCOPES = frozenset(
    {
        "store/order/*", "store/order/created", "store/order/updated", "store/order/statusUpdated",
        "store/order/archived", "store/order/refund/created", "store/app/uninstalled",
    }
)  # fmt: skip
# The real service accepts HTTPS only; this one also the developer's own machine.
TARGETS = ("https://", "http://127.0.0.1", "http://localhost")


def tell(state: SandboxState, scope: str, order: Document | None = None) -> None:
    for hook in state.documents.all("hook"):
        prefix, star, _ = hook["scope"].partition("*")
        if hook["is_active"] and (scope.startswith(prefix) if star else scope == hook["scope"]):
            _queue(state, hook, scope, order)


def _queue(state: SandboxState, hook: Document, scope: str, order: Document | None) -> None:
    now = datetime.fromtimestamp(state.now(), UTC)
    rules = state.rules
    data: Document = {"type": "order", "id": order["id"]} if order else {"type": "app", "id": "1"}
    if order and scope.endswith("statusUpdated"):
        data["status"] = {"new_status_id": order["status_id"]}
    payload = {
        "scope": scope,
        "store_id": "1025646",
        "data": data,
        "hash": hashlib.sha1(f"{scope}{data}".encode(), usedforsecurity=False).hexdigest(),
        "created_at": int(now.timestamp()),
        "producer": f"stores/{rules.store_hash}",
    }

    webhooks.queue(
        state,
        hook["id"],
        topic=scope,
        url=hook["destination"],
        secret=rules.client_secret,
        body=json.dumps(payload).encode(),
    )


def create(state: SandboxState, body: Any) -> Document:
    kinds: dict[str, Any] = {
        "scope": str, "destination": str, "is_active": bool, "headers": dict,
        "events_history_enabled": bool,
    }  # fmt: skip
    check_fields(body, kinds, required=("scope", "destination"))
    if body["scope"] not in SCOPES:
        raise refused(422, "The scope is unknown", scope="is invalid")
    if not body["destination"].startswith(TARGETS):
        raise refused(422, "The destination must use HTTPS", destination="is invalid")
    for hook in state.documents.where("hook", scope=body["scope"], destination=body["destination"]):
        raise refused(409, "A hook for this scope and destination exists", id=str(hook["id"]))
    return state.documents.put("hook", {"is_active": True, **body})


def update(state: SandboxState, number: int, body: Any) -> Document:
    check_fields(body, {"is_active": bool, "destination": str})
    hook = state.documents.get("hook", number)
    if hook is None:
        raise refused(404, "Hook not found")
    return state.documents.put("hook", hook | body)
