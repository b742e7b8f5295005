"""A customer who returns without having paid finds the order, pays it, or restores the cart."""

from datetime import timedelta

import pytest

from notifications.models import Event
from orders.checkout import checkout, unpaid_orders
from orders.models import Cart, CartLine, Order
from orders.payments import updates
from storefront.web.core.visit import COUNT_COOKIE, UNPAID_COOKIE
from suppliers.models import StockLevel
from tests.factories.catalog import NOON
from tests.factories.orders import make_order, make_payment, news_of, pay
from tests.storefront.web.checkout.test_open_order_limits import buy
from tests.storefront.web.page_parser import Page, in_each_language, page_of

pytestmark = pytest.mark.django_db
HELD = '<time datetime="2026-11-24T12:20:00+00:00">13:20 CET</time>'


def reserved():
    return StockLevel.objects.get().reserved


def in_carts():
    lines = CartLine.objects.filter(cart__order=None)
    return list(lines.values_list("listing_id", "quantity"))


@in_each_language
def test_cart_shows_the_unpaid_order_and_its_reservation(customer, light, language):
    buy(customer, light)
    order = Order.objects.get()

    page = Page(customer.get(f"/{language}/cart/"))

    assert page.faults == []
    assert order.number in page.text
    assert "13:20 " in page.text
    assert f"/{language}" + page_of(order, "pay/")[3:] in page.text
    assert customer.cookies[UNPAID_COOKIE].value == order.number
    assert customer.cookies[COUNT_COOKIE].value in {"", "0"}


def test_release_returns_items_and_address_to_the_cart(customer, light):
    buy(customer, light)
    order = Order.objects.get()

    answer = customer.post(page_of(order, "cancel/"), follow=True)
    again = customer.post(page_of(order, "cancel/"), follow=True)

    assert "Its items are back in your cart." in answer.content.decode()
    assert "The order is canceled." in again.content.decode()
    assert in_carts() == [(light.pk, 1)]
    assert reserved() == 0
    assert customer.cookies[COUNT_COOKIE].value == "1"
    assert customer.cookies[UNPAID_COOKIE].value == ""
    cart = Cart.objects.get(order=None)
    assert (cart.ship_to, cart.email) == (order.ship_to, order.email)


def test_released_items_join_a_newer_cart(customer, light):
    buy(customer, light)
    order = Order.objects.get()
    customer.post("/en/cart/add/", {"listing": light.pk, "quantity": 2})

    customer.post(page_of(order, "cancel/"))

    assert in_carts() == [(light.pk, 3)]


def test_expired_order_is_restored_from_the_cart_page(customer, light, noon):
    buy(customer, light)
    order = Order.objects.get()
    noon.shift(timedelta(minutes=21))
    checkout.expire(order=order, now=NOON + timedelta(minutes=21))

    before = customer.get("/en/cart/").content.decode()
    after = customer.post(page_of(order, "again/"), follow=True).content.decode()

    assert "was not paid in time" in before
    assert "The items of your order are in the cart" in after
    assert in_carts() == [(light.pk, 1)]
    assert "was not paid in time" not in after


def test_paid_order_leaves_an_empty_cart_and_is_ordered_again_once(customer, light):
    buy(customer, light)
    order = Order.objects.get()
    update = news_of(order.payments.get(), "authorized")
    updates.apply(update=update, gateway="fake", now=NOON)

    customer.get(page_of(order))

    assert customer.cookies[UNPAID_COOKIE].value == ""
    assert "Your cart is empty." in customer.get("/en/cart/").content.decode()
    for _ in range(2):
        customer.post(page_of(order, "again/"))
    assert in_carts() == [(light.pk, 1)]


def test_order_page_shows_how_the_payment_ended(client, light):
    for news, words in (
        ("declined", "The payment was declined."),
        ("failed", "The payment was canceled."),
        ("expired", "The payment page has expired."),
    ):
        order = make_order(light)
        updates.apply(update=news_of(make_payment(order), news), gateway="fake", now=NOON)
        text = client.get(page_of(order)).content.decode()
        assert f"<h1>{words}</h1>" in text
        assert HELD in text


@pytest.mark.parametrize(
    ("minutes", "is_paid", "mails"), [(4, False, 0), (6, False, 1), (6, True, 0)]
)
def test_unpaid_order_gets_one_reminder(light, minutes, is_paid, mails):
    order = make_order(light)
    if is_paid:
        pay(order)

    for _ in range(2):
        unpaid_orders.send_reminders(now=NOON + timedelta(minutes=minutes))

    told = Event.objects.filter(name="order.unpaid")
    assert [event.payload["number"] for event in told] == [order.number] * mails


def test_cart_ordered_meanwhile_gets_no_items_back(customer, light, monkeypatch):
    order = make_order(light)
    customer.post("/en/cart/add/", {"listing": light.pk, "quantity": 1})
    monkeypatch.setattr("orders.cart.carts._UNPLACED", lambda **_: [])

    answer = customer.post(page_of(order, "cancel/"))

    assert (answer.status_code, answer["Location"]) == (303, "/en/cart/")
