from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal

import pytest

from orders.gateways import UnknownGatewayError, gateway_for
from orders.gateways.base import PaymentNews
from storefront.dev.sandboxes.gateway.adapter import TestGateway, read_news
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from tests.fakes.payment_gateway import ASKING_CARD, DECLINED_CARD, LATE_CARD, eventually

BACK = "http://shop.example/back/"
TOTAL = Money(Decimal("64.99"), "EUR")


def euros(amount):
    return Money(Decimal(amount), "EUR")


def opened(gateway, key="pay:FL-1:1", **changes):
    words = {"amount": TOTAL, "description": "FL-1", "return_url": BACK, "locale": "en"} | changes
    return gateway.open(key=key, **words)


@pytest.fixture
def paid(gateway, test_gateway):
    payment = opened(gateway)
    test_gateway.pay(payment.pay_url)
    return payment.reference


def news_of(gateway, reference):
    return [(update.news, str(update.amount)) for update in gateway.history(reference=reference)]


def test_a_payment_waits_for_the_shopper_and_is_authorized_by_a_good_card(gateway, test_gateway):
    payment = opened(gateway)
    before = gateway.history(reference=payment.reference)

    answer = test_gateway.pay(payment.pay_url)

    (update,) = gateway.history(reference=payment.reference)
    assert (answer.status_code, answer.headers["location"]) == (303, BACK)
    assert before == ()
    assert (update.news, update.amount) == (PaymentNews.AUTHORIZED, TOTAL)
    assert (update.capture_before - update.occurred_at).days == 7


def test_a_declined_card_ends_the_payment(gateway, test_gateway):
    payment = opened(gateway)

    test_gateway.pay(payment.pay_url, DECLINED_CARD)
    test_gateway.pay(payment.pay_url)

    (update,) = gateway.history(reference=payment.reference)
    assert (update.news, update.reason) == (PaymentNews.DECLINED, "card_declined")


@pytest.mark.parametrize(
    ("action", "news", "reason"),
    [
        ("confirm", PaymentNews.AUTHORIZED, ""),
        ("refuse", PaymentNews.DECLINED, "authentication_failed"),
        ("cancel", PaymentNews.FAILED, "canceled_by_shopper"),
    ],
)
def test_a_bank_that_asks_is_answered_first(gateway, test_gateway, action, news, reason):
    payment = opened(gateway)

    asked = test_gateway.pay(payment.pay_url, ASKING_CARD)
    meanwhile = gateway.history(reference=payment.reference)
    answer = test_gateway.act(payment.pay_url, action)

    (update,) = gateway.history(reference=payment.reference)
    assert payment.pay_url.endswith(asked.headers["location"])
    assert meanwhile == ()
    assert answer.headers["location"] == BACK
    assert (update.news, update.reason) == (news, reason)


def test_a_late_bank_sends_the_shopper_back_before_there_is_news(gateway, test_gateway):
    payment = opened(gateway)

    answer = test_gateway.pay(payment.pay_url, LATE_CARD)
    at_once = gateway.history(reference=payment.reference)

    assert answer.headers["location"] == BACK
    assert at_once == ()
    eventually(lambda: news_of(gateway, payment.reference) == [("authorized", "64.99 EUR")])


def test_a_shopper_may_change_his_mind(gateway, test_gateway):
    payment = opened(gateway)

    answer = test_gateway.act(payment.pay_url, "cancel")

    assert answer.headers["location"] == BACK
    assert news_of(gateway, payment.reference) == [("failed", "64.99 EUR")]


def test_money_is_captured_released_and_refunded_in_parts(gateway, paid):
    gateway.capture(reference=paid, amount=euros("20"), key="capture:1")
    gateway.capture(reference=paid, amount=euros("30"), key="capture:2")
    gateway.release(reference=paid, amount=euros("14.99"), key="release:1")
    gateway.refund(reference=paid, amount=euros("50"), key="refund:1")

    assert news_of(gateway, paid) == [
        ("authorized", "64.99 EUR"),
        ("captured", "20.00 EUR"),
        ("captured", "30.00 EUR"),
        ("released", "14.99 EUR"),
        ("refunded", "50.00 EUR"),
    ]


def test_the_answer_to_a_call_is_the_event_of_the_history(gateway, paid):
    answer = gateway.capture(reference=paid, amount=euros("20"), key="capture:1")

    assert gateway.history(reference=paid)[-1] == answer
    assert answer.request_key == "capture:1"


def test_no_more_is_captured_or_released_than_is_held(gateway, test_gateway, paid):
    gateway.capture(reference=paid, amount=euros("60"), key="capture:1")

    with pytest.raises(PermanentError, match="amount_too_large"):
        gateway.capture(reference=paid, amount=euros("5"), key="capture:2")
    with pytest.raises(PermanentError, match="amount_too_large"):
        gateway.release(reference=paid, amount=euros("5"), key="release:1")

    (payment,) = test_gateway.payments()
    assert (payment["captured"], payment["released"]) == (6000, 0)


def test_no_more_is_refunded_than_was_captured(gateway, test_gateway, paid):
    gateway.capture(reference=paid, amount=euros("10"), key="capture:1")
    gateway.refund(reference=paid, amount=euros("6"), key="refund:1")

    with pytest.raises(PermanentError, match="amount_too_large"):
        gateway.refund(reference=paid, amount=euros("4.01"), key="refund:2")

    (payment,) = test_gateway.payments()
    assert payment["refunded"] == 600


