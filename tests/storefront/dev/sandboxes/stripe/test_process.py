"""The local Stripe sandbox as a process: keeps its data over restarts, refuses unsafe callers."""

import os
import signal
import subprocess
import sys
from contextlib import closing

import pytest

from orders.gateways.stripe.gateway import StripeGateway
from storefront.lib.money import Money
from tests.fakes.stripe_server import ASKING_CARD, DECLINED_CARD, GOOD_CARD, KEY, StripeProcess
from tests.storefront.dev.sandboxes.stripe.payments import euros, opened


@pytest.fixture
def own_stripe(tmp_path):
    """A process that may be killed."""
    process = StripeProcess(folder=tmp_path / "stripe").start()
    yield process
    if process.process.poll() is None:
        process.stop()


def adapter(process):
    return closing(StripeGateway(base_url=process.url, secret=KEY))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_objects_events_and_answers_survive_the_end_of_the_process(own_stripe, number):
    capture = {"amount": euros("10"), "key": "capture:1", "is_last": True}
    with adapter(own_stripe) as gateway:
        payment = opened(gateway)
        own_stripe.pay(payment.pay_url)
        first = gateway.capture(reference=payment.reference, **capture)
    before = own_stripe.events()

    exit_code = own_stripe.stop(number)
    own_stripe.start()

    with adapter(own_stripe) as gateway:
        again = gateway.capture(reference=payment.reference, **capture)
    assert exit_code == (-9 if number == signal.SIGKILL else 0)
    assert own_stripe.events() == before
    assert (again.external_id, again.amount) == (first.external_id, euros("10"))


def test_only_the_last_four_digits_of_a_card_are_kept(own_stripe):
    with adapter(own_stripe) as gateway:
        for number, card in enumerate((GOOD_CARD, DECLINED_CARD, ASKING_CARD, "5555555555554444")):
            own_stripe.pay(opened(gateway, key=f"k{number}").pay_url, card)
        own_stripe.act(opened(gateway, key="typed").pay_url, "pay", number="4111 1111 1111 1111")
        own_stripe.act(opened(gateway, key="bad").pay_url, "pay", number="4242 4242 4242 4241")
    own_stripe.stop()

    kept = b"".join(file.read_bytes() for file in own_stripe.folder.iterdir())

    assert b"4444" in kept
    for digits in (b"4242424242424", b"4242 4242", b"400000", b"555555", b"411111", b"4111 1111"):
        assert digits not in kept


def test_without_keys_it_does_not_start(tmp_path):
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("STRIPE_")
    }
    words = ["-m", "storefront.dev.sandboxes.stripe", "--port", "0", "--data", str(tmp_path)]

    ended = subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 2
    assert "STRIPE_SECRET_KEY" in ended.stderr


def test_a_payment_of_yen_has_no_cents(gateway, stripe):
    yen = Money(euros("6500").amount, "JPY")

    payment = opened(gateway, amount=yen)
    stripe.pay(payment.pay_url)

    (update,) = gateway.history(reference=payment.reference)
    assert stripe.intent["amount"] == 6500
    assert update.amount == yen


@pytest.mark.parametrize("path", ["faults", "webhooks"])
@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b"{}", 415),  # a form of another site
        ("application/json", b"", 400),
        ("application/json", b"[" * 20_000, 400),
        ("application/json", b'{"kind": NaN}', 400),
        ("application/json", b"x" * 70_000, 413),
    ],
)
def test_invalid_control_request_is_refused(stripe, path, kind, body, status):
    url, headers = f"{stripe.url}/control/{path}", {"content-type": kind}

    assert stripe.client.post(url, content=body, headers=headers).status_code == status
    assert stripe.control("faults") == {"faults": []}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("DELETE", "/v1/refunds", 405), ("POST", "/pay/cs_test_none", 404)],
)
def test_an_unknown_address_or_method_is_refused(stripe, method, path, status):
    assert stripe.client.request(method, f"{stripe.url}{path}").status_code == status
