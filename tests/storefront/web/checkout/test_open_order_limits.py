"""Unpaid orders: limits, and how a customer pays, releases or restores them."""

from datetime import timedelta

import pytest

from catalog.models import Listing
from notifications.models import Event
from orders.checkout import checkout, network_limits, unpaid_orders
from orders.models import Cart, CartLine, Order, Payment
from orders.payments import updates
from shipping.availability import cart_summary
from storefront.lib.security import client_ip
from storefront.web.core.visit import COUNT_COOKIE, UNPAID_COOKIE
from suppliers.models import StockLevel
from tests.factories.catalog import NOON
from tests.factories.orders import make_order, make_payment, make_payment_update, make_sellable, pay
from tests.storefront.web.checkout.test_views import agreed, to_review
from tests.storefront.web.conftest import WHO
from tests.storefront.web.page_parser import Page, in_each_language, page_of

pytestmark = pytest.mark.django_db
PLACE = "/en/checkout/place/"
BROWSER = "b" * 43


def buy(customer, light, *, quantity=1, **who):
    """Fill a cart and place it, up to the gateway."""
    customer.post("/en/cart/add/", {"listing": light.pk, "quantity": quantity})
    customer.post("/en/checkout/", {**WHO, **who})
    customer.post("/en/checkout/delivery/", {"tier": "economy"})
    return customer.post(PLACE, {"agreed": agreed(customer.get("/en/checkout/review/"))})


def stock(units):
    StockLevel.objects.update(reported_quantity=units)
    Listing.objects.update(available=units)


def reserved():
    return StockLevel.objects.get().reserved


def test_same_browser_orders_again_and_reserves_once(customer, light):
    buy(customer, light)
    first = Order.objects.get()

    answer = buy(customer, light, email="other@example.org")

    first.refresh_from_db()
    assert answer.status_code == 303
    assert first.status == Order.Status.CANCELED
    assert first.payments.get().status == Payment.Status.EXPIRED
    assert reserved() == 1


def test_same_address_in_another_browser_is_another_customer(customer, client_of_another, light):
    buy(customer, light)

    answer = buy(client_of_another, light)

    assert answer.status_code == 303
    assert Order.objects.filter(status=Order.Status.PENDING_PAYMENT).count() == reserved() == 2


def test_second_order_while_the_payment_opens_is_redirected_to_it(filled, light):
    order = make_order(light)
    Cart.objects.update(browser_key=BROWSER)
    review = to_review(filled)

    answer = filled.post(PLACE, {"agreed": agreed(review)})

    text = answer.content.decode()
    assert answer.status_code == 409
    assert "You already have an unpaid order with this item" in text
    assert 'reserved until <time datetime="2026-11-24T12:20:00+00:00">13:20 CET</time>' in text
    assert page_of(order) in text
    assert Page(answer).faults == []
    assert reserved() == 1


@in_each_language
def test_last_unit_is_reserved_by_the_same_customer_and_the_cart_says_so(customer, light, language):
    StockLevel.objects.update(reported_quantity=2)
    buy(customer, light)
    customer.post("/en/cart/add/", {"listing": light.pk, "quantity": 1})
    StockLevel.objects.update(reported_quantity=1)
    order = Order.objects.get()

    read = customer.get(f"/{language}/cart/")

    assert order.access_key in read.content.decode()
    assert "13:20 " in read.content.decode()
    assert Page(read).faults == []


def test_cancellation_releases_at_once(customer, light):
    buy(customer, light)
    order = Order.objects.get()
    page = customer.get(page_of(order)).content.decode()
    assert "Cancel and return to cart" in page
    assert "Cancel order" not in page

    answer = customer.post(page_of(order, "cancel/"), follow=True)

    order.refresh_from_db()
    assert "The order is canceled and nothing was charged." in answer.content.decode()
    assert "is refunded" not in answer.content.decode()
    assert order.status == Order.Status.CANCELED
    assert reserved() == 0


def test_return_from_the_gateway_extends_the_reservation_and_viewing_does_not(
    customer, light, noon
):
    buy(customer, light)
    order = Order.objects.get()
    noon.shift(timedelta(minutes=12))

    for action, minutes in (("", 20), ("paid/", 32)):
        customer.get(page_of(order, action))
        order.refresh_from_db()
        assert order.payment_due_at == order.placed_at + timedelta(minutes=minutes)


def test_three_unpaid_orders_block_a_fourth_until_a_time(filled, light):
    for _ in range(3):
        make_order(make_sellable())
    Cart.objects.update(browser_key=BROWSER)

    answer = filled.post(PLACE, {"agreed": agreed(to_review(filled))})

    assert answer.status_code == 409
    assert "You can have at most three unpaid orders" in answer.content.decode()
    assert Order.objects.count() == 3


def test_item_reserved_for_an_hour_is_blocked_for_a_while(filled, light, noon):
    order = make_order(light)
    Order.objects.update(status="expired", status_since=order.placed_at + timedelta(hours=1))
    order.lines.get().reservation.move("expired", at=order.placed_at)
    Cart.objects.update(browser_key=BROWSER)
    noon.shift(timedelta(minutes=65))
    StockLevel.objects.update(as_of=order.placed_at + timedelta(minutes=65))

    answer = filled.post(PLACE, {"agreed": agreed(to_review(filled))})

    assert answer.status_code == 409
    assert "You can order it again from" in answer.content.decode()


