"""Gateway reports: Stripe's lists of payments and balance movements, page by page."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from orders.gateways.base import TooManyPaymentsError
from orders.gateways.stripe import reports as stripe_module
from storefront.lib.http.errors import TemporaryError
from storefront.lib.money import Money
from tests.support.matrices import thinned

TOTAL = Money(Decimal("64.99"), "EUR")
PART = Money(Decimal("20.00"), "EUR")
BACK = "http://shop.example/back/"


def pay(gateway, stripe, number):
    opened = gateway.open(
        key=f"pay:{number}:1", amount=TOTAL, description=number, return_url=BACK, locale="en"
    )
    stripe.pay(opened.pay_url)
    return opened.reference


def listed(gateway, *, since=-1, until=1):
    now = datetime.now(UTC)
    found = gateway.balances(since=now + timedelta(hours=since), until=now + timedelta(hours=until))
    return {balance.order: balance for balance in found}


def sums(balance):
    amounts = [balance.authorized, balance.held, balance.captured, balance.refunded]
    return [str(money.amount) for money in amounts]


def test_a_list_has_the_held_captured_and_refunded_amount_of_each_payment(gateway, stripe):
    held, taken = pay(gateway, stripe, "FL-1"), pay(gateway, stripe, "FL-2")
    gateway.capture(reference=taken, amount=TOTAL, key="capture:2", is_last=True)
    gateway.refund(reference=taken, amount=PART, key="refund:2")

    balances = listed(gateway)

    assert sums(balances["FL-1"]) == ["64.99", "64.99", "0.00", "0.00"]
    assert sums(balances["FL-2"]) == ["64.99", "0.00", "64.99", "20.00"]
    assert sums(gateway.balance(reference=held)) == sums(balances["FL-1"])
    assert sums(gateway.balance(reference=taken)) == sums(balances["FL-2"])


def test_a_payment_is_listed_while_it_is_new_or_changes(gateway, stripe):
    reference = pay(gateway, stripe, "FL-1")
    assert listed(gateway, since=-9, until=-8) == {}
    assert list(listed(gateway)) == ["FL-1"]

    stripe.control("age", {"seconds": 7200})
    assert listed(gateway) == {}
    gateway.capture(reference=reference, amount=TOTAL, key="capture:1", is_last=True)

    assert sums(listed(gateway)["FL-1"])[2] == "64.99"


def test_all_pages_are_read_up_to_a_maximum(gateway, stripe, monkeypatch):
    monkeypatch.setattr(stripe_module, "PAGE_SIZE", 2)
    monkeypatch.setattr(stripe_module, "MAX_PAGES", 3)
    numbers = [f"FL-{number}" for number in range(5)]
    for number in numbers:
        pay(gateway, stripe, number)

    assert sorted(listed(gateway)) == numbers
    monkeypatch.setattr(stripe_module, "MAX_PAGES", 2)
    with pytest.raises(TooManyPaymentsError):
        listed(gateway)


@pytest.mark.parametrize("kind", thinned(["500", "429", "garbage", "drop_before"], step=2))
def test_a_failed_list_is_a_temporary_error(gateway, stripe, kind):
    stripe.fault(kind, path="/v1/")

    with pytest.raises(TemporaryError):
        listed(gateway)


def test_a_dispute_is_listed_and_a_failed_refund_is_not_counted(gateway, stripe):
    reference = pay(gateway, stripe, "FL-1")
    gateway.capture(reference=reference, amount=TOTAL, key="capture:1", is_last=True)
    gateway.refund(reference=reference, amount=PART, key="refund:1")
    (refund,) = stripe.things("refund")
    stripe.control("refund", {"id": refund["id"], "status": "failed"})
    stripe.control("dispute", {"id": stripe.intent["id"], "status": "needs_response"})

    balance = listed(gateway)["FL-1"]

    assert balance.is_disputed
    assert sums(balance)[2:] == ["64.99", "0.00"]
    moved = [row["amount"] for row in stripe.things("balance_transaction")]
    assert moved == [6499, -2000, 2000, -6499]
