"""onX client: sessions, headers, event streams, pages."""

import json
import logging

import httpx
import pytest

from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.http.observers import LoggingObserver
from tests.factories.connector_contexts import make_request
from tests.suppliers.connectors.onx.mocked_server import KEY, tool_answer

NO_ORDERS = {"success": True, "orders": []}


def test_session_is_opened_once_and_named_in_each_call(serve):
    server, onx = serve(get_products={"products": []}, get_orders=NO_ORDERS)

    assert onx.sign_in() == "lumen"
    assert onx.find(number="FL-1") is None

    first, noted, *calls = server.requests
    assert [json.loads(each.content)["method"] for each in (first, noted)] == [
        "initialize",
        "notifications/initialized",
    ]
    assert "mcp-session-id" not in first.headers
    assert server.sessions == 1
    for call in (noted, *calls):
        assert call.headers["mcp-session-id"] == "s1"
        assert call.headers["mcp-protocol-version"] == "2025-03-26"
        assert call.headers["authorization"] == f"Bearer {KEY}"
        assert call.headers["accept"] == "application/json, text/event-stream"
    assert {str(call.url) for call in calls} == {"https://onx.example/mcp"}


@pytest.mark.parametrize(
    "url",
    [
        "https://onx.example/",
        "https://onx.example/v1/mcp",
        "https://onx.example/mcp/",
        "https://onx.example/mcp?tenant=7",
    ],
)
def test_endpoint_is_called_at_the_very_address(serve, url):
    server, onx = serve(url=url, get_products={"products": []})

    onx.sign_in()

    assert {str(request.url) for request in server.requests} == {url}


def test_key_is_sent_in_the_header_that_staff_name(serve):
    server, onx = serve(get_products={"products": []}, options={"api_key_header": "X-API-Key"})

    onx.sign_in()

    assert server.requests[-1].headers["x-api-key"] == KEY
    assert "authorization" not in server.requests[-1].headers


def test_ended_session_is_opened_again_for_a_read(serve):
    server, onx = serve(get_orders=[httpx.Response(404), NO_ORDERS])

    assert onx.find(number="FL-1") is None

    assert server.sessions == 2
    assert server.requests[-1].headers["mcp-session-id"] == "s2"


def test_ended_session_placed_no_order(serve):
    _, onx = serve(get_orders=NO_ORDERS, create_sales_order=httpx.Response(404))

    with pytest.raises(TemporaryError, match="session") as ended:
        onx.place(make_request("L-1"))

    assert not ended.value.is_outcome_unknown


def stream(*messages, end="\n\n"):
    text = "".join(f"event: message\r\ndata: {json.dumps(each)}{end}" for each in messages)
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=text)


def test_event_stream_is_read_up_to_our_response(serve):
    note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {}}
    question = {"jsonrpc": "2.0", "id": 3, "method": "ping"}
    server, onx = serve(
        get_orders=lambda message: stream(note, question, tool_answer(message["id"], NO_ORDERS))
    )

    assert onx.find(number="FL-1") is None
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        lambda message: stream(tool_answer(message["id"], NO_ORDERS), end=""),
        lambda message: httpx.Response(200, json=tool_answer(message["id"] + 1, NO_ORDERS)),
        lambda message: tool_answer(message["id"], {})["result"],
        lambda _: httpx.Response(200, text="<html>"),
        lambda _: {"success": True},
    ],
)
def test_incomplete_or_foreign_answer_proves_nothing(serve, answer):
    _, onx = serve(get_orders=answer)

    with pytest.raises(TemporaryError) as unclear:
        onx.find(number="FL-1")

    assert unclear.value.code == "garbage"


def test_list_is_read_to_its_end_though_the_server_caps_its_pages(serve):
    rows = [{"id": str(number), "status": "archived"} for number in range(27)]

    def capped(message):
        skip = message["params"]["arguments"]["skip"]
        return {"products": rows[skip : skip + 12]}

    server, onx = serve(get_products=capped, get_product_variants={"productVariants": []})

    assert list(onx.pages()) == []
    assert [each["skip"] for each in server.called("get-products")] == [0, 12, 24]


def test_list_without_paging_is_refused(serve):
    rows = [{"id": str(number)} for number in range(20)]
    _, onx = serve(get_products={"products": rows}, get_product_variants={"productVariants": []})

    with pytest.raises(PermanentError, match="repeats a page"):
        list(onx.pages())


def test_log_names_each_call_by_its_tool(serve, caplog):
    caplog.set_level(logging.INFO)
    _, onx = serve(get_orders=NO_ORDERS, gate=LoggingObserver())

    onx.find(number="FL-1")

    assert "POST get-orders" in caplog.text
