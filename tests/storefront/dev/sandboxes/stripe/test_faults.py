"""Faults of the local Stripe sandbox: answers that are lost, late, wrong or repeated."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from orders.gateways.stripe import http_client
from orders.gateways.stripe.gateway import StripeGateway
from storefront.lib.http.errors import PermanentError, TemporaryError
from tests.fakes.stripe_server import KEY
from tests.storefront.dev.sandboxes.stripe.payments import TOTAL, euros, opened
from tests.support.waiting import eventually


@pytest.fixture
def paid(gateway, stripe):
    payment = opened(gateway)
    stripe.pay(payment.pay_url)
    return payment.reference


CALLS = {
    "open": ("checkout/sessions$", lambda g, _: opened(g, key="pay:FL-1:2").reference),
    "capture": (
        "/capture",
        lambda g, ref: g.capture(reference=ref, amount=euros("10"), key="c:1", is_last=True),
    ),
    "release": ("/cancel", lambda g, ref: g.release(reference=ref, amount=TOTAL, key="v:1")),
    "refund": (
        "POST /v1/refunds",
        lambda g, ref: g.refund(reference=ref, amount=euros("10"), key="r:1"),
    ),
    "abandon": ("/expire", lambda g, ref: g.abandon(reference=ref, key="a:1")),
}


@pytest.mark.parametrize("kind", ["500", "429", "drop_before", "drop_after", "garbage"])
@pytest.mark.parametrize("call", CALLS)
def test_call_with_a_lost_answer_is_repeated_and_takes_effect_once(gateway, stripe, call, kind):
    payment = opened(gateway)
    if call not in {"open", "abandon"}:
        stripe.pay(payment.pay_url)
    if call == "refund":
        gateway.capture(reference=payment.reference, amount=TOTAL, key="c:0", is_last=True)
    path, ask = CALLS[call]
    stripe.fault(kind, path=path)

    with pytest.raises(TemporaryError) as lost:
        ask(gateway, payment.reference)
    ask(gateway, payment.reference)

    assert lost.value.is_outcome_unknown is (kind != "429")
    assert len(stripe.things("checkout.session")) == 1 + (call == "open")
    assert len(stripe.things("refund")) == (call == "refund")
    received = {"capture": 1000, "refund": 6499}.get(call, 0)
    assert [one["amount_received"] for one in stripe.things("payment_intent")] in ([received], [])


def test_stored_server_error_is_a_refusal_when_its_key_is_repeated(gateway, stripe, paid):
    stripe.fault("breakdown", path="/capture")
    ask = {"reference": paid, "amount": TOTAL, "is_last": True}

    with pytest.raises(TemporaryError):
        gateway.capture(key="c:1", **ask)
    with pytest.raises(PermanentError) as repeated:
        gateway.capture(key="c:1", **ask)
    gateway.capture(key="c:1#2", **ask)

    assert (repeated.value.code, repeated.value.is_outcome_unknown) == ("500", False)
    assert stripe.intent["amount_received"] == 6499


def test_key_reused_with_other_parameters_leaves_the_outcome_unknown(gateway, stripe):
    opened(gateway)

    with pytest.raises(PermanentError) as refused:
        opened(gateway, amount=euros("1"))

    assert refused.value.is_outcome_unknown
    assert len(stripe.things("checkout.session")) == 1


def test_twenty_equal_captures_at_once_move_the_money_once(gateway, stripe, paid):
    def capture(_):
        try:
            gateway.capture(reference=paid, amount=TOTAL, key="c:1", is_last=True)
        except TemporaryError:
            return "later"
        return "done"

    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = set(pool.map(capture, range(20)))

    assert "done" in answers
    assert stripe.intent["amount_received"] == 6499
    assert [event["type"] for event in stripe.events()].count("charge.captured") == 1


def test_call_that_times_out_can_be_repeated(stripe, paid, monkeypatch):
    monkeypatch.setattr(http_client, "READ_TIMEOUT_S", 0.3)
    stripe.fault("slow", path="/capture", seconds=1)

    with closing(StripeGateway(base_url=stripe.url, secret=KEY)) as hasty:
        with pytest.raises(TemporaryError) as lost:
            hasty.capture(reference=paid, amount=TOTAL, key="c:1", is_last=True)
        hasty.capture(reference=paid, amount=TOTAL, key="c:1", is_last=True)

    assert lost.value.is_outcome_unknown
    eventually(lambda: stripe.intent["amount_received"] == 6499)
