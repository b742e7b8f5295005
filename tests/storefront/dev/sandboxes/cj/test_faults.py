"""Faults: each kind does what it says, as often as it was told."""

from __future__ import annotations

import json
import time

import httpx
import pytest

from tests.storefront.dev.sandboxes.conftest import PREFIX

LIST = f"{PREFIX}product/listV2"


def test_a_busy_server_says_500_once_and_then_recovers(sandbox):
    sandbox.control("faults", {"path": "listV2", "kind": "500"})

    assert sandbox.client.get(LIST).status_code == 500
    assert sandbox.client.get(LIST).status_code == 200
    assert sandbox.control("faults")[0]["spent"] is True


def test_429_says_when_to_come_back(sandbox):
    sandbox.control("faults", {"path": "listV2", "kind": "429", "delay": 7})

    answer = sandbox.client.get(LIST)

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "7"


def test_every_second_call_fails_when_told_so(sandbox):
    sandbox.control("faults", {"path": "*", "kind": "500", "count": 0, "every": 2, "skip": 1})

    codes = [sandbox.client.get(LIST).status_code for _ in range(5)]

    assert codes == [200, 500, 200, 500, 200]


def test_slow_is_slow(sandbox):
    sandbox.control("faults", {"path": "listV2", "kind": "slow", "delay": 0.3})

    started = time.monotonic()
    sandbox.client.get(LIST)

    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("kind", ["garbage", "truncated", "nan_price"])
def test_some_answers_are_not_json(sandbox, kind):
    sandbox.control("faults", {"path": "listV2", "kind": kind})

    answer = sandbox.client.get(LIST)

    assert answer.status_code == 200
    with pytest.raises(ValueError):  # noqa: PT011 every parser has its own words for it
        json.loads(answer.text, parse_constant=_refuse)


def _refuse(word):
    raise ValueError(word)


def test_a_list_may_come_back_empty(sandbox):
    sandbox.control("faults", {"path": "listV2", "kind": "empty"})

    assert sandbox.get("product/listV2")["data"] == {
        "pageNumber": 1,
        "pageSize": 10,
        "totalRecords": 0,
        "totalPages": 0,
        "content": [],
    }


def test_prices_may_come_in_another_currency(sandbox):
    product, _ = sandbox.goods()
    sandbox.control("faults", {"path": "product/query", "kind": "wrong_currency"})

    assert sandbox.get("product/query", pid=product.pid)["data"]["currency"] == "EUR"
    assert sandbox.get("product/query", pid=product.pid)["data"]["currency"] == "USD"


def test_an_answer_may_be_about_somebody_elses_order(sandbox):
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)
    sandbox.control("faults", {"path": "getOrderDetail", "kind": "wrong_order"})

    data = sandbox.get("shopping/order/getOrderDetail", orderId="FL-1")["data"]

    assert data["orderNumber"] == "X-0000-0"


def test_a_token_expires_at_the_worst_moment_and_stays_dead(sandbox):
    sandbox.control("faults", {"path": "listV2", "kind": "token_expired"})

    assert sandbox.get("product/listV2")["code"] == 1600001
    assert sandbox.get("product/listV2")["code"] == 1600001
    sandbox.login()
    assert sandbox.get("product/listV2")["code"] == 200


def test_a_redirect_leads_to_where_nobody_should_follow(sandbox):
    sandbox.control("faults", {"path": "listV2", "kind": "redirect"})

    answer = sandbox.client.get(LIST)

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("http://169.254.169.254/")


def test_an_answer_may_be_far_too_long(sandbox):
    sandbox.control("faults", {"path": "listV2", "kind": "huge"})

    assert len(sandbox.client.get(LIST).content) > 9_000_000


def test_an_answer_may_trickle(sandbox):
    sandbox.control("faults", {"path": "setting/get", "kind": "trickle", "delay": 0.02})

    started = time.monotonic()
    answer = sandbox.get("setting/get")

    assert answer["code"] == 200
    assert time.monotonic() - started > 0.5


def test_a_feed_may_lose_most_of_its_rows(sandbox):
    whole = sandbox.get("product/listV2")["data"]["totalRecords"]

    sandbox.control("drop_catalog", {"share": 0.8})

    assert sandbox.get("product/listV2")["data"]["totalRecords"] == round(whole * 0.2)
    sandbox.control("drop_catalog", {"share": 0})
    assert sandbox.get("product/listV2")["data"]["totalRecords"] == whole


def test_faults_can_be_taken_back(sandbox):
    sandbox.control("faults", {"path": "*", "kind": "drop_before", "count": 0})
    with pytest.raises(httpx.TransportError):
        sandbox.client.get(LIST)

    sandbox.control("faults/clear", {})

    assert sandbox.client.get(LIST).status_code == 200
    assert sandbox.control("faults") == []


@pytest.mark.parametrize(
    ("path", "wish"),
    [
        ("faults", {"path": "*", "kind": "meteor"}),
        ("faults", {"path": "webhooks", "kind": "500"}),
        ("advance", {"orderNumber": "FL-0"}),
        ("stock", {"vid": "1", "quantity": 1}),
        ("price", {}),
        ("nothing", {}),
    ],
)
def test_a_string_that_is_not_there_says_so(sandbox, path, wish):
    answer = sandbox.client.post(f"/control/{path}", json=wish)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_reset_begins_afresh_and_keeps_the_token(sandbox):
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)
    sandbox.control("faults", {"path": "*", "kind": "slow", "count": 0})

    sandbox.control("reset", {})

    assert sandbox.control("orders")["orders"] == []
    assert sandbox.control("faults") == []
    assert sandbox.get("setting/get")["code"] == 200
