"""Open order limits: a customer has one reservation of each item, for an hour at most."""

from datetime import timedelta

import pytest

from notifications.models import Event
from orders.checkout import checkout, open_order_limits
from orders.gateways import gateway_for
from orders.inventory import reservations
from orders.models import Cart, Order, Payment, Reservation
from orders.payments import sessions, updates
from storefront.accounts.models import User
from storefront.lib.money import Money
from suppliers.models import StockLevel
from tests.factories.orders import (
    make_cart,
    make_order,
    make_paid_order,
    make_payment,
    make_payment_update,
    make_sellable,
    order_of,
    quote_for,
)
from tests.factories.promotions import make_promotion
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival, all_at_once

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
SOON = NOON + open_order_limits.SESSION_OPENING_TIMEOUT  # the payment page can no longer be opening
Status = Order.Status


@pytest.fixture(autouse=True)
def _figures_are_fresh(monkeypatch):
    """Disable live checks: the clock moves here, but the stock figures stay as of NOON."""
    monkeypatch.setattr("suppliers.sync.live_check.unsellable_levels", lambda **_: set())


@pytest.fixture
def light():
    return make_sellable(quantity=3)


def reserved():
    return sum(StockLevel.objects.values_list("reserved", flat=True))


def open_at_gateway(order):
    return sessions.open_session(order=order, return_url="http://127.0.0.1/", now=NOON)


def of_browser(order, *listings):
    """Create the next cart of the browser that placed an order."""
    cart = make_cart(*listings)
    open_order_limits.link_session(cart=cart, token=order.cart.token)
    cart.refresh_from_db()
    return cart


def order_last_unit(light):
    """Order the last unit; return the order, the browser's next cart and that cart's quote."""
    cart = make_cart(light)
    quote = quote_for(cart)
    order = make_order(light)
    open_order_limits.link_session(cart=cart, token=order.cart.token)
    cart.refresh_from_db()
    return order, cart, quote


def test_an_order_whose_payment_page_is_opening_is_not_superseded(light):
    first = make_order(light)

    with pytest.raises(open_order_limits.AlreadyReservedError) as refused:
        order_of(of_browser(first, light), now=SOON - timedelta(seconds=1))

    assert refused.value.orders == [first]
    assert reserved() == 1


def test_a_newer_order_of_the_same_customer_takes_the_last_unit_of_the_unpaid_one():
    first, cart, quote = order_last_unit(make_sellable(quantity=1))

    second = order_of(cart, email="max@example.org", quote=quote, now=SOON)

    first.refresh_from_db()
    assert (first.status, second.status) == (Status.CANCELED, Status.PENDING_PAYMENT)
    assert reserved() == 1
    held = Reservation.objects.filter(status=Reservation.Status.ACTIVE)
    assert [each.line.order_id for each in held] == [second.pk]
    assert not Event.objects.filter(name="order.canceled").exists(), "the customer replaced it"


def test_a_failed_checkout_keeps_the_earlier_order():
    light = make_sellable(quantity=1)
    first, cart, quote = order_last_unit(light)
    StockLevel.objects.update(reported_quantity=0)

    with pytest.raises(checkout.UnavailableError):
        order_of(cart, quote=quote, now=SOON)

    first.refresh_from_db()
    assert first.status == Status.PENDING_PAYMENT
    assert reserved() == 1


def test_a_paid_order_is_not_superseded(light):
    paid = make_paid_order(light)
    order_of(of_browser(paid, light), now=SOON)

    paid.refresh_from_db()
    assert paid.status == Status.PLACED


def test_an_open_payment_page_is_closed_for_the_newer_order(light):
    first = make_order(light)
    page = open_at_gateway(first)

    second = order_of(of_browser(first, light), email="other@example.org")

    first.refresh_from_db()
    page.refresh_from_db()
    assert (first.status, second.status) == (Status.CANCELED, Status.PENDING_PAYMENT)
    assert page.status == Payment.Status.EXPIRED
    assert reserved() == 1


def test_a_concurrent_payment_keeps_the_earlier_order(light):
    first = make_order(light)
    page = open_at_gateway(first)
    gateway_for("fake").authorize(page.reference)

    order_of(of_browser(first, light), email="other@example.org")

    first.refresh_from_db()
    assert first.status == Status.PLACED


