from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from catalog.products.variant_edits import edit_variant
from orders.addresses import verification
from orders.cart import carts
from orders.checkout import checkout, placing
from orders.models import Order, Payment, Reservation
from storefront.lib.money import Money
from suppliers.models import StockLevel, Supplier
from suppliers.sync import live_check
from tests.factories.orders import (
    HOME,
    make_cart,
    make_order,
    make_sellable,
    order_of,
    quote_for,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def test_an_order_stores_texts_prices_costs_and_its_payment_and_reserves_stock():
    listing = make_sellable(price="39.99", cost="10.00", quantity=3)
    cart = make_cart(listing, quantity=2)

    order, first = checkout.place(
        cart=cart, email="a@example.org", ship_to=HOME, quote=quote_for(cart), now=NOON
    )

    line = order.lines.get()
    assert (line.unit_amount, line.line_amount) == (Decimal("39.99"), Decimal("79.98"))
    assert (line.cost_amount, line.cost_currency) == (Decimal("10.00"), "EUR")
    assert line.title == f"{listing.variant.product.title}, Black"
    assert (order.total_amount, order.tax_amount) == (Decimal("84.88"), Decimal("13.55"))
    assert order.status == "pending_payment"
    payment = Payment.objects.get()
    assert (payment, payment.order, payment.total) == (first, order, order.total)
    assert (payment.status, payment.key) == ("created", f"pay:{order.number}:1")
    level = StockLevel.objects.get()
    assert (level.reserved, level.available) == (2, 1)
    assert Reservation.objects.get().status == "active"


def test_a_failed_checkout_leaves_neither_order_nor_payment():
    cart = make_cart(make_sellable(quantity=3), quantity=2)
    quote = quote_for(cart)
    StockLevel.objects.update(reported_quantity=1)

    with pytest.raises(checkout.UnavailableError):
        order_of(cart, quote=quote)

    assert [model.objects.count() for model in (Order, Payment, Reservation)] == [0, 0, 0]


def numbers(monkeypatch, *drawn):
    left = list(drawn)
    monkeypatch.setattr(placing, "order_number", lambda _now: left.pop(0))
    return left


def test_a_taken_number_is_generated_again(monkeypatch):
    numbers(monkeypatch, "FL-1", "FL-1", "FL-1", "FL-2")
    first = make_order()

    second = make_order()

    assert (first.number, second.number) == ("FL-1", "FL-2")
    assert Reservation.objects.filter(line__order=second).count() == 1


def test_number_generation_is_limited(monkeypatch):
    left = numbers(monkeypatch, *["FL-1"] * 10)
    make_order()

    with pytest.raises(IntegrityError):
        make_order()

    assert len(left) == 10 - 1 - placing.MAX_NUMBER_ATTEMPTS
    assert Order.objects.count() == 1


def test_a_second_click_with_a_later_quote_finds_the_order():
    cart = make_cart(make_sellable())
    first = order_of(cart)
    quote = quote_for(cart)

    with pytest.raises(checkout.AlreadyPlacedError) as again:
        order_of(cart, quote=quote, agreed_arrival=quote.arrives_to - timedelta(days=1))

    assert again.value.order == first
    assert StockLevel.objects.get().reserved == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda cart: cart.lines.all().delete(), checkout.EmptyCartError),
        (lambda cart: cart.lines.update(quantity=2), checkout.QuoteOutdatedError),
    ],
    ids=["emptied", "another quantity"],
)
def test_a_cart_changed_after_the_quote_is_rejected(change, error):
    cart = make_cart(make_sellable())
    quote = quote_for(cart)
    change(cart)

    with pytest.raises(error):
        order_of(cart, quote=quote)

    assert Order.objects.count() == 0


def test_a_total_other_than_agreed_is_rejected():
    with pytest.raises(checkout.PriceChangedError) as changed:
        order_of(make_cart(make_sellable()), agreed=Money(Decimal("1.00"), "EUR"))

    assert changed.value.total == Money(Decimal("44.89"), "EUR")
    assert Order.objects.count() == 0


def test_an_address_without_a_city_is_rejected_at_its_field():
    with pytest.raises(checkout.InvalidAddressError) as refused:
        order_of(make_cart(make_sellable()), ship_to=replace(HOME, city=""))

    assert list(refused.value.fields) == ["city"]


def test_an_address_with_a_warning_needs_a_reason():
    doubtful = replace(HOME, postcode="1011")
    cart = make_cart(make_sellable())
    with pytest.raises(checkout.UnconfirmedAddressError) as refused:
        order_of(cart, ship_to=doubtful)

    noted = verification.record(doubtful, reason="built last year")
    order = order_of(cart, ship_to=doubtful, check=noted)

    assert list(refused.value.fields) == ["postcode"]
    assert order.address_verification["reason"] == "built last year"


