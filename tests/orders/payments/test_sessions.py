"""Each order has one payment page, which is closed at the gateway when the order ends."""

from datetime import timedelta

import pytest

from orders.cancellation import cancellation
from orders.checkout import checkout, open_order_limits
from orders.gateways.base import UpdateKind
from orders.models import Order, Payment, PaymentEvent
from orders.payments import sessions, tasks
from storefront.lib.http.errors import TemporaryError
from tests.factories.orders import make_order, make_sellable, order_of
from tests.factories.suppliers import NOON
from tests.orders.checkout.test_open_order_limits import of_browser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("gateway")]
MINUTE = timedelta(minutes=1)
Status = Payment.Status


def start(order, now=NOON, **more):
    return sessions.open_session(order=order, return_url="http://127.0.0.1/", now=now, **more)


def cancel_order(order):
    cancellation.cancel(order=order, reason="no", actor="customer", now=NOON)


def expire_order(order):
    Order.objects.filter(pk=order.pk).update(payment_due_at=NOON)
    checkout.expire(order=order, now=NOON)


def while_it_opens(monkeypatch, gateway, callback):
    """Call ``callback`` after the gateway opened the page, before we receive its answer."""
    original = gateway.open

    def open_slowly(**words):
        opened = original(**words)
        callback()
        return opened

    monkeypatch.setattr(gateway, "open", open_slowly)


@pytest.mark.parametrize("ends", [cancel_order, expire_order])
def test_a_page_of_an_order_that_ended_while_it_was_opened_is_closed(monkeypatch, gateway, ends):
    order = make_order()
    while_it_opens(monkeypatch, gateway, lambda: ends(order))

    payment = start(order)

    history = gateway.history(reference=payment.reference)
    assert [update.kind for update in history] == [UpdateKind.EXPIRED]
    assert payment.pay_url == "", "no customer is redirected there"


def test_a_payment_on_a_page_that_could_not_be_closed_is_refunded(monkeypatch, gateway):
    order = make_order()

    def cancel_and_fail():
        cancel_order(order)
        gateway.errors.append(TemporaryError("no answer"))

    while_it_opens(monkeypatch, gateway, cancel_and_fail)
    payment = start(order)
    gateway.authorize(payment.reference)
    Payment.objects.update(status_since=NOON - MINUTE)
    monkeypatch.setattr("orders.checkout.tasks.timezone.now", lambda: NOON)

    tasks.poll_gateways()

    asked = PaymentEvent.objects.filter(kind="void_requested").get()
    assert (asked.payment, asked.amount) == (payment, order.total_amount)


def test_two_tabs_get_the_one_page(monkeypatch, gateway):
    order = make_order()
    other = []

    def press_in_the_other_tab():
        if not other:
            other.append("pressed")
            other[:] = [start(order)]

    while_it_opens(monkeypatch, gateway, press_in_the_other_tab)

    payment = start(order)

    assert payment.pay_url == other[0].pay_url != ""
    assert payment.status == Status.REQUIRES_ACTION
    assert not gateway.history(reference=payment.reference), "it is not closed"


def test_an_order_whose_page_is_opened_again_is_not_superseded(monkeypatch, gateway):
    light = make_sellable(quantity=3)
    order = make_order(light)
    gateway.errors.append(TemporaryError("no answer"))
    with pytest.raises(TemporaryError):
        start(order)
    again = NOON + 5 * MINUTE
    cart = of_browser(order, light)

    def create_replacement_order():
        with pytest.raises(open_order_limits.AlreadyReservedError):
            order_of(cart, now=again + timedelta(seconds=1))

    while_it_opens(monkeypatch, gateway, create_replacement_order)

    assert start(order, now=again).pay_url


def test_an_order_is_not_superseded_during_a_slow_opening(monkeypatch, gateway):
    light = make_sellable(quantity=3)
    order = make_order(light)
    cart = of_browser(order, light)
    asked = NOON + timedelta(seconds=50)  # after slow calls of suppliers

    def create_replacement_order():
        with pytest.raises(open_order_limits.AlreadyReservedError):
            order_of(cart, now=asked + timedelta(seconds=15))

    while_it_opens(monkeypatch, gateway, create_replacement_order)

    assert start(order, now=asked, first=order.payments.get()).pay_url


def test_a_payment_that_ended_before_the_gateway_was_asked_is_not_opened(monkeypatch, gateway):
    monkeypatch.setattr(gateway, "open", None)
    order = make_order()
    first = order.payments.get()
    cancel_order(order)

    payment = start(order, now=NOON + MINUTE, first=first)

    assert payment.status == Status.VOIDED


def test_an_expired_order_cannot_be_paid():
    order = make_order()
    expire_order(order)

    with pytest.raises(sessions.NotPayableError):
        start(order)

    assert order.payments.get().status == Status.EXPIRED