def test_network_limit_shows_no_orders_of_others(customer, client_of_another, light, monkeypatch):
    monkeypatch.setattr(network_limits, "MAX_OPEN", 1)
    monkeypatch.setattr(client_ip, "client_address", lambda _request: "203.0.113.7")
    buy(customer, light)

    answer = buy(client_of_another, light)

    page = Page(answer)
    assert answer.status_code == 409
    assert page.faults == []
    assert "Too much is reserved and not paid" in page.text
    assert "You can order it again" in page.text
    assert Order.objects.get().number not in page.text


@in_each_language
def test_order_of_more_than_half_of_the_stock_asks_for_fewer_units(
    customer, light, language, monkeypatch
):
    monkeypatch.setattr(client_ip, "client_address", lambda _request: "203.0.113.7")
    stock(20)

    # As if stock was sold after the cart was shown. Otherwise the cart refuses first.
    monkeypatch.setattr(cart_summary, "_limits", lambda _plan: {})
    buy(customer, light, quantity=11)
    review = customer.get("/en/checkout/review/")
    page = Page(customer.post(f"/{language}/checkout/place/", {"agreed": agreed(review)}))

    assert page.faults == []
    assert page.text.count("<time") == 0, "no time is stated, as waiting does not help"
    assert ("Order fewer units." in page.text) is (language == "en")
    assert Order.objects.count() == 0


@pytest.mark.parametrize(
    ("units", "wanted", "most"), [(20, 11, 10), (8, 6, 5), (20, 10, None), (8, 5, None)]
)
def test_cart_shows_how_many_units_one_order_can_reserve(customer, light, units, wanted, most):
    stock(units)
    customer.post("/en/cart/add/", {"listing": light.pk, "quantity": wanted})

    page = Page(customer.get("/en/cart/"))

    assert page.faults == []
    assert (f"at most {most} of this item" in page.text) == (most is not None)
    assert (f">Change quantity to {most}</button>" in page.text) == (most is not None)
    assert bool(page.all("a", href="/en/checkout/")) == (most is None)


def test_cart_over_the_limit_returns_to_the_cart(customer, light):
    stock(20)
    customer.post("/en/cart/add/", {"listing": light.pk, "quantity": 11})
    customer.post("/en/checkout/", WHO)
    tier = {"tier": "economy"}

    assert customer.get("/en/checkout/delivery/").url == "/en/cart/"
    assert customer.post("/en/checkout/delivery/", tier).url == "/en/cart/"

    line = Cart.objects.get().lines.get()
    customer.post("/en/cart/change/", {"line": line.pk, "quantity": 10})
    assert customer.post(PLACE, {"agreed": agreed(to_review(customer))}).status_code == 303
    assert Order.objects.get().lines.get().quantity == 10


RESERVED_UNTIL = '<time datetime="2026-11-24T12:20:00+00:00">13:20 CET</time>'


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
    update = make_payment_update(order.payments.get(), "authorized")
    updates.apply(update=update, gateway="fake", now=NOON)

    customer.get(page_of(order))

    assert customer.cookies[UNPAID_COOKIE].value == ""
    assert "Your cart is empty." in customer.get("/en/cart/").content.decode()
    for _ in range(2):
        customer.post(page_of(order, "again/"))
    assert in_carts() == [(light.pk, 1)]


def test_order_page_shows_how_the_payment_ended(client, light):
    for kind, words in (
        ("declined", "The payment was declined."),
        ("failed", "The payment was canceled."),
        ("expired", "The payment page has expired."),
    ):
        order = make_order(light)
        updates.apply(
            update=make_payment_update(make_payment(order), kind), gateway="fake", now=NOON
        )
        text = client.get(page_of(order)).content.decode()
        assert f"<h1>{words}</h1>" in text
        assert RESERVED_UNTIL in text


@pytest.mark.parametrize(
    ("minutes", "is_paid", "mails"), [(4, False, 0), (6, False, 1), (6, True, 0)]
)
def test_unpaid_order_gets_one_reminder(light, minutes, is_paid, mails):
    order = make_order(light)
    if is_paid:
        pay(order)

    for _ in range(2):
        unpaid_orders.send_reminders(now=NOON + timedelta(minutes=minutes))

    reminders = Event.objects.filter(name="order.unpaid")
    assert [event.payload["number"] for event in reminders] == [order.number] * mails


def test_cart_ordered_meanwhile_gets_no_items_back(customer, light, monkeypatch):
    order = make_order(light)
    customer.post("/en/cart/add/", {"listing": light.pk, "quantity": 1})
    monkeypatch.setattr("orders.cart.carts._UNPLACED", lambda **_: [])

    answer = customer.post(page_of(order, "cancel/"))

    assert (answer.status_code, answer["Location"]) == (303, "/en/cart/")
