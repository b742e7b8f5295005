"""Idempotency keys: each write to any gateway carries our key, or money could move twice."""

from __future__ import annotations

import inspect

import pytest

from orders.gateways.base import Gateway
from storefront.lib.http.client import Api
from tests.orders.gateways.test_gateway_contract import (  # noqa: F401 - fixtures
    TOTAL,
    either,
    opened,
    server,
)

KEY = "our-key:1"
WRITES = [
    name
    for name, method in vars(Gateway).items()
    if inspect.isfunction(method) and "key" in inspect.signature(method).parameters
]


@pytest.fixture
def sent(monkeypatch):
    """The requests that left this process and may change something."""
    requests = []
    watched = Api._watched

    def note(api, request, *args, **words):
        if request.method != "GET":
            requests.append(request)
        return watched(api, request, *args, **words)

    monkeypatch.setattr(Api, "_watched", note)
    return requests


@pytest.mark.parametrize("write", WRITES)
def test_each_write_carries_our_key(either, server, sent, write):  # noqa: F811 - fixtures
    words = {"key": KEY}
    if write != "open":
        payment = opened(either, key="first")
        words["reference"] = payment.reference
    if write in {"capture", "release", "refund"}:
        server.pay(payment.pay_url)
        words["amount"] = TOTAL
    if write == "capture":
        words["is_last"] = True
    if write == "refund":
        either.capture(reference=payment.reference, amount=TOTAL, key="second", is_last=True)
    sent.clear()

    if write == "open":
        opened(either, key=KEY)
    else:
        getattr(either, write)(**words)

    assert sent, "it changed nothing at the gateway"
    assert {request.headers.get("idempotency-key") for request in sent} == {KEY}


def test_the_writes_of_the_protocol_are_known():
    assert set(WRITES) == {"open", "capture", "release", "refund", "abandon"}
