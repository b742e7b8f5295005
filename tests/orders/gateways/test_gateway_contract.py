"""What the shop may expect of any gateway: the same, of the test gateway and of Stripe."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal

import pytest

from orders.gateways import gateway_for
from orders.gateways.stripe.gateway import StripeGateway
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from tests.fakes.stripe_server import KEY

TOTAL = Money(Decimal("64.99"), "EUR")
BACK = "http://shop.example/back/"


@pytest.fixture(params=["test", "stripe"])
def server(request):
    """The process that stands for the gateway."""
    return request.getfixturevalue("test_gateway" if request.param == "test" else "stripe")


@pytest.fixture
def either(server, request):
    name = request.node.callspec.params["server"]
    if name == "test":
        yield request.getfixturevalue("gateway")
        return
    with closing(StripeGateway(base_url=server.url, secret=KEY)) as gateway:
        yield gateway


def opened(gateway, key="pay:FL-1:1"):
    return gateway.open(key=key, amount=TOTAL, description="FL-1", return_url=BACK, locale="az")


@pytest.fixture
def paid(either, server):
    payment = opened(either)
    server.pay(payment.pay_url)
    return payment.reference


def told(gateway, reference):
    return [(update.news.value, update.amount) for update in gateway.history(reference=reference)]


def test_the_same_key_opens_one_payment(either):
    assert opened(either) == opened(either)
    assert opened(either, key="pay:FL-1:2") != opened(either)


def test_the_page_speaks_the_shoppers_language_and_leads_back(either, server):
    payment = opened(either)

    page = server.client.get(payment.pay_url)
    back = server.pay(payment.pay_url)

    assert page.status_code == 200
    assert 'lang="' in page.text
    assert "64" in page.text
    assert back.headers["location"] == BACK


def test_nothing_is_told_before_the_shopper_paid_and_then_what_is_held(either, server):
    payment = opened(either)
    before = told(either, payment.reference)
    server.pay(payment.pay_url)

    (update,) = either.history(reference=payment.reference)
    assert before == []
    assert (update.news.value, update.amount) == ("authorized", TOTAL)
    assert (update.capture_before - update.occurred_at).days == 7


def test_what_is_captured_whole_can_go_back_whole(either, paid):
    either.capture(reference=paid, amount=TOTAL, key="capture:1", is_last=True)
    either.refund(reference=paid, amount=TOTAL, key="refund:1")

    expected = [("authorized", TOTAL), ("captured", TOTAL), ("refunded", TOTAL)]
    assert told(either, paid) == expected


def test_what_is_released_cannot_be_captured(either, paid):
    either.release(reference=paid, amount=TOTAL, key="release:1")

    with pytest.raises(PermanentError) as refused:
        either.capture(reference=paid, amount=TOTAL, key="capture:1", is_last=True)

    assert not refused.value.may_have_happened


def test_no_more_is_captured_than_is_held(either, paid):
    more = TOTAL + Money(Decimal("0.01"), "EUR")

    with pytest.raises(PermanentError, match="amount_too_large"):
        either.capture(reference=paid, amount=more, key="capture:1", is_last=True)


def test_an_abandoned_page_takes_no_card_and_a_paid_one_stays_paid(either, server, paid):
    other = opened(either, key="pay:FL-1:2")
    for reference in (paid, other.reference):
        either.abandon(reference=reference, key=f"abandon:{reference}")
    server.pay(other.pay_url)

    assert told(either, other.reference) == [("expired", TOTAL)]
    assert told(either, paid) == [("authorized", TOTAL)]


@pytest.mark.parametrize("kind", ["500", "429", "drop_before", "drop_after", "garbage"])
def test_a_call_that_failed_may_be_repeated_with_its_key(either, server, paid, kind):
    server.fault(kind, path="/capture")
    ask = {"reference": paid, "amount": TOTAL, "key": "capture:1", "is_last": True}

    with pytest.raises(TemporaryError) as failure:
        either.capture(**ask)
    either.capture(**ask)

    assert failure.value.may_have_happened is (kind != "429")
    assert told(either, paid) == [("authorized", TOTAL), ("captured", TOTAL)]


def test_the_shop_finds_its_gateway_by_name(server, request):
    name = request.node.callspec.params["server"]

    assert gateway_for(name) is gateway_for(name)
