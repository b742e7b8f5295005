"""Reorder: the items of an order are copied into an open cart."""

import pytest

from orders.cart import delivery_details, reorder
from orders.models import Cart
from tests.factories.catalog import NOON
from tests.factories.orders import HOME, make_cart, make_order, make_sellable

pytestmark = pytest.mark.django_db


def test_an_address_entered_in_the_meantime_is_kept():
    order = make_order(make_sellable())
    cart = make_cart()
    read_before = Cart.objects.get(pk=cart.pk)
    delivery_details.set_address(cart=cart, email="new@example.org", ship_to=HOME, now=NOON)

    reorder.refill(ordered=order.cart, cart=read_before, now=NOON, adds=True)

    cart.refresh_from_db()
    assert (cart.email, cart.ship_to["line1"]) == ("new@example.org", HOME.line1)
    assert cart.lines.count() == 1


@pytest.mark.parametrize(("adds", "kept"), [(True, "CN"), (False, "")])
def test_lines_of_a_canceled_order_keep_their_delivery_promise(adds, kept):
    order = make_order(make_sellable())
    order.cart.lines.update(
        promised_from=NOON, promised_to=NOON, promised_origin="CN", promised_country="DE"
    )
    cart = make_cart()

    reorder.refill(ordered=order.cart, cart=cart, now=NOON, adds=adds)

    assert cart.lines.get(listing=order.cart.lines.get().listing).promised_origin == kept
