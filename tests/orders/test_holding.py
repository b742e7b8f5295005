from __future__ import annotations

import pytest

from orders import holding
from orders.models import Order
from storefront.lib.models import StatusChange
from storefront.lib.states import IllegalMoveError
from tests.factories.orders import make_paid_order, make_purchase_orders
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def go_on(order):
    return holding.go_on(order=order, reason="I called her", actor="staff", now=NOON)


def hold(order):
    order.move(Order.Status.ON_HOLD, at=NOON, hold_reason="Looks like fraud.")
    return order


def test_a_held_order_goes_back_to_be_divided():
    order = go_on(hold(make_paid_order()))

    assert (order.status, order.hold_reason) == ("placed", "")
    move = StatusChange.objects.filter(subject="orders.Order").latest("pk")
    assert (move.actor, move.reason) == ("staff", "I called her")


def test_a_held_order_that_is_divided_goes_on_with_its_purchase_orders():
    (purchase_order,) = make_purchase_orders()

    assert go_on(hold(purchase_order.order)).status == "processing"


def test_an_order_that_is_not_held_stays_where_it_is():
    order = make_paid_order()

    with pytest.raises(IllegalMoveError):
        go_on(order)

    order.refresh_from_db()
    assert order.status == "placed"
