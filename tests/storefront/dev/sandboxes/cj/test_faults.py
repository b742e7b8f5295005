"""Faults of the CJ sandbox: kind, frequency and count."""

import json
import time

import httpx
import pytest

from tests.storefront.dev.sandboxes.conftest import PREFIX

LIST = f"{PREFIX}product/listV2"


@pytest.mark.parametrize(
    ("kind", "status", "start"),
    [
        ("500", 500, b'{"code":1600000,'),
        ("soft_500", 200, b'{"code":1600000,'),
        ("429", 429, b'{"code":1600201,'),
        ("garbage", 200, b"<html>"),
        ("redirect", 302, b""),
        ("huge", 200, b'{"code":200,"data":"' + b"x" * 9_000_000),
    ],
)
def test_fault_happens_as_often_as_configured(sandbox, kind, status, start):
    sandbox.control("faults", {"path": "listV2", "kind": kind, "delay": 7})

    spoiled, good = sandbox.client.get(LIST), sandbox.client.get(LIST)

    assert (spoiled.status_code, good.status_code) == (status, 200)
    assert spoiled.content.startswith(start)
    assert spoiled.headers.get("Retry-After") == ("7" if kind == "429" else None)
    assert ("169.254.169.254" in spoiled.headers.get("Location", "")) == (kind == "redirect")
    assert sandbox.control("faults")[0]["spent"] is True


def test_fault_can_hit_every_second_call(sandbox):
    sandbox.control("faults", {"path": "*", "kind": "500", "count": 0, "every": 2, "skip": 1})

    codes = [sandbox.client.get(LIST).status_code for _ in range(5)]

    assert codes == [200, 500, 200, 500, 200]


@pytest.mark.parametrize(
    ("kind", "delay_s", "least_s"), [("slow", 0.3, 0.3), ("trickle", 0.02, 0.5)]
)
def test_slow_answers_are_complete(sandbox, kind, delay_s, least_s):
    sandbox.control("faults", {"path": "setting/get", "kind": kind, "delay": delay_s})

    started = time.monotonic()

    assert sandbox.get("setting/get")["code"] == 200
    assert time.monotonic() - started >= least_s


@pytest.mark.parametrize("kind", ["truncated", "nan_price"])
def test_some_faults_return_invalid_json(sandbox, kind):
    sandbox.control("faults", {"path": "listV2", "kind": kind})

    answer = sandbox.client.get(LIST)

    assert answer.status_code == 200
    with pytest.raises(ValueError):  # noqa: PT011 each parser has its own message
        json.loads(answer.text, parse_constant=int)


def test_some_faults_return_other_values(sandbox):
    product, variant = sandbox.goods()
    sandbox.place("FL-1", variant)
    for path, kind in (
        ("listV2", "empty"),
        ("product/query", "wrong_currency"),
        ("getOrderDetail", "wrong_order"),
    ):
        sandbox.control("faults", {"path": path, "kind": kind})

    listed = sandbox.get("product/listV2")["data"]
    order = sandbox.get("shopping/order/getOrderDetail", orderId="FL-1")["data"]

    assert (listed["content"], listed["totalRecords"], listed["totalPages"]) == ([], 0, 0)
    assert sandbox.get("product/query", pid=product.pid)["data"]["currency"] == "EUR"
    assert order["orderNumber"] == "X-0000-0"


def test_expired_token_stays_expired_until_login(sandbox):
    sandbox.control("faults", {"path": "listV2", "kind": "token_expired"})

    assert [sandbox.get("product/listV2")["code"] for _ in range(2)] == [1600001] * 2
    sandbox.login()
    assert sandbox.get("product/listV2")["code"] == 200


def test_drop_catalog_hides_most_products(sandbox):
    whole = sandbox.get("product/listV2")["data"]["totalRecords"]

    for share in (0.8, 0):
        sandbox.control("drop_catalog", {"share": share})

        listed = sandbox.get("product/listV2")["data"]["totalRecords"]
        assert listed == round(whole * (1 - share))


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


@pytest.mark.parametrize("end", ["reset", "faults/clear"])
def test_faults_end_with_a_reset_which_keeps_the_token(sandbox, end):
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)
    sandbox.control("faults", {"path": "*", "kind": "drop_before", "count": 0})
    with pytest.raises(httpx.TransportError):
        sandbox.client.get(LIST)

    sandbox.control(end, {})

    assert sandbox.control("faults") == []
    assert sandbox.get("setting/get")["code"] == 200
    assert len(sandbox.control("orders")["orders"]) == (end != "reset")
