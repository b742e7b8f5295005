"""Responses of the onX sandbox: sessions, argument checks, orders."""

import json
from email.message import Message

import pytest

from storefront.dev.sandboxes.core.http_server import Request
from storefront.dev.sandboxes.onx.server import page, reply_to
from storefront.dev.sandboxes.onx.state import DEFAULT_KEY, Rules, SandboxState
from storefront.dev.sandboxes.onx.tools import TOOLS


@pytest.fixture
def sandbox(tmp_path):
    opened = []

    def start(**rules):
        state = SandboxState(
            folder=tmp_path, base_url="http://s", count=3, seed=7, rules=Rules(**rules)
        )
        opened.append(state)
        return state

    yield start
    for state in opened:
        state.ledger.close()


def send(state, method, *, request_id=1, session="", accept="", **parameters):
    headers = Message()
    given = {"Authorization": f"Bearer {DEFAULT_KEY}", "Mcp-Session-Id": session, "Accept": accept}
    for name, value in given.items():
        if value:
            headers[name] = value
    body = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": parameters}
    if request_id is None:
        del body["id"]
    return reply_to(
        state,
        Request(
            method="POST",
            path="/mcp",
            query_text="",
            query={},
            body=json.dumps(body).encode(),
            headers=headers,
            peer="127.0.0.1",
        ),
    )


def call(state, tool, **arguments):
    """Return a tool's payload, or the error of the request."""
    answer = json.loads(send(state, "tools/call", name=tool, arguments=arguments).body)
    return json.loads(answer["result"]["content"][0]["text"]) if "result" in answer else answer


def create(state, sku, *, quantity=1, **fields):
    lines = [{"sku": sku, "quantity": quantity}]
    return call(state, "create-sales-order", order={"lineItems": lines, **fields})


def test_session_is_required_only_if_the_rule_says_so(sandbox):
    state = sandbox(sessions=True)
    session = send(state, "initialize").headers["Mcp-Session-Id"]

    statuses = [send(state, "ping", session=each).status for each in ("", "other", session)]

    assert statuses == [400, 404, 200]
    assert send(state, "notifications/initialized", request_id=None, session=session).status == 202


def test_tool_result_is_a_stream_for_clients_that_accept_one(sandbox):
    words = {"name": "get-products", "arguments": {"pageSize": 1}}

    streamed = send(sandbox(), "tools/call", accept="application/json, text/event-stream", **words)

    assert streamed.type == "text/event-stream"
    assert streamed.body.count(b"data: ") == 2


def test_every_tool_describes_its_arguments_without_references(sandbox):
    tools = json.loads(send(sandbox(), "tools/list").body)["result"]["tools"]

    assert {tool["name"] for tool in tools} == TOOLS.keys()
    assert all(tool["inputSchema"]["additionalProperties"] is False for tool in tools)
    assert "$ref" not in json.dumps(tools)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("get-orders", {"externalId": "FL-1"}),
        ("get-orders", {"externalIds": "FL-1"}),
        ("get-orders", {"pageSize": 0}),
        ("get-inventory", {}),
        ("get-inventory", {"skus": []}),
        ("cancel-order", {"orderId": 7}),
        ("create-sales-order", {"order": {"lineItems": [{"sku": "", "quantity": 1}]}}),
        ("create-sales-order", {"order": {"lineItems": [{"sku": "A", "quantity": 0}]}}),
        ("no-such-tool", {}),
    ],
)
def test_invalid_call_is_refused(sandbox, tool, arguments):
    assert call(sandbox(), tool, **arguments)["error"]["code"] in {-32601, -32602}


def test_two_orders_may_have_one_number_and_take_stock_until_canceled(sandbox):
    state = sandbox()
    item = next(item for item in state.items() if state.quantity(item) > 10)
    units = state.quantity(item)

    first, second = (create(state, item.sku, quantity=2, externalId="FL-1") for _ in range(2))

    assert [row["id"] for row in call(state, "get-orders", externalIds=["FL-1"])["orders"]] == [
        first["order"]["id"],
        second["order"]["id"],
    ]
    assert state.quantity(item) == units - 4
    call(state, "cancel-order", orderId=first["order"]["id"])
    assert state.quantity(item) == units - 2
    again = call(state, "cancel-order", orderId=first["order"]["id"])
    assert again["error"]["details"]["originalError"] == "INVALID_ORDER_STATE"
    missing = create(state, item.sku, quantity=units)
    assert missing["error"]["details"]["originalError"] == "INSUFFICIENT_INVENTORY"
    assert first["order"]["id"] in page(state)
