"""Polling finds a payment whose webhook was lost, and never waits for a gateway that is down."""

from collections import Counter
from datetime import timedelta

import pytest

from orders.cancellation import cancellation
from orders.checkout import tasks
from orders.gateways.base import UpdateKind
from orders.models import Order, Payment
from orders.payments import polling, sessions
from storefront.lib.http.errors import PermanentError, TemporaryError
from tests.factories.orders import make_order, make_sellable
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
LATER = NOON + 2 * MINUTE


@pytest.fixture
def asked(monkeypatch, gateway):
    """Count how often the gateway is asked about each payment."""
    counted: Counter[str] = Counter()
    original = gateway.history

    def history(*, reference):
        counted[reference] += 1
        return original(reference=reference)

    monkeypatch.setattr(gateway, "history", history)
    return counted


def open_page(light):
    return sessions.open_session(order=make_order(light), return_url="http://127.0.0.1/", now=NOON)


def cancel_order(payment):
    cancellation.cancel(order=payment.order, reason="no", actor="customer", now=NOON)


def test_open_orders_are_polled_before_canceled_ones(gateway, monkeypatch):
    monkeypatch.setattr(polling, "MAX_PAYMENTS", 2)
    light = make_sellable(quantity=9)
    for _ in range(3):
        cancel_order(open_page(light))
    paid = open_page(light)
    gateway.authorize(paid.reference)

    polling.poll(now=LATER)

    assert Order.objects.get(pk=paid.order_id).status == Order.Status.PLACED


def test_a_page_that_could_not_be_closed_is_closed_later(gateway):
    payment = open_page(make_sellable())
    cancel_order(payment)

    polling.poll(now=LATER)

    assert [update.kind for update in gateway.history(reference=payment.reference)] == [
        UpdateKind.EXPIRED
    ]


def test_a_payment_that_always_fails_does_not_block_others(gateway, monkeypatch):
    light = make_sellable(quantity=9)
    failing = open_page(light)
    paid = open_page(light)
    gateway.authorize(paid.reference)
    original = gateway.history

    def history(*, reference):
        if reference == failing.reference:
            raise PermanentError("not understood")
        return original(reference=reference)

    monkeypatch.setattr(gateway, "history", history)

    polling.poll(now=LATER)

    assert Order.objects.get(pk=paid.order_id).status == Order.Status.PLACED


def test_polling_stops_after_repeated_failures(gateway, asked):
    light = make_sellable(quantity=9)
    for _ in range(6):
        open_page(light)
    gateway.errors += [TemporaryError("no answer") for _ in range(6)]

    polling.poll(now=LATER)

    assert sum(asked.values()) == polling.MAX_FAILURES


def test_payments_of_canceled_orders_are_polled_twice_in_half_an_hour(gateway, asked):
    light = make_sellable(quantity=9)
    pages = [open_page(light) for _ in range(4)]
    for page in pages:
        cancel_order(page)

    for minute in range(polling.SLOTS):
        polling.poll(now=NOON + timedelta(hours=5) + minute * MINUTE)

    assert asked == Counter({page.reference: 2 for page in pages})


def test_an_order_that_was_paid_while_its_gateway_was_down_is_placed(gateway, monkeypatch):
    page = open_page(make_sellable(quantity=9))
    Order.objects.update(payment_due_at=NOON)
    gateway.authorize(page.reference)  # and its webhook is lost
    gateway.errors.append(TemporaryError("no answer"))
    monkeypatch.setattr("orders.checkout.tasks.timezone.now", lambda: LATER)

    tasks.expire_unpaid()
    waiting = Order.objects.get().status
    tasks.expire_unpaid()

    assert (waiting, Order.objects.get().status) == ("pending_payment", "placed")


def test_orders_expire_while_their_gateway_stays_down(gateway, monkeypatch):
    light = make_sellable(quantity=9)
    for _ in range(6):
        open_page(light)
    Order.objects.update(payment_due_at=LATER - tasks.GATEWAY_GRACE)
    tried = []

    def abandon(*, reference, key):
        tried.append((reference, key))
        raise TemporaryError("no answer")

    monkeypatch.setattr(gateway, "abandon", abandon)
    monkeypatch.setattr("orders.checkout.tasks.timezone.now", lambda: LATER)

    tasks.expire_unpaid()

    assert len(tried) == polling.MAX_FAILURES, "each try may take 15 seconds"
    assert set(Order.objects.values_list("status", flat=True)) == {Order.Status.EXPIRED}
    assert Payment.objects.filter(status=Payment.Status.EXPIRED).count() == 6


def test_a_few_failures_are_no_outage(gateway, monkeypatch):
    light = make_sellable(quantity=9)
    pages = [open_page(light) for _ in range(8)]
    Order.objects.update(payment_due_at=NOON)
    original = gateway.abandon

    def abandon(*, reference, key):
        if reference in {pages[number].reference for number in (0, 2, 4)}:
            raise TemporaryError("no answer")
        return original(reference=reference, key=key)

    monkeypatch.setattr(gateway, "abandon", abandon)
    gateway.authorize(pages[7].reference)  # and its webhook is lost
    monkeypatch.setattr("orders.checkout.tasks.timezone.now", lambda: LATER)

    tasks.expire_unpaid()

    assert Order.objects.get(pk=pages[7].order_id).status == Order.Status.PLACED


def test_a_payment_of_an_unregistered_gateway_stops_no_other_order(gateway):
    light = make_sellable(quantity=9)
    first, second, third = (open_page(light) for _ in range(3))
    Payment.objects.filter(pk=first.pk).update(gateway="closed")
    gateway.authorize(third.reference)

    polling.poll(now=LATER)
    assert [third.order] == list(Order.objects.filter(status=Order.Status.PLACED))

    Order.objects.update(payment_due_at=NOON)
    tasks.expire_unpaid()
    assert {first.order, second.order} == set(Order.objects.filter(status=Order.Status.EXPIRED))


def test_an_order_that_cannot_expire_stops_no_other_order(gateway, monkeypatch):
    light = make_sellable(quantity=9)
    failing, other = (open_page(light).order for _ in range(2))
    Order.objects.update(payment_due_at=NOON)
    expire = tasks.checkout.expire

    def fail_one(*, order, now):
        if order == failing:
            raise ValueError("one bad row")
        expire(order=order, now=now)

    monkeypatch.setattr(tasks.checkout, "expire", fail_one)

    tasks.expire_unpaid()

    assert [other] == list(Order.objects.filter(status=Order.Status.EXPIRED))
