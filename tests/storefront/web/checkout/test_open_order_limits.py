"""Open order limits: a customer sees what is reserved unpaid, can release it, and holds it once."""

from datetime import timedelta

import pytest

from catalog.models import Listing
from orders.checkout import network_limits
from orders.models import Cart, Order, Payment
from storefront.lib.security import client_ip
from storefront.web.cart import summary
from suppliers.models import StockLevel
from tests.factories.orders import make_order, make_sellable
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


def test_same_browser_orders_again_and_holds_once(customer, light):
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

    for rest, minutes in (("", 20), ("paid/", 32)):
        customer.get(page_of(order, rest))
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

    # As if stock was sold after the page was read; otherwise the cart says so before.
    monkeypatch.setattr(summary, "_limits", lambda _plan: {})
    buy(customer, light, quantity=11)
    review = customer.get("/en/checkout/review/")
    page = Page(customer.post(f"/{language}/checkout/place/", {"agreed": agreed(review)}))

    assert page.faults == []
    assert page.text.count("<time") == 0, "waiting changes nothing"
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