@pytest.mark.parametrize(
    ("price_now", "minutes", "unit", "at_the_end"),
    [
        ("49.99", 29, "39.99", "49.99"),  # adding a unit does not extend the 30 minutes
        ("49.99", 31, "49.99", "49.99"),
        ("29.99", 29, "29.99", "29.99"),
    ],
)
def test_a_quoted_price_is_the_maximum_for_thirty_minutes(price_now, minutes, unit, at_the_end):
    listing = make_sellable(price="39.99")
    cart = make_cart(listing)
    type(listing).objects.update(price_amount=Decimal(price_now))
    Supplier.objects.update(live_check_after_min=60)  # no answer is expected
    later = NOON + timedelta(minutes=minutes)

    carts.add(cart=cart, listing_id=listing.pk, quantity=1, now=later)

    seen = [
        carts.view_cart(cart=cart, now=at).lines[0] for at in (later, NOON + timedelta(minutes=31))
    ]
    assert [str(line.unit.amount) for line in seen] == [unit, at_the_end]
    assert seen[0].quantity == 2
    assert order_of(cart, now=later).lines.get().unit_amount == Decimal(unit)


@pytest.mark.parametrize("minutes", [5, 31])
def test_an_item_without_a_price_is_not_sold_at_its_old_price(minutes):
    listing = make_sellable(price="39.99")
    cart = make_cart(listing)
    later = NOON + timedelta(minutes=minutes)
    Supplier.objects.update(live_check_after_min=60)  # no answer is expected
    quote = quote_for(cart, now=later)
    type(listing).objects.update(price_amount=None, is_published=False)

    with pytest.raises(checkout.UnpricedError):
        order_of(cart, now=later, quote=quote)

    (line,) = carts.view_cart(cart=cart, now=later).lines
    assert (line.has_price, line.available, Order.objects.count()) == (False, 0, 0)
    with pytest.raises(carts.NoPriceError):
        carts.add(cart=cart, listing_id=listing.pk, quantity=1, now=later)


def test_stock_that_others_ordered_after_the_quote_counts_for_the_live_check(monkeypatch):
    listing = make_sellable(quantity=8)
    Supplier.objects.update(live_check_after_min=60, live_check_below_units=2)
    later = NOON + timedelta(minutes=5)
    carts_and_quotes = [
        (cart, quote_for(cart, now=later)) for cart in [make_cart(listing) for _ in range(7)]
    ]
    checked = []
    monkeypatch.setattr(
        live_check, "unsellable_levels", lambda wanted, **_: checked.append(wanted) or frozenset()
    )

    for cart, quote in carts_and_quotes:
        order_of(cart, quote=quote, now=later)

    assert checked == [{}] * 5 + [{listing.level.pk: 1}] * 2


def test_an_expired_order_releases_its_stock():
    order = make_order(make_sellable(quantity=3), quantity=2)

    assert checkout.expire(order=order, now=NOON + timedelta(minutes=19)) is False
    assert checkout.expire(order=order, now=NOON + timedelta(minutes=20)) is True

    assert StockLevel.objects.get().available == 3
    assert Reservation.objects.get().status == "expired"
    assert Order.objects.get().status == "expired"


@pytest.mark.parametrize("quantity", [0, 3])
def test_a_cart_line_is_changed_or_removed(quantity):
    cart = make_cart(make_sellable(quantity=5))

    carts.change(cart=cart, line_id=cart.lines.get().pk, quantity=quantity, now=NOON)

    assert carts.view_cart(cart=cart, now=NOON).count == quantity


def test_more_units_than_available_are_rejected():
    listing = make_sellable(quantity=2)
    cart = make_cart(listing)

    with pytest.raises(carts.NotEnoughError) as refused:
        carts.add(cart=cart, listing_id=listing.pk, quantity=2, now=NOON)

    assert refused.value.available == 2
    assert cart.lines.get().quantity == 1


def test_a_changed_price_is_shown_at_the_line():
    listing = make_sellable(price="39.99")
    cart = make_cart(listing)
    type(listing).objects.update(price_amount=Decimal("34.99"))

    (line,) = carts.view_cart(cart=cart, now=NOON).lines

    assert line.unit == Money(Decimal("34.99"), "EUR")
    assert line.price_was == Money(Decimal("39.99"), "EUR")


def discontinue(listing):
    with transaction.atomic():
        edit_variant(variant=listing.variant, changes={"status": "discontinued"}, now=NOON)


@pytest.mark.parametrize(
    "unpublish", [lambda listing: type(listing).objects.update(is_delisted=True), discontinue]
)
def test_an_unpublished_item_is_not_sold_from_an_old_cart(unpublish):
    listing = make_sellable()
    cart = make_cart(listing)
    quote = quote_for(cart)
    unpublish(listing)

    with pytest.raises(checkout.UnavailableError):
        order_of(cart, quote=quote)

    assert Order.objects.count() == 0
