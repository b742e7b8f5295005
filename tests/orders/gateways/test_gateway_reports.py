"""What a gateway's own books say of payments, read in lists: of the test gateway and of Stripe."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from orders.gateways.base import TooMuchError, UnknownAtGatewayError
from orders.gateways.stripe import reports as stripe_module
from orders.gateways.stripe.gateway import StripeGateway
from storefront.dev.sandboxes.gateway import adapter as test_module
from storefront.lib.http.errors import TemporaryError
from storefront.lib.money import Money
from tests.fakes.stripe_server import KEY

TOTAL = Money(Decimal("64.99"), "EUR")
PART = Money(Decimal("20.00"), "EUR")
BACK = "http://shop.example/back/"


@pytest.fixture(params=["test", "stripe"])
def server(request):
    return request.getfixturevalue("test_gateway" if request.param == "test" else "stripe")


@pytest.fixture
def either(server, request):
    if request.node.callspec.params["server"] == "test":
        yield request.getfixturevalue("gateway")
        return
    with closing(StripeGateway(base_url=server.url, secret=KEY)) as gateway:
        yield gateway


def pay(gateway, server, number):
    opened = gateway.open(
        key=f"pay:{number}:1", amount=TOTAL, description=number, return_url=BACK, locale="en"
    )
    server.pay(opened.pay_url)
    return opened.reference


def listed(gateway, *, since=-1, until=1):
    now = datetime.now(UTC)
    told = gateway.standings(since=now + timedelta(hours=since), until=now + timedelta(hours=until))
    return {standing.order: standing for standing in told}


def sums(standing):
    told = [standing.authorized, standing.held, standing.captured, standing.refunded]
    return [str(money.amount) for money in told]


def test_a_list_tells_what_is_held_captured_and_refunded_of_each_payment(either, server):
    held, taken = pay(either, server, "FL-1"), pay(either, server, "FL-2")
    either.capture(reference=taken, amount=TOTAL, key="capture:2", is_last=True)
    either.refund(reference=taken, amount=PART, key="refund:2")

    told = listed(either)

    assert sums(told["FL-1"]) == ["64.99", "64.99", "0.00", "0.00"]
    assert sums(told["FL-2"]) == ["64.99", "0.00", "64.99", "20.00"]
    assert sums(either.standing(reference=held)) == sums(told["FL-1"])
    assert sums(either.standing(reference=taken)) == sums(told["FL-2"])


def test_what_went_back_is_held_no_more(either, server):
    reference = pay(either, server, "FL-1")
    either.release(reference=reference, amount=TOTAL, key="release:1")

    assert sums(either.standing(reference=reference))[1:] == ["0.00", "0.00", "0.00"]


def test_a_page_that_nobody_paid_at_holds_nothing(either):
    opened = either.open(
        key="pay:1", amount=TOTAL, description="FL-1", return_url=BACK, locale="en"
    )

    standing = either.standing(reference=opened.reference)

    assert not standing.has_money
    assert standing.authorized.amount == 0


def test_a_payment_that_it_does_not_have_is_unknown(either):
    with pytest.raises(UnknownAtGatewayError):
        either.standing(reference="cs_test_never_seen")


def test_what_moved_in_another_time_is_not_listed(either, server):
    pay(either, server, "FL-1")

    assert listed(either, since=-9, until=-8) == {}
    assert list(listed(either)) == ["FL-1"]


def test_a_list_is_read_page_by_page_to_its_end_and_no_further(either, server, monkeypatch):
    for module in (test_module, stripe_module):
        monkeypatch.setattr(module, "A_PAGE", 2)
        monkeypatch.setattr(module, "MOST_PAGES", 3)
    numbers = [f"FL-{number}" for number in range(5)]
    for number in numbers:
        pay(either, server, number)

    assert sorted(listed(either)) == numbers
    for module in (test_module, stripe_module):
        monkeypatch.setattr(module, "MOST_PAGES", 2)
    with pytest.raises(TooMuchError):
        listed(either)


@pytest.mark.parametrize("kind", ["500", "429", "garbage", "drop_before"])
def test_a_gateway_that_does_not_answer_is_asked_again_later(either, server, kind):
    server.fault(kind, path="/v1/")

    with pytest.raises(TemporaryError):
        listed(either)


def test_an_older_payment_is_listed_when_its_money_moves(stripe):
    with closing(StripeGateway(base_url=stripe.url, secret=KEY)) as gateway:
        reference = pay(gateway, stripe, "FL-1")
        stripe.control("age", {"seconds": 7200})
        before = listed(gateway)
        gateway.capture(reference=reference, amount=TOTAL, key="capture:1", is_last=True)

        assert before == {}
        assert sums(listed(gateway)["FL-1"])[2] == "64.99"


def test_an_inquiry_and_a_dispute_are_told_and_a_failed_refund_is_none(stripe):
    with closing(StripeGateway(base_url=stripe.url, secret=KEY)) as gateway:
        reference = pay(gateway, stripe, "FL-1")
        gateway.capture(reference=reference, amount=TOTAL, key="capture:1", is_last=True)
        gateway.refund(reference=reference, amount=PART, key="refund:1")
        (refund,) = stripe.things("refund")
        stripe.control("refund", {"id": refund["id"], "status": "failed"})
        stripe.control("dispute", {"id": stripe.intent["id"], "status": "needs_response"})

        told = listed(gateway)["FL-1"]

        assert told.is_disputed
        assert sums(told)[2:] == ["64.99", "0.00"]
        moved = [row["amount"] for row in stripe.things("balance_transaction")]
        assert moved == [6499, -2000, 2000, -6499]