def test_an_e_mail_address_does_not_identify_a_customer(light):
    first = make_order(light)
    page = open_at_gateway(first)

    other = make_order(light)

    first.refresh_from_db()
    page.refresh_from_db()
    assert (first.status, other.status) == (Status.PENDING_PAYMENT, Status.PENDING_PAYMENT)
    assert page.status == Payment.Status.REQUIRES_ACTION
    assert other.first_reserved_at == other.placed_at
    assert reserved() == 2


def test_an_account_is_one_customer_with_any_e_mail(light):
    owner = User.objects.create_user(email="erika@example.org", password=None)
    first = make_order(light, email="one@example.org")
    Cart.objects.filter(pk=first.cart_id).update(owner=owner)
    cart = make_cart(light)
    Cart.objects.filter(pk=cart.pk).update(owner=owner, is_current=True)
    cart.refresh_from_db()

    order_of(cart, email="two@example.org", now=SOON)

    first.refresh_from_db()
    assert first.status == Status.CANCELED


def test_unpaid_orders_are_limited_per_customer():
    first = make_order(make_sellable())
    for _ in range(open_order_limits.MAX_OPEN_ORDERS - 1):
        order_of(of_browser(first, make_sellable()))
    cart = of_browser(first, make_sellable())

    with pytest.raises(open_order_limits.TooManyOpenError) as refused:
        order_of(cart)

    assert refused.value.until == NOON + reservations.PAYMENT_WINDOW
    assert Order.objects.count() == open_order_limits.MAX_OPEN_ORDERS
    order_of(cart, now=NOON + reservations.PAYMENT_WINDOW)


def test_a_new_order_does_not_restart_the_reservation_time(light):
    first = make_order(light)
    second = order_of(of_browser(first, light), now=NOON + 18 * MINUTE)
    assert second.first_reserved_at == first.placed_at
    checkout.expire(order=second, now=second.payment_due_at)

    third = order_of(of_browser(second, light), now=NOON + 50 * MINUTE)

    assert third.payment_due_at == NOON + timedelta(hours=1)
    with pytest.raises(open_order_limits.ReservationExhaustedError) as refused:
        order_of(of_browser(third, light), now=NOON + 58 * MINUTE)
    assert refused.value.until == third.payment_due_at + open_order_limits.COOLDOWN
    checkout.expire(order=third, now=third.payment_due_at)
    fresh = order_of(of_browser(third, light), now=refused.value.until)
    assert fresh.payment_due_at == fresh.placed_at + reservations.PAYMENT_WINDOW


def test_a_declined_payment_is_not_in_progress(light):
    first = make_order(light)
    updates.apply(
        update=make_payment_update(make_payment(first), "declined"),
        gateway="fake",
        now=first.placed_at,
    )

    order_of(of_browser(first, light))

    first.refresh_from_db()
    assert first.status == Status.CANCELED


def test_a_code_of_the_superseded_order_works_for_the_new_one(light):
    """The page shows a total without the code, since it is used; that is no price change."""
    make_promotion(kind="amount", amount="4.00", percent=0, usage_limit_per_customer=1)
    first = make_order(light)
    more = Money(first.total_amount + 4, first.currency)

    second = order_of(of_browser(first, light), agreed=more, now=SOON)

    assert second.total_amount == first.total_amount


@pytest.mark.django_db(transaction=True)
def test_eight_tabs_of_one_customer_reserve_one_unit():
    light = make_sellable(quantity=9)
    first = make_order(make_sellable())
    carts = [of_browser(first, light) for _ in range(8)]

    lost = all_at_once(
        [lambda cart=cart: order_of(cart) for cart in carts], open_order_limits.OpenOrderLimitError
    )

    assert lost == len(carts) - 1
    assert reserved() == 1 + 1
    assert Order.objects.filter(status=Status.PENDING_PAYMENT).count() == 1 + 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_checkouts_are_counted_in_turn(monkeypatch):
    """Without the lock of the customer, both would count open orders before either reserves."""
    light = make_sellable(quantity=2)
    first = make_order(make_sellable())
    rival_cart, cart = of_browser(first, light), of_browser(first, light)
    rival = Rival(lambda: order_of(rival_cart, now=SOON))
    redeem = checkout.redemptions.redeem

    def in_the_middle(**words):
        monkeypatch.setattr(checkout.redemptions, "redeem", redeem)
        rival.begin()
        redeem(**words)

    monkeypatch.setattr(checkout.redemptions, "redeem", in_the_middle)
    order_of(cart)
    rival.finish()

    assert rival.failure is None
    assert reserved() == 1 + 1
