"""onX server: speak MCP over Streamable HTTP, inject faults, serve controls and a status page.

Tool results are sent as an event stream to clients that accept one, else as JSON.
"""

import json
import secrets
import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from storefront.dev.sandboxes.core.control import Actions
from storefront.dev.sandboxes.core.faults import Fault, reply_after, reply_before, retry_after
from storefront.dev.sandboxes.core.http_server import NOT_FOUND, Reply, Request, as_json
from storefront.dev.sandboxes.core.status_page import (
    SHOWN_ORDERS,
    button,
    fault_table,
    order_table,
)
from storefront.dev.sandboxes.core.status_page import page as status_page
from storefront.dev.sandboxes.onx import arguments
from storefront.dev.sandboxes.onx.state import CANCELED, FAULT_KINDS, STATUSES, SandboxState
from storefront.dev.sandboxes.onx.tools import TOOLS, ToolError
from storefront.dev.sandboxes.supplier import SUPPLIER_ACTIONS, SupplierServer

PATH = "/mcp"
SESSION_HEADER = "Mcp-Session-Id"
VERSIONS = ("2025-06-18", "2025-03-26", "2024-11-05")
ENCODER = msgspec.json.Encoder(decimal_format="number")
METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR, PARSE_ERROR = -32601, -32602, -32603, -32700


class RpcError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def reply_to(state: SandboxState, asked: Request) -> Reply:
    if asked.path != PATH:
        return NOT_FOUND
    given = (asked.headers["Authorization"] or "").removeprefix("Bearer ")
    if not secrets.compare_digest(given.encode(), state.rules.api_key.encode()):
        return as_json({"error": "invalid token"}, status=401)
    try:
        message = json.loads(asked.body)
    except ValueError:
        error = {"code": PARSE_ERROR, "message": "Parse error"}
        return as_json({"jsonrpc": "2.0", "id": None, "error": error}, status=400)
    session = asked.headers[SESSION_HEADER] or ""
    method = message.get("method", "")
    if state.rules.sessions and method != "initialize" and session not in state.sessions:
        return Reply(status=404 if session else 400)
    return Reply(status=202) if "id" not in message else _reply(state, asked, message, method)


def _reply(state: SandboxState, asked: Request, message: Any, method: str) -> Reply:
    """Answer a request of the session, perhaps with a fault."""
    parameters = message.get("params") or {}
    fault = state.faults.next_for(str(parameters.get("name") or method))
    own: dict[str, Callable[[Fault], Reply]] = {
        "500": lambda _: Reply(status=503),
        "429": lambda each: Reply(status=429, headers=retry_after(each)),
        "soft_500": lambda _: _answer(
            message, {"error": {"code": INTERNAL_ERROR, "message": "Internal error"}}
        ),
    }
    if early := reply_before(fault, own):
        return early
    headers: dict[str, str] = {}
    try:
        outcome: dict[str, Any] = {"result": _result(state, method, parameters, headers)}
    except RpcError as error:
        outcome = {"error": {"code": error.code, "message": str(error)}}
    kind = fault.kind if fault else ""
    if kind == "empty":
        outcome = {"result": {"content": []}}
    elif kind == "wrong_order" and "result" in outcome:
        outcome = {"result": _of_another_order(outcome["result"])}
    accepts_stream = "text/event-stream" in (asked.headers["Accept"] or "")
    reply = _answer(message, outcome, is_stream=accepts_stream and method == "tools/call")
    reply.headers.update(headers)
    return reply_after(fault, reply, {})


def _answer(message: Any, outcome: dict[str, Any], *, is_stream: bool = False) -> Reply:
    body = {"jsonrpc": "2.0", "id": message["id"], **outcome}
    if not is_stream:
        return as_json(body)
    note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info"}}
    events = "".join(f"event: message\ndata: {json.dumps(each)}\n\n" for each in (note, body))
    return Reply(body=events.encode(), type="text/event-stream")


