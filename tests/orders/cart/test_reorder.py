"""The items of an order go back into an open cart."""

from __future__ import annotations

import pytest

from orders.cart import delivery_details, reorder
from orders.models import Cart
from tests.factories.catalog import NOON
from tests.factories.orders import HOME, make_cart, make_order, make_sellable

pytestmark = pytest.mark.django_db


def test_an_address_that_was_entered_meanwhile_is_kept():
    order = make_order(make_sellable())
    cart = make_cart()
    read_before = Cart.objects.get(pk=cart.pk)
    delivery_details.address(cart=cart, email="new@example.org", ship_to=HOME, now=NOON)

    reorder.put_back(ordered=order.cart, cart=read_before, now=NOON, adds=True)

    cart.refresh_from_db()
    assert (cart.email, cart.ship_to["line1"]) == ("new@example.org", HOME.line1)
    assert cart.lines.count() == 1
