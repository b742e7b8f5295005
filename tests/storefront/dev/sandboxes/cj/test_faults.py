"""Faults of the CJ sandbox: kind, frequency and count."""

import json
import time

import httpx
import pytest

from tests.storefront.dev.sandboxes.conftest import PREFIX

LIST = f"{PREFIX}product/listV2"


def test_500_fault_happens_once(sandbox):
    sandbox.control("faults", {"path": "listV2", "kind": "500"})

    assert sandbox.client.get(LIST).status_code == 500
    assert sandbox.client.get(LIST).status_code == 200
    assert sandbox.control("faults")[0]["spent"] is True


def test_429_fault_sets_retry_after(sandbox):
    sandbox.control("faults", {"path": "listV2", "kind": "429", "delay": 7})

    answer = sandbox.client.get(LIST)

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "7"


def test_fault_can_hit_every_second_call(sandbox):
    sandbox.control("faults", {"path": "*", "kind": "500", "count": 0, "every": 2, "skip": 1})

    codes = [sandbox.client.get(LIST).status_code for _ in range(5)]

    assert codes == [200, 500, 200, 500, 200]


def test_slow_fault_delays_the_response(sandbox):
    sandbox.control("faults", {"path": "listV2", "kind": "slow", "delay": 0.3})

    started = time.monotonic()
    sandbox.client.get(LIST)

    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("kind", ["garbage", "truncated", "nan_price"])
def test_some_faults_return_invalid_json(sandbox, kind):
    sandbox.control("faults", {"path": "listV2", "kind": kind})

    answer = sandbox.client.get(LIST)

    assert answer.status_code == 200
    with pytest.raises(ValueError):  # noqa: PT011 each parser has its own message
        json.loads(answer.text, parse_constant=_refuse)


def _refuse(word):
    raise ValueError(word)


def test_empty_fault_returns_an_empty_list(sandbox):
    sandbox.control("faults", {"path": "listV2", "kind": "empty"})

    assert sandbox.get("product/listV2")["data"] == {
        "pageNumber": 1,
        "pageSize": 10,
        "totalRecords": 0,
        "totalPages": 0,
        "content": [],
    }


def test_wrong_currency_fault_changes_the_currency(sandbox):
    product, _ = sandbox.goods()
    sandbox.control("faults", {"path": "product/query", "kind": "wrong_currency"})

    assert sandbox.get("product/query", pid=product.pid)["data"]["currency"] == "EUR"
    assert sandbox.get("product/query", pid=product.pid)["data"]["currency"] == "USD"


def test_wrong_order_fault_returns_another_order(sandbox):
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)
    sandbox.control("faults", {"path": "getOrderDetail", "kind": "wrong_order"})

    data = sandbox.get("shopping/order/getOrderDetail", orderId="FL-1")["data"]

    assert data["orderNumber"] == "X-0000-0"


def test_expired_token_stays_expired_until_login(sandbox):
    sandbox.control("faults", {"path": "listV2", "kind": "token_expired"})

    assert sandbox.get("product/listV2")["code"] == 1600001
    assert sandbox.get("product/listV2")["code"] == 1600001
    sandbox.login()
    assert sandbox.get("product/listV2")["code"] == 200


def test_redirect_fault_points_to_an_internal_address(sandbox):
    sandbox.control("faults", {"path": "listV2", "kind": "redirect"})

    answer = sandbox.client.get(LIST)

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("http://169.254.169.254/")


def test_huge_fault_returns_a_long_response(sandbox):
    sandbox.control("faults", {"path": "listV2", "kind": "huge"})

    assert len(sandbox.client.get(LIST).content) > 9_000_000


def test_trickle_fault_sends_slowly(sandbox):
    sandbox.control("faults", {"path": "setting/get", "kind": "trickle", "delay": 0.02})

    started = time.monotonic()
    answer = sandbox.get("setting/get")

    assert answer["code"] == 200
    assert time.monotonic() - started > 0.5


def test_drop_catalog_hides_most_products(sandbox):
    whole = sandbox.get("product/listV2")["data"]["totalRecords"]

    sandbox.control("drop_catalog", {"share": 0.8})

    assert sandbox.get("product/listV2")["data"]["totalRecords"] == round(whole * 0.2)
    sandbox.control("drop_catalog", {"share": 0})
    assert sandbox.get("product/listV2")["data"]["totalRecords"] == whole


def test_faults_can_be_cleared(sandbox):
    sandbox.control("faults", {"path": "*", "kind": "drop_before", "count": 0})
    with pytest.raises(httpx.TransportError):
        sandbox.client.get(LIST)

    sandbox.control("faults/clear", {})

    assert sandbox.client.get(LIST).status_code == 200
    assert sandbox.control("faults") == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"path": "*", "kind": "meteor"}),
        ("faults", {"path": "webhooks", "kind": "500"}),
        ("advance", {"orderNumber": "FL-0"}),
        ("stock", {"vid": "1", "quantity": 1}),
        ("price", {}),
        ("nothing", {}),
    ],
)
def test_invalid_control_requests_are_rejected(sandbox, path, body):
    answer = sandbox.client.post(f"/control/{path}", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_reset_keeps_the_token(sandbox):
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)
    sandbox.control("faults", {"path": "*", "kind": "slow", "count": 0})

    sandbox.control("reset", {})

    assert sandbox.control("orders")["orders"] == []
    assert sandbox.control("faults") == []
    assert sandbox.get("setting/get")["code"] == 200