@pytest.mark.parametrize("verb", ["capture", "release", "refund"])
def test_a_payment_that_nobody_paid_moves_no_money(gateway, verb):
    payment = opened(gateway)

    with pytest.raises(PermanentError, match=r"not_authorized|not_captured"):
        getattr(gateway, verb)(reference=payment.reference, amount=euros("1"), key="k")

    assert gateway.history(reference=payment.reference) == ()


def test_an_expired_hold_is_told_and_cannot_be_captured(gateway, test_gateway, paid):
    test_gateway.control("expire", {"payment": paid})

    with pytest.raises(PermanentError, match="not_authorized"):
        gateway.capture(reference=paid, amount=TOTAL, key="capture:1")

    assert news_of(gateway, paid) == [("authorized", "64.99 EUR"), ("expired", "64.99 EUR")]


def test_the_same_key_with_another_amount_is_refused(gateway, test_gateway, paid):
    gateway.capture(reference=paid, amount=euros("10"), key="capture:1")

    with pytest.raises(PermanentError, match="key_reused"):
        gateway.capture(reference=paid, amount=euros("11"), key="capture:1")

    assert test_gateway.payments()[0]["captured"] == 1000


def test_forty_equal_captures_at_once_move_the_money_once(gateway, test_gateway, paid):
    def capture(_):
        return gateway.capture(reference=paid, amount=euros("1"), key="capture:1").external_id

    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = set(pool.map(capture, range(40)))

    assert len(answers) == 1
    assert test_gateway.payments()[0]["captured"] == 100


@pytest.mark.parametrize(
    ("kind", "may_have_happened", "captured"),
    [
        ("500", True, 0),
        ("429", False, 0),
        ("drop_before", True, 0),
        ("drop_after", True, 1000),
        ("garbage", True, 1000),
    ],
)
def test_a_call_that_failed_may_be_repeated_with_its_key(
    gateway, test_gateway, kind, may_have_happened, captured
):
    payment = opened(gateway)
    test_gateway.pay(payment.pay_url)
    test_gateway.fault(kind, path="/capture")
    paid = payment.reference

    with pytest.raises(TemporaryError) as failure:
        gateway.capture(reference=paid, amount=euros("10"), key="capture:1")
    after_the_fault = test_gateway.payments()[0]["captured"]
    gateway.capture(reference=paid, amount=euros("10"), key="capture:1")

    assert failure.value.may_have_happened is may_have_happened
    assert after_the_fault == captured
    assert test_gateway.payments()[0]["captured"] == 1000


def test_an_answer_that_takes_too_long_may_be_repeated(test_gateway, paid, monkeypatch):
    monkeypatch.setattr("storefront.dev.sandboxes.gateway.adapter.READ_S", 0.2)
    test_gateway.fault("slow", path="/capture", seconds=0.6)

    with closing(TestGateway(base_url=test_gateway.url, secret=test_gateway.secret)) as hasty:
        with pytest.raises(TemporaryError) as failure:
            hasty.capture(reference=paid, amount=euros("10"), key="capture:1")
        hasty.capture(reference=paid, amount=euros("10"), key="capture:1")

    assert failure.value.may_have_happened
    assert test_gateway.payments()[0]["captured"] == 1000


def test_a_wrong_key_is_our_fault_and_no_refusal(test_gateway, paid):
    stranger = TestGateway(base_url=test_gateway.url, secret="whsec_c3RyYW5nZXI=")

    with closing(stranger), pytest.raises(TemporaryError, match="401"):
        stranger.capture(reference=paid, amount=TOTAL, key="capture:1")

    assert test_gateway.payments()[0]["captured"] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"payment": "pay_of_somebody_else"},
        {"amount": 999},
        {"currency": "USD"},
        {"kind": "refunded"},
        {"amount": "1000"},
        {"occurred_at": "yesterday"},
        {"id": None},
    ],
)
def test_an_answer_to_another_question_is_not_believed(httpserver, changes):
    event = {
        "id": "evt_1",
        "payment": "pay_1",
        "kind": "captured",
        "amount": 1000,
        "currency": "EUR",
        "occurred_at": "2026-11-24T10:00:00+00:00",
    } | changes
    httpserver.expect_request("/v1/payments/pay_1/capture").respond_with_json(event)
    gateway = TestGateway(base_url=httpserver.url_for(""), secret="whsec_eA==")

    with closing(gateway), pytest.raises(TemporaryError) as failure:
        gateway.capture(reference="pay_1", amount=euros("10"), key="capture:1")

    assert failure.value.may_have_happened


def test_news_that_we_have_no_word_for_is_no_news():
    event = {
        "id": "evt_1",
        "payment": "pay_1",
        "kind": "reviewed",
        "amount": 1000,
        "currency": "EUR",
        "occurred_at": "2026-11-24T10:00:00+00:00",
    }

    assert read_news(json.dumps({"type": "payment.reviewed", "data": event}).encode()) == ()


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'{"data": {"id": 1}}', b"\xff", b"[" * 9999])
def test_a_body_that_is_no_news_is_refused(body):
    with pytest.raises(PermanentError):
        read_news(body)


@pytest.mark.usefixtures("test_gateway")
def test_the_shop_finds_its_gateway_by_name_and_keeps_it_open():
    assert isinstance(gateway_for("test"), TestGateway)
    assert gateway_for("test") is gateway_for("test")
    with pytest.raises(UnknownGatewayError):
        gateway_for("no such gateway")
