from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing

import httpx
import pytest

from storefront.dev.sandboxes.gateway.adapter import TestGateway
from tests.fakes.payment_gateway import (
    ASKING_CARD,
    DECLINED_CARD,
    GOOD_CARD,
    SECRET,
    GatewayProcess,
)
from tests.storefront.dev.sandboxes.gateway.test_adapter import TOTAL, euros, opened

GOOD = {"amount": 1000, "currency": "EUR", "return_url": "http://shop.example/back"}


def call(test_gateway, method, path, **words):
    headers = {"authorization": f"Bearer {SECRET}", "idempotency-key": "k"}
    headers |= words.pop("headers", {})
    return httpx.request(
        method, f"{test_gateway.url}{path}", headers=headers, trust_env=False, **words
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 0},
        {"amount": -1},
        {"amount": 1.5},
        {"amount": "1000"},
        {"amount": True},
        {"amount": 10**30},
        {"currency": "eur"},
        {"currency": "XQX"},
        {"return_url": "javascript:alert(1)"},
        {"return_url": "//evil.example"},
        {"return_url": "http://shop.example/\r\nSet-Cookie: a=b"},
        {"return_url": "http://me@evil.example/"},
        {"return_url": "http://[::1"},
        {"locale": "../../etc"},
        {"description": "x" * 201},
        {"unknown": 1},
    ],
)
def test_a_payment_that_makes_no_sense_is_refused_and_its_key_stays_free(test_gateway, changes):
    refused = call(test_gateway, "POST", "/v1/payments", json=GOOD | changes)
    accepted = call(test_gateway, "POST", "/v1/payments", json=GOOD)

    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "invalid_request"
    assert accepted.status_code == 201
    assert len(test_gateway.payments()) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[" * 20_000, 400),
        (b'{"amount": NaN}', 400),
        (b"\xff\xfe", 400),
        (b"x" * 70_000, 413),
    ],
)
def test_a_body_that_is_no_request_is_refused(test_gateway, body, status):
    headers = {"content-type": "application/json"}

    answer = call(test_gateway, "POST", "/v1/payments", content=body, headers=headers)

    assert answer.status_code == status
    assert test_gateway.payments() == []


def test_a_browser_form_of_another_site_cannot_call(test_gateway):
    headers = {"content-type": "text/plain"}

    answers = [
        call(test_gateway, "POST", path, content=b"{}", headers=headers)
        for path in ("/v1/payments", "/control/faults", "/control/webhooks")
    ]

    assert [answer.status_code for answer in answers] == [415, 415, 415]


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_call_that_moves_money_needs_a_key(test_gateway, key):
    answer = call(test_gateway, "POST", "/v1/payments", json=GOOD, headers={"idempotency-key": key})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "key_required")
    assert test_gateway.payments() == []


def test_an_answer_given_before_says_so(test_gateway):
    first, second = (call(test_gateway, "POST", "/v1/payments", json=GOOD) for _ in range(2))

    assert first.json() == second.json()
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/payments/pay_none", 404),
        ("GET", "/v1/payments/../../etc/passwd", 404),
        ("DELETE", "/v1/payments/pay_none", 405),
        ("GET", "/nothing", 404),
        ("POST", "/pay/pay_none", 404),
    ],
)
def test_what_does_not_exist_is_said_not_to(test_gateway, method, path, status):
    assert call(test_gateway, method, path).status_code == status


def test_a_stranger_reads_nothing(test_gateway, gateway):
    reference = opened(gateway).reference
    headers = {"authorization": "Bearer whsec_wrong"}

    answer = call(test_gateway, "GET", f"/v1/payments/{reference}", headers=headers)

    assert answer.status_code == 401
    assert reference not in answer.text


@pytest.fixture
def own_gateway(tmp_path):
    """A process that may be killed."""
    process = GatewayProcess(folder=tmp_path / "gateway")
    process.start()
    yield process
    if process.process.poll() is None:
        process.stop()
    process.client.close()


def paid_at(process, key="pay:FL-1:1"):
    with closing(TestGateway(base_url=process.url, secret=SECRET)) as gateway:
        payment = opened(gateway, key=key)
        process.pay(payment.pay_url)
        gateway.capture(reference=payment.reference, amount=euros("10"), key=f"capture:{key}")
        return payment


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_book_survives_the_end_of_its_process(own_gateway, number):
    payment = paid_at(own_gateway)
    before = own_gateway.events()

    left_with = own_gateway.stop(number)
    own_gateway.start()

    with closing(TestGateway(base_url=own_gateway.url, secret=SECRET)) as gateway:
        again = gateway.capture(
            reference=payment.reference, amount=euros("10"), key="capture:pay:FL-1:1"
        )
    assert left_with == (-9 if number == signal.SIGKILL else 0)
    assert own_gateway.events() == before
    assert again.external_id == before[-1]["id"]


def test_of_a_card_only_the_last_four_digits_are_kept(own_gateway):
    with closing(TestGateway(base_url=own_gateway.url, secret=SECRET)) as gateway:
        for number, card in enumerate((GOOD_CARD, DECLINED_CARD, ASKING_CARD, "5555555555554444")):
            own_gateway.pay(opened(gateway, key=f"k{number}").pay_url, card)
        own_gateway.act(opened(gateway, key="typed").pay_url, "pay", number="4111 1111 1111 1111")
        own_gateway.act(
            opened(gateway, key="mistyped").pay_url, "pay", number="4242 4242 4242 4241"
        )
    own_gateway.stop()

    kept = b"".join(file.read_bytes() for file in own_gateway.folder.iterdir())

    assert b"4444" in kept
    for digits in (b"4242424242424", b"4242 4242", b"400000", b"555555", b"411111", b"4111 1111"):
        assert digits not in kept


def test_without_a_secret_it_does_not_start(tmp_path):
    environment = {name: value for name, value in os.environ.items() if "SECRET" not in name}
    words = ["-m", "storefront.dev.sandboxes.gateway", "--port", "0", "--data", str(tmp_path)]

    ended = subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 2
    assert "TEST_GATEWAY_SECRET" in ended.stderr


def test_a_payment_of_yen_has_no_cents(gateway, test_gateway):
    yen = TOTAL.__class__(TOTAL.amount.__class__("6500"), "JPY")

    payment = opened(gateway, amount=yen)
    test_gateway.pay(payment.pay_url)

    (update,) = gateway.history(reference=payment.reference)
    assert test_gateway.payments()[0]["amount"] == 6500
    assert update.amount == yen