def _result(
    state: SandboxState, method: str, parameters: dict[str, Any], headers: dict[str, str]
) -> dict[str, Any]:
    """Return the result of a request. Raises RpcError."""
    if method == "initialize":
        wanted = parameters.get("protocolVersion")
        if state.rules.sessions:
            headers[SESSION_HEADER] = uuid.uuid4().hex
            state.sessions.add(headers[SESSION_HEADER])
        return {
            "protocolVersion": wanted if wanted in VERSIONS else VERSIONS[0],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "onx-sandbox", "version": "1.0.0"},
        }
    if method == "ping":
        return {}
    if method == "tools/list":
        return {
            "tools": [
                {"name": name, "description": text, "inputSchema": arguments.json_schema(kind)}
                for name, (kind, _, text) in TOOLS.items()
            ]
        }
    if method != "tools/call" or parameters.get("name") not in TOOLS:
        raise RpcError(METHOD_NOT_FOUND, f"unknown: {method} {parameters.get('name', '')}")
    kind, work, _ = TOOLS[parameters["name"]]
    is_error = False
    try:
        payload = {
            "success": True,
            **work(state, msgspec.convert(parameters.get("arguments") or {}, kind)),
        }
    except msgspec.ValidationError as error:
        raise RpcError(INVALID_PARAMS, str(error)) from error
    except ToolError as error:
        payload, is_error = error.payload(), True
    text = ENCODER.encode(payload).decode()
    return {"content": [{"type": "text", "text": text}], "isError": is_error}


def _of_another_order(result: dict[str, Any]) -> dict[str, Any]:
    payload = json.loads(result["content"][0]["text"])
    for row in (*payload.get("orders", ()), *payload.get("fulfillments", ())):
        other = {"id": "999999", "externalId": "X-0000-0", "orderId": "999999"}
        row.update({name: value for name, value in other.items() if name in row})
    return {"content": [{"type": "text", "text": json.dumps(payload)}], "isError": False}


# Controls


def orders(state: SandboxState, _: dict[str, Any]) -> dict[str, Any]:
    return {"orders": state.orders()}


def items(state: SandboxState, _: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"sku": item.sku, "product": item.product.pid} for item in state.items()]


def advance(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Set the status of the order with this ``number`` or ``id``; any word is allowed."""
    wanted = {"externalId": arguments.get("number"), "id": arguments.get("id")}
    order = next(
        row for row in state.orders() if any(row.get(k) == v for k, v in wanted.items() if v)
    )
    state.move(order["id"], to=str(arguments["to"]))
    return {"id": order["id"], "to": str(arguments["to"])}


def stock(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    sku, quantity = str(arguments["sku"]), int(arguments["quantity"])
    state.ledger.run("INSERT OR REPLACE INTO stock VALUES (?, ?)", sku, quantity)
    return {"sku": sku, "quantity": quantity}


def reset(state: SandboxState, _: dict[str, Any]) -> dict[str, Any]:
    """Reset: no orders, initial stock, no faults, no sessions."""
    state.ledger.wipe()
    state.ledger.forget("dropped_share", "pace_s")
    state.faults.clear()
    state.sessions.clear()
    return {"reset": True}


ACTIONS: Actions[SandboxState] = {
    **SUPPLIER_ACTIONS,
    ("GET", "orders"): orders,
    ("GET", "items"): items,
    ("POST", "advance"): advance,
    ("POST", "stock"): stock,
    ("POST", "reset"): reset,
}


def page(state: SandboxState) -> str:
    return status_page(
        "onX sandbox",
        intro=f"{state.goods.count} products and {state.goods.bad_count} deliberately bad records."
        f" The MCP endpoint is <code>{PATH}</code>, the controls are at <code>/control/</code>.",
        pictures=(),
        sections={
            "Orders": order_table([_row(each) for each in state.orders()[-SHOWN_ORDERS:][::-1]]),
            "Faults": fault_table(
                state.faults.listed(), kinds=FAULT_KINDS, example="create-sales-order"
            ),
        },
    )


def _row(order: dict[str, Any]) -> dict[str, str]:
    return {
        "number": order.get("externalId", ""),
        "id": order["id"],
        "status": order["status"],
        "goods": ", ".join(f"{line['quantity']:g} × {line['sku']}" for line in order["lineItems"]),
        "tracking": order["trackingNumber"],
        "carrier": "",
        "created": order["createdAt"],
        "buttons": " ".join(
            button(to, action="advance", id=order["id"], to=to) for to in (*STATUSES[1:], CANCELED)
        ),
    }


class Server(SupplierServer):
    def __init__(self, address: tuple[str, int], *, state: SandboxState) -> None:
        super().__init__(
            address,
            state=state,
            products=state.goods,
            actions=ACTIONS,
            reply=lambda asked: reply_to(state, asked),
            page=lambda: page(state),
        )
