"""Stripe gateway: Stripe's own library and the sandbox, over real HTTP."""

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


def told(gateway, reference):
    return [
        (update.kind.value, str(update.amount)) for update in gateway.history(reference=reference)
    ]


AUTHORIZED = ("authorized", "64.99 EUR")
UNDER_REVIEW = ("under_review", "64.99 EUR")


def test_a_good_card_authorizes_and_nothing_is_taken(gateway, stripe):
    answer = stripe.pay(opened(gateway).pay_url)

    assert answer.headers["location"] == "http://shop.example/back/"
    assert stripe.intent["status"] == "requires_capture"
    assert stripe.intent["metadata"] == {"payment": "pay:FL-1:1", "order": "FL-1"}


def test_a_declined_card_is_no_news_for_the_shopper_tries_another_on_the_open_page(gateway, stripe):
    payment = opened(gateway)

    declined = [stripe.pay(payment.pay_url, card) for card in (DECLINED_CARD, POOR_CARD)]
    between = gateway.history(reference=payment.reference)
    stripe.pay(payment.pay_url, GOOD_CARD)

    assert [answer.status_code for answer in declined] == [422, 422]
    assert between == ()
    assert told(gateway, payment.reference) == [AUTHORIZED]
    codes = [
        event["data"]["object"]["last_payment_error"]["decline_code"]
        for event in stripe.events()
        if event["type"] == "payment_intent.payment_failed"
    ]
    assert codes == ["generic_decline", "insufficient_funds"]


@pytest.mark.parametrize(("action", "news"), [("confirm", [AUTHORIZED]), ("refuse", [])])
def test_a_bank_that_asks_is_answered_first(gateway, stripe, action, news):
    payment = opened(gateway)

    asked = stripe.pay(payment.pay_url, ASKING_CARD)
    status = stripe.intent["status"]
    meanwhile = gateway.history(reference=payment.reference)
    stripe.act(payment.pay_url, action)

    assert payment.pay_url.endswith(asked.headers["location"])
    assert (status, meanwhile) == ("requires_action", ())
    assert told(gateway, payment.reference) == news


def test_an_authorization_that_ends_by_itself_is_told_as_expired(gateway, stripe, paid):
    stripe.control("expire", {"id": stripe.intent["id"]})

    with pytest.raises(PermanentError, match="unexpected_state"):
        gateway.capture(reference=paid, amount=TOTAL, key="capture:1", is_last=True)
    assert told(gateway, paid) == [("expired", "64.99 EUR")]


def test_a_refund_that_is_under_way_is_no_news_and_is_never_made_twice(gateway, stripe, paid):
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


def test_a_dispute_and_its_end_are_told(gateway, stripe):
    payment = opened(gateway)
    stripe.pay(payment.pay_url, DISPUTING_CARD)
    gateway.capture(reference=payment.reference, amount=TOTAL, key="capture:1", is_last=True)
    open_dispute = told(gateway, payment.reference)
    with pytest.raises(PermanentError, match="charge_disputed"):
        gateway.refund(reference=payment.reference, amount=TOTAL, key="refund:1")
    stripe.control("dispute", {"id": stripe.intent["id"], "status": "won"})

    assert open_dispute[-1] == ("disputed", "64.99 EUR")
    assert told(gateway, payment.reference) == [*open_dispute, ("dispute_won", "64.99 EUR")]


def test_an_event_makes_us_read_the_payment_that_it_is_about(gateway, stripe, paid):
    gateway.capture(reference=paid, amount=euros("20"), key="capture:1", is_last=True)
    stripe.control("warn", {"id": stripe.intent["id"]})
    stripe.control("review", {"id": stripe.intent["id"]})
    stripe.control("review", {"id": stripe.intent["id"], "closed": "approved"})
    events = stripe.events()

    heard = {event["type"]: gateway.hear(body=json.dumps(event).encode()) for event in events}

    history = gateway.history(reference=paid)
    assert all(updates == history for updates in heard.values())
    heard_of = {"charge.captured", "radar.early_fraud_warning.created"}
    assert heard_of | {"review.opened", "review.closed"} <= set(heard)
    stranger = {"id": "evt_1", "type": "payout.paid", "data": {"object": {"object": "payout"}}}
    assert gateway.hear(body=json.dumps(stranger).encode()) == ()


@pytest.mark.parametrize("closed", ["approved", "redacted"])
def test_an_open_review_and_only_its_approval_are_told(gateway, stripe, paid, closed):
    stripe.control("review", {"id": stripe.intent["id"]})
    first = told(gateway, paid)
    stripe.control("review", {"id": stripe.intent["id"], "closed": closed})

    assert first == [AUTHORIZED, UNDER_REVIEW]
    is_approved = ("review_approved", "64.99 EUR") in told(gateway, paid)
    assert is_approved is (closed == "approved"), "any other end waits for a person"


@pytest.mark.parametrize("is_captured", [True, False])
def test_a_refused_review_gives_the_money_back_at_stripe(gateway, stripe, paid, is_captured):
    if is_captured:
        gateway.capture(reference=paid, amount=euros("64.99"), key="capture:1", is_last=True)
    stripe.control("review", {"id": stripe.intent["id"]})
    stripe.control("review", {"id": stripe.intent["id"], "closed": "refunded_as_fraud"})

    news = [name for name, _amount in told(gateway, paid)]

    assert news[-2:] == ["under_review", "review_rejected"]
    assert ("refunded" in news) is is_captured
    assert ("voided" in news) is not is_captured
