"""Cart lines: one query reads the same as separate queries of each table."""

from datetime import timedelta
from decimal import Decimal

import pytest

from orders.cart import carts, lines
from orders.models import Cart, Promotion, TaxRate
from orders.tax import rates
from tests.factories.catalog import make_channel
from tests.factories.orders import make_cart, make_sellable, order_of
from tests.factories.promotions import make_promotion
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
DAY = NOON.date()


def filled(country="DE"):
    cart = make_cart(make_sellable(), make_sellable(), quantity=2)
    Cart.objects.filter(pk=cart.pk).update(country=country)
    return Cart.objects.get(pk=cart.pk)


def test_a_cart_is_found_with_all_its_lines():
    cart = filled()

    found, read = lines.find(token=cart.token, now=NOON)

    assert (found, found.channel) == (cart, cart.channel)
    assert read == lines.load_content(cart=cart, now=NOON)
    assert [line.row for line in read.lines] == list(cart.lines.order_by("pk"))
    assert carts.view_cart(cart=found, now=NOON, cart_content=read) == carts.view_cart(
        cart=cart, now=NOON
    )


@pytest.mark.parametrize("why", ["unknown", "empty", "old", "placed"])
def test_a_closed_or_empty_cart_is_not_found(why):
    cart, now = filled(), NOON
    if why == "empty":
        cart.lines.all().delete()
    if why == "old":
        now = NOON + timedelta(days=31)
    if why == "placed":
        order_of(cart)

    token = "unknown" if why == "unknown" else cart.token

    assert lines.find(token=token, now=now) is None


@pytest.mark.parametrize("country", ["DE", "FI", "JP", "US"])
def test_the_tax_of_a_country_is_read_with_the_lines(country):
    TaxRate.objects.create(country="FI", rate=Decimal("0.26"), valid_from=DAY, source="a law")
    late = DAY + timedelta(days=1)
    TaxRate.objects.create(country="DE", rate=Decimal("0.16"), valid_from=late, source="a law")

    tax = lines.load_content(cart=filled(country), now=NOON).tax

    if country == "US":  # the rate depends on the region
        assert tax is None
        return
    assert (tax.country, tax.on) == (country, DAY)
    assert (tax.rate or 0) == rates.find_table_rate(country=country, region="", on=DAY)


@pytest.mark.parametrize(
    ("country", "on"), [("AT", DAY), ("DE", DAY + timedelta(days=1))], ids=["country", "day"]
)
def test_a_rate_of_another_country_or_day_is_not_used(country, on):
    known = rates.CountryRate(country="DE", on=DAY, rate=Decimal("0.5"))

    found = rates.find_treatment(channel=make_channel(), country=country, on=on, country_rate=known)

    assert found.rate == rates.find_table_rate(country=country, region="", on=on)


@pytest.mark.parametrize(
    ("promotion", "may"),
    [
        (None, False),
        ({}, True),
        ({"code": "AUTUMN"}, False),
        ({"is_active": False}, False),
        ({"starts_at": NOON + timedelta(minutes=1)}, False),
        ({"ends_at": NOON}, False),
        ({"usage_limit": 1, "used": 1}, False),
        ({"usage_limit": 2, "used": 1}, True),
    ],
)
def test_automatic_promotions_are_detected(promotion, may):
    cart = filled()
    if promotion is not None:
        make_promotion(**promotion)

    assert lines.load_content(cart=cart, now=NOON).may_promote is may


def test_a_promotion_that_starts_during_checkout_is_applied():
    cart = filled()
    before = lines.load_content(cart=cart, now=NOON)
    make_promotion(may_go_below_floor=True)

    order = order_of(cart)

    assert (before.may_promote, order.discount_amount > 0) == (False, True)
    assert Promotion.objects.get().redemptions.get().order == order
