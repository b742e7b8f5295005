"""Admin columns: payment and fulfillment status in the order list."""

import pytest

from orders.admin_columns import fulfillment, payment
from orders.cancellation import cancellation
from orders.models import Order
from tests.factories.orders import make_paid_order, make_sellable
from tests.factories.returns import back, exchange
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def said_of(order):
    row = Order.objects.with_progress().get(pk=order.pk)
    return payment(row), fulfillment(row)


def test_replacements_and_canceled_orders_have_their_own_texts():
    made = exchange(back(make_sellable(quantity=9), quantity=1))
    money, begun = said_of(made)
    assert "No payment" in money
    assert "Unfulfilled" in begun

    cancellation.cancel(order=made, reason="sold out", actor="ann", now=NOON)

    money, ended = said_of(made)
    assert "No payment" in money
    assert "Canceled" in ended


def test_a_paid_order_without_fulfillment_says_so():
    money, begun = said_of(make_paid_order(make_sellable()))

    assert "Authorized" in money
    assert "Unfulfilled" in begun
