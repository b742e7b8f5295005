"""Stripe gateway: call the sandbox by Stripe's own library, over real HTTP."""

import json
from decimal import Decimal

import pytest

from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from tests.fakes.stripe_server import (
    ASKING_CARD,
    DECLINED_CARD,
    DISPUTING_CARD,
    GOOD_CARD,
    POOR_CARD,
)

TOTAL = Money(Decimal("64.99"), "EUR")


def euros(amount):
    return Money(Decimal(amount), "EUR")


def opened(gateway, key="pay:FL-1:1"):
    words = {"amount": TOTAL, "description": "FL-1", "return_url": "http://shop.example/back/"}
    return gateway.open(key=key, locale="en", **words)


@pytest.fixture
def paid(gateway, stripe):
    payment = opened(gateway)
    stripe.pay(payment.pay_url)
    return payment.reference


def reported(gateway, reference):
    return [
        (update.kind.value, str(update.amount)) for update in gateway.history(reference=reference)
    ]


AUTHORIZED = ("authorized", "64.99 EUR")
UNDER_REVIEW = ("under_review", "64.99 EUR")


def test_a_payment_is_authorized_and_not_captured(gateway, stripe):
    answer = stripe.pay(opened(gateway).pay_url)

    assert answer.headers["location"] == "http://shop.example/back/"
    assert stripe.intent["status"] == "requires_capture"
    assert stripe.intent["metadata"] == {"payment": "pay:FL-1:1", "order": "FL-1"}


def test_a_declined_card_is_not_reported_and_another_card_can_pay(gateway, stripe):
    payment = opened(gateway)

    declined = [stripe.pay(payment.pay_url, card) for card in (DECLINED_CARD, POOR_CARD)]
    between = gateway.history(reference=payment.reference)
    stripe.pay(payment.pay_url, GOOD_CARD)

    assert [answer.status_code for answer in declined] == [422, 422]
    assert between == ()
    assert reported(gateway, payment.reference) == [AUTHORIZED]
    codes = [
        event["data"]["object"]["last_payment_error"]["decline_code"]
        for event in stripe.events()
        if event["type"] == "payment_intent.payment_failed"
    ]
    assert codes == ["generic_decline", "insufficient_funds"]


@pytest.mark.parametrize(("action", "expected"), [("confirm", [AUTHORIZED]), ("refuse", [])])
def test_a_bank_challenge_precedes_the_authorization(gateway, stripe, action, expected):
    payment = opened(gateway)

    asked = stripe.pay(payment.pay_url, ASKING_CARD)
    status = stripe.intent["status"]
    meanwhile = gateway.history(reference=payment.reference)
    stripe.act(payment.pay_url, action)

    assert payment.pay_url.endswith(asked.headers["location"])
    assert (status, meanwhile) == ("requires_action", ())
    assert reported(gateway, payment.reference) == expected


def test_a_lapsed_authorization_is_reported_as_expired(gateway, stripe, paid):
    stripe.control("expire", {"id": stripe.intent["id"]})

    with pytest.raises(PermanentError, match="unexpected_state"):
        gateway.capture(reference=paid, amount=TOTAL, key="capture:1", is_last=True)
    assert reported(gateway, paid) == [("expired", "64.99 EUR")]


def test_a_pending_refund_is_neither_reported_nor_repeated(gateway, stripe, paid):
    gateway.capture(reference=paid, amount=TOTAL, key="capture:1", is_last=True)
    stripe.control("account", {"refunds_are": "pending"})
    for _ in range(2):
        with pytest.raises(TemporaryError, match="pending"):
            gateway.refund(reference=paid, amount=euros("5"), key="refund:1")
    (refund,) = stripe.things("refund")
    stripe.control("refund", {"id": refund["id"], "status": "succeeded"})

    update = gateway.refund(reference=paid, amount=euros("5"), key="refund:1")

    assert (update.external_id, update.kind.value) == (refund["id"], "refunded")
    assert len(stripe.things("refund")) == 1


def test_a_dispute_and_its_end_are_reported(gateway, stripe):
    payment = opened(gateway)
    stripe.pay(payment.pay_url, DISPUTING_CARD)
    gateway.capture(reference=payment.reference, amount=TOTAL, key="capture:1", is_last=True)
    open_dispute = reported(gateway, payment.reference)
    with pytest.raises(PermanentError, match="charge_disputed"):
        gateway.refund(reference=payment.reference, amount=TOTAL, key="refund:1")
    stripe.control("dispute", {"id": stripe.intent["id"], "status": "won"})

    assert open_dispute[-1] == ("disputed", "64.99 EUR")
    assert reported(gateway, payment.reference) == [*open_dispute, ("dispute_won", "64.99 EUR")]


def test_a_fraud_warning_is_in_the_history_and_not_in_the_authorization(gateway, stripe, paid):
    stripe.control("warn", {"id": stripe.intent["id"]})

    (authorized,) = gateway.authorization(reference=paid)

    assert reported(gateway, paid) == [AUTHORIZED, ("fraud_warning", "64.99 EUR")]
    assert (authorized.kind.value, str(authorized.amount)) == AUTHORIZED


def test_an_event_returns_the_history_of_its_payment(gateway, stripe, paid):
    gateway.capture(reference=paid, amount=euros("20"), key="capture:1", is_last=True)
    stripe.control("warn", {"id": stripe.intent["id"]})
    stripe.control("review", {"id": stripe.intent["id"]})
    stripe.control("review", {"id": stripe.intent["id"], "closed": "approved"})
    events = stripe.events()

    updates_by_type = {
        event["type"]: gateway.updates_of_event(body=json.dumps(event).encode()) for event in events
    }

    history = gateway.history(reference=paid)
    assert all(updates == history for updates in updates_by_type.values())
    charge_events = {"charge.captured", "radar.early_fraud_warning.created"}
    assert charge_events | {"review.opened", "review.closed"} <= set(updates_by_type)
    unrelated = {"id": "evt_1", "type": "payout.paid", "data": {"object": {"object": "payout"}}}
    assert gateway.updates_of_event(body=json.dumps(unrelated).encode()) == ()


@pytest.mark.parametrize("closed", ["approved", "redacted"])
def test_an_open_review_and_its_approval_are_reported(gateway, stripe, paid, closed):
    stripe.control("review", {"id": stripe.intent["id"]})
    first = reported(gateway, paid)
    stripe.control("review", {"id": stripe.intent["id"], "closed": closed})

    assert first == [AUTHORIZED, UNDER_REVIEW]
    is_approved = ("review_approved", "64.99 EUR") in reported(gateway, paid)
    assert is_approved is (closed == "approved"), "no other end is an approval"


@pytest.mark.parametrize("is_captured", [True, False])
def test_a_refused_review_returns_the_money_at_stripe(gateway, stripe, paid, is_captured):
    if is_captured:
        gateway.capture(reference=paid, amount=euros("64.99"), key="capture:1", is_last=True)
    stripe.control("review", {"id": stripe.intent["id"]})
    stripe.control("review", {"id": stripe.intent["id"], "closed": "refunded_as_fraud"})

    expected = [name for name, _amount in reported(gateway, paid)]

    assert expected[-2:] == ["under_review", "review_rejected"]
    assert ("refunded" in expected) is is_captured
    assert ("voided" in expected) is not is_captured
