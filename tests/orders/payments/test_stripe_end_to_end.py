"""Orders paid through the local Stripe sandbox: from payment page to refund, over HTTP."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from orders import ledger
from orders.models import Order, Payment, PaymentEvent, PurchaseOrder
from orders.payments import captures, updates
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.lib.money import Money
from tests.factories.orders import make_order, make_sellable
from tests.factories.stripe_orders import (
    NOON,
    accept,
    book,
    buy,
    refuse,
    settle,
    start,
    sums,
    two_sellables,
)
from tests.support.invariants import violated

pytestmark = pytest.mark.django_db


def test_a_shopper_pays_at_stripes_page_and_the_order_is_placed(stripe):
    order = make_order()
    payment = start(order)
    again = start(order)
    stripe.pay(payment.pay_url)

    updates.refresh(payment=payment, now=NOON)

    order.refresh_from_db()
    assert again.reference == payment.reference
    assert (order.status, payment.status, payment.capture_mode) == (
        "placed",
        "authorized",
        "single",
    )
    assert payment.capture_before is not None


def test_an_account_that_captures_once_waits_for_the_last_answer(stripe):
    payment, (first, second) = buy(stripe, *two_sellables())
    accept(first)
    waiting = settle()
    assert (waiting.captured_amount, stripe.intent["status"]) == (0, "requires_capture")
    accept(second)

    settle()

    whole = str(payment.amount)
    assert sums(payment) == [whole, whole, "0.00", "0.00"]
    assert [kind for kind, _, answers in book(payment) if answers] == ["captured", "captured"]
    assert [event["type"] for event in stripe.events()].count("charge.captured") == 1
    assert violated(PAYMENTS) == []


def test_what_one_supplier_refuses_goes_back_with_the_one_capture(stripe):
    payment, (first, second) = buy(stripe, *two_sellables())
    refuse(payment, second)
    assert settle().voided_amount == 0
    accept(first)

    settle()

    assert sums(payment)[1:3] == [
        str(first.customer_charge_amount),
        str(second.customer_charge_amount),
    ]
    assert Payment.objects.get().status == "captured"
    assert not PaymentEvent.objects.filter(kind__in=ledger.REQUESTS, outcome__isnull=True).exists()
    assert violated(PAYMENTS) == []


def test_what_all_suppliers_refuse_is_voided_and_never_captured(stripe):
    payment, made = buy(stripe, *two_sellables())
    for purchase_order in made:
        refuse(payment, purchase_order)

    settle()

    assert sums(payment)[1:3] == ["0.00", str(payment.amount)]
    assert Payment.objects.get().status == "voided"
    assert stripe.intent["status"] == "canceled"


def test_an_account_that_captures_in_parts_takes_each_as_it_is_accepted(stripe):
    payment, (first, second) = buy(stripe, *two_sellables(), many=True)
    accept(first)
    settle()
    after_one = sums(payment)
    refuse(payment, second)

    settle()

    assert payment.capture_mode == "multiple"
    assert after_one[1:3] == [str(first.customer_charge_amount), "0.00"]
    assert sums(payment)[1:3] == [
        str(first.customer_charge_amount),
        str(second.customer_charge_amount),
    ]
    assert Payment.objects.get().status == "captured"


def test_before_the_authorization_ends_what_a_supplier_has_is_captured_and_no_more(stripe):
    payment, (first, second) = buy(stripe, *two_sellables())
    PurchaseOrder.objects.filter(pk=first.pk).update(submission_status="submitted")
    soon = payment.capture_before - timedelta(hours=11)
    early = payment.capture_before - timedelta(hours=13)

    for now in (early, soon):
        for one in captures.expiring_authorizations(now=now):
            captures.capture_before_expiry(payment=one, now=now)
        settle(now)
        if now == early:
            assert sums(payment)[1] == "0.00"

    assert sums(payment)[1:3] == [
        str(first.customer_charge_amount),
        str(second.customer_charge_amount),
    ]
    assert ledger.is_capture_requested(payment, purpose=first.number)
    assert not ledger.is_capture_requested(payment, purpose=second.number)
    assert violated(PAYMENTS) == []


def test_an_authorization_that_ended_holds_the_order(stripe):
    payment, _ = buy(stripe, make_sellable())
    stripe.control("expire", {"id": stripe.intent["id"]})

    updates.refresh(payment=payment, now=NOON)

    assert (payment.status, Order.objects.get().status) == ("expired", "on_hold")


def test_refunds_go_back_whole_and_in_part(stripe):
    payment, (only,) = buy(stripe, make_sellable())
    accept(only)
    settle()
    part = Money(Decimal("5.00"), "EUR")
    for purpose, amount in (("a", part), ("b", payment.total - part)):
        with transaction.atomic():
            ledger.request_refund(payment, amount=amount, purpose=purpose, at=NOON)
        settle()

    assert sums(payment)[3] == str(payment.amount)
    assert Payment.objects.get().status == "refunded"


def test_a_refund_that_comes_back_is_taken_back_in_the_book(stripe):
    payment, (only,) = buy(stripe, make_sellable())
    accept(only)
    settle()
    with transaction.atomic():
        ledger.request_refund(payment, amount=payment.total, purpose="a", at=NOON)
    settle()
    (refund,) = stripe.things("refund")
    stripe.control("refund", {"id": refund["id"], "status": "failed"})

    updates.refresh(payment=payment, now=NOON)

    assert (payment.status, sums(payment)[3]) == ("captured", "0.00")
    assert ledger.refundable_amount(payment) == payment.total
    assert violated(PAYMENTS) == []


def test_while_a_supplier_is_waited_for_stripe_is_asked_nothing(stripe):
    payment, (first, second) = buy(stripe, *two_sellables())
    accept(first)
    refuse_some = Money(Decimal("1.00"), "EUR")
    with transaction.atomic():
        ledger.request_void(payment, amount=refuse_some, purpose=second.number, at=NOON)
    stripe.fault("500", path="/v1/", count=9)

    captures.execute(payment=payment, now=NOON)

    assert stripe.control("faults")["faults"][0]["count"] == 9
