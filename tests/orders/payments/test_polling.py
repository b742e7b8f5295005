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
    really = gateway.history

    def history(*, reference):
        counted[reference] += 1
        return really(reference=reference)

    monkeypatch.setattr(gateway, "history", history)
    return counted


def open_page(light):
    return sessions.open_session(order=make_order(light), return_url="http://127.0.0.1/", now=NOON)


def give_up(payment):
    cancellation.cancel(order=payment.order, reason="given up", actor="customer", now=NOON)


def test_what_was_paid_and_not_told_is_heard_before_what_was_given_up(gateway, monkeypatch):
    monkeypatch.setattr(polling, "MAX_PAYMENTS", 2)
    light = make_sellable(quantity=9)
    for _ in range(3):
        give_up(open_page(light))
    paid = open_page(light)
    gateway.authorize(paid.reference)

    polling.poll(now=LATER)

    assert Order.objects.get(pk=paid.order_id).status == Order.Status.PLACED


def test_a_page_that_could_not_be_closed_is_closed_later(gateway):
    payment = open_page(make_sellable())
    give_up(payment)

    polling.poll(now=LATER)

    assert [told.kind for told in gateway.history(reference=payment.reference)] == [
        UpdateKind.EXPIRED
    ]


def test_one_that_always_fails_keeps_no_other_from_being_asked(gateway, monkeypatch):
    light = make_sellable(quantity=9)
    broken = open_page(light)
    paid = open_page(light)
    gateway.authorize(paid.reference)
    really = gateway.history

    def history(*, reference):
        if reference == broken.reference:
            raise PermanentError("not understood")
        return really(reference=reference)

    monkeypatch.setattr(gateway, "history", history)

    polling.poll(now=LATER)

    assert Order.objects.get(pk=paid.order_id).status == Order.Status.PLACED


def test_a_gateway_that_is_away_is_asked_no_more_in_this_turn(gateway, asked):
    light = make_sellable(quantity=9)
    for _ in range(6):
        open_page(light)
    gateway.errors += [TemporaryError("no answer") for _ in range(6)]

    polling.poll(now=LATER)

    assert sum(asked.values()) == polling.MAX_FAILURES


def test_what_was_given_up_long_ago_is_asked_about_twice_in_half_an_hour(gateway, asked):
    light = make_sellable(quantity=9)
    pages = [open_page(light) for _ in range(4)]
    for page in pages:
        give_up(page)

    for minute in range(polling.SLOTS):
        polling.poll(now=NOON + timedelta(hours=5) + minute * MINUTE)

    assert asked == Counter({page.reference: 2 for page in pages})


def test_an_order_that_was_paid_while_its_gateway_was_away_is_placed(gateway, monkeypatch):
    page = open_page(make_sellable(quantity=9))
    Order.objects.update(payment_due_at=NOON)
    gateway.authorize(page.reference)  # and its webhook is lost
    gateway.errors.append(TemporaryError("no answer"))
    monkeypatch.setattr("orders.checkout.tasks.timezone.now", lambda: LATER)

    tasks.expire_unpaid()
    waiting = Order.objects.get().status
    tasks.expire_unpaid()

    assert (waiting, Order.objects.get().status) == ("pending_payment", "placed")


def test_orders_of_a_gateway_that_stays_away_give_their_stock_back(gateway, monkeypatch):
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


def test_a_few_failures_among_many_answers_are_no_gateway_that_is_away(gateway, monkeypatch):
    light = make_sellable(quantity=9)
    pages = [open_page(light) for _ in range(8)]
    Order.objects.update(payment_due_at=NOON)
    really = gateway.abandon

    def abandon(*, reference, key):
        if reference in {pages[number].reference for number in (0, 2, 4)}:
            raise TemporaryError("no answer")
        return really(reference=reference, key=key)

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
    broken, other = (open_page(light).order for _ in range(2))
    Order.objects.update(payment_due_at=NOON)
    expire = tasks.checkout.expire

    def break_one(*, order, now):
        if order == broken:
            raise ValueError("one bad row")
        expire(order=order, now=now)

    monkeypatch.setattr(tasks.checkout, "expire", break_one)

    tasks.expire_unpaid()

    assert [other] == list(Order.objects.filter(status=Order.Status.EXPIRED))
