"""Idempotency keys: each write to a gateway carries our key, so that money never moves twice."""

import inspect

import pytest

from orders.gateways.base import Gateway
from storefront.lib.http.client import ApiClient
from tests.orders.gateways.test_gateway_contract import TOTAL, opened

KEY = "our-key:1"
WRITES = [
    name
    for name, method in vars(Gateway).items()
    if inspect.isfunction(method) and "key" in inspect.signature(method).parameters
]


@pytest.fixture
def sent(monkeypatch):
    """The requests to the gateway, except GET."""
    requests = []
    watched = ApiClient._observed

    def note(api, request, *args, **words):
        if request.method != "GET":
            requests.append(request)
        return watched(api, request, *args, **words)

    monkeypatch.setattr(ApiClient, "_observed", note)
    return requests


@pytest.mark.parametrize("write", WRITES)
def test_each_write_carries_our_key(gateway, stripe, sent, write):
    words = {"key": KEY}
    if write != "open":
        payment = opened(gateway, key="first")
        words["reference"] = payment.reference
    if write in {"capture", "release", "refund"}:
        stripe.pay(payment.pay_url)
        words["amount"] = TOTAL
    if write == "capture":
        words["is_last"] = True
    if write == "refund":
        gateway.capture(reference=payment.reference, amount=TOTAL, key="second", is_last=True)
    sent.clear()

    if write == "open":
        opened(gateway, key=KEY)
    else:
        getattr(gateway, write)(**words)

    assert sent, "no request was sent"
    assert {request.headers.get("idempotency-key") for request in sent} == {KEY}


def test_the_writes_of_the_protocol_are_known():
    assert set(WRITES) == {"open", "capture", "release", "refund", "abandon"}
