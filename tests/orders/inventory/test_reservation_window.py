"""Reservation window: activity of the customer extends the hold, for an hour at most."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from orders.cancellation import cancellation
from orders.checkout import checkout
from orders.inventory import reservations
from orders.models import Order, Reservation
from orders.payments import sessions
from tests.factories.orders import make_order, make_sellable
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def light():
    return make_sellable(quantity=3)


def test_activity_extends_the_hold_up_to_the_maximum(light):
    order = make_order(light)
    for minutes in (15, 30, 45, 55):
        reservations.extend_on_return(order=order, now=NOON + minutes * MINUTE)

    order.refresh_from_db()
    assert order.payment_due_at == NOON + timedelta(hours=1)
    assert Reservation.objects.get().expires_at == order.payment_due_at
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.update(payment_due_at=NOON + 61 * MINUTE)
    assert checkout.expire(order=order, now=order.payment_due_at)


def test_opening_the_payment_page_extends_the_hold(light):
    order = make_order(light)

    sessions.open_session(order=order, return_url="http://127.0.0.1/", now=NOON + 10 * MINUTE)

    order.refresh_from_db()
    assert order.payment_due_at == NOON + 30 * MINUTE


@pytest.mark.parametrize("end", ["expired", "canceled"])
def test_an_expired_hold_is_not_extended(light, end):
    order = make_order(light)
    later = order.payment_due_at
    if end == "canceled":
        cancellation.cancel(order=order, reason="given up", actor="customer", now=NOON)

    reservations.extend_on_return(order=order, now=later)

    order.refresh_from_db()
    assert order.payment_due_at == later
