import pytest
from django.test import Client

from storefront.api.core.throttles import ClientThrottle
from tests.factories.catalog import make_channel

pytestmark = pytest.mark.django_db
ONX = "/api/v1/onx/"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


def test_session_is_opened_without_state(onx):
    asked = {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {}}

    opened = onx.request("initialize", asked)["result"]
    newer = onx.request("initialize", {"protocolVersion": "2099-01-01"})["result"]
    notified = onx.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    assert (opened["protocolVersion"], "tools" in opened["capabilities"]) == ("2025-03-26", True)
    assert newer["protocolVersion"] == "2025-11-25"
    assert (notified.status_code, notified.content) == (202, b"")
    assert onx.request("ping")["result"] == {}
    assert onx.send({"jsonrpc": "2.0", "id": 7, "result": {}}).status_code == 202


def test_wrong_messages_are_refused_as_json_rpc(onx):
    def refused(message, **headers):
        answer = onx.send(message, **headers)
        return answer.status_code, answer.json()["error"]["code"]

    assert refused("{") == (400, -32700)
    assert refused([PING]) == refused({**PING, "jsonrpc": "1.0"}) == (400, -32600)
    assert refused({**PING, "params": []}) == (400, -32600)
    assert refused(PING, mcp_protocol_version="1999-01-01") == (400, -32600)
    assert refused(PING, origin="https://rebound.example") == (403, -32600)
    assert refused(PING, accept="text/event-stream") == (406, -32600)
    assert onx.request("prompts/list")["error"]["code"] == -32601
    assert onx.request("tools/call", {"name": "get-rich"})["error"]["code"] == -32602


def test_only_post_with_a_valid_key_is_answered(onx):
    reading = Client().get(ONX, headers={"authorization": f"Bearer {onx.bearer}"})
    unknown = Client().post(ONX, PING, content_type="application/json")

    assert reading.status_code == 405
    assert (unknown.status_code, unknown.headers["www-authenticate"]) == (401, "Bearer")
    assert unknown.json()["error"]["data"]["details"]["originalError"] == "INVALID_API_KEY"


def test_reads_and_changes_are_counted_apart(onx, monkeypatch):
    make_channel()
    monkeypatch.setattr(ClientThrottle, "changes_per_window", 1)
    reading = {"name": "get-orders", "arguments": {}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}

    first, second = (onx.send({**message, "params": {"name": "cancel-order"}}) for _ in range(2))
    read = onx.send({**message, "params": reading})

    assert [first.status_code, second.status_code, read.status_code] == [200, 429, 200]
    limited = second.json()["error"]["data"]
    assert (limited["code"], limited["retryable"]) == (3001, True)
    assert int(second.headers["retry-after"]) >= 1


def test_bug_is_a_retryable_error_without_details(onx, monkeypatch):
    def fail(*_args):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("storefront.api.onx.tools.call", fail)

    error = onx.refusal("get-orders", {})

    assert (error["code"], error["retryable"]) == (4001, True)
    assert "secret" not in str(error)
