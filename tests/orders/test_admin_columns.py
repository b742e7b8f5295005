"""The list of orders says how far the money and the goods of each are."""

from __future__ import annotations

import pytest

from orders.admin_columns import goods, payment
from orders.cancellation import cancellation
from orders.models import Order
from tests.factories.orders import make_paid_order, make_sellable
from tests.factories.returns import back, exchange
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def said_of(order):
    row = Order.objects.with_progress().get(pk=order.pk)
    return payment(row), goods(row)


def test_a_replacement_asks_for_no_money_and_what_is_canceled_does_not_begin():
    made = exchange(back(make_sellable(quantity=9), quantity=1))
    money, begun = said_of(made)
    assert "Nothing to pay" in money
    assert "Not begun" in begun

    cancellation.cancel(order=made, reason="sold out", actor="ann", now=NOON)

    money, ended = said_of(made)
    assert "Nothing to pay" in money
    assert "Canceled" in ended


def test_what_is_paid_and_has_not_begun_says_so():
    money, begun = said_of(make_paid_order(make_sellable()))

    assert "Held on the card" in money
    assert "Not begun" in begun
