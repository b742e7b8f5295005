"""Benchmark buyers: each order answered as placed or paid is verified in the database."""

import pytest

from orders.gateways import gateway_for
from orders.models import Allocation, Order, Payment, Reservation
from orders.payments import sessions, updates
from storefront.dev.bench.harness.buyers import NotRealError, insist_held, insist_paid
from tests.factories.orders import make_order, make_sellable
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def held():
    listing = make_sellable(quantity=9)
    return [
        sessions.open_session(
            order=make_order(listing, email=f"{number}@example.org"),
            return_url="http://127.0.0.1/",
            now=NOON,
        )
        for number in range(2)
    ]


def urls(held):
    return [payment.pay_url for payment in held]


def test_orders_with_reservations_pass_and_a_repeated_answer_fails(held):
    insist_held(urls(held))
    with pytest.raises(NotRealError, match="2 orders were answered, 1 are held"):
        insist_held(urls(held)[:1] * 2)


def test_order_without_its_reservation_fails(held):
    Reservation.objects.filter(line__order=held[0].order).update(status="released")

    with pytest.raises(NotRealError, match="2 orders were answered, 1 are held"):
        insist_held(urls(held))


@pytest.fixture
def paid(held):
    for payment in held:
        update = gateway_for("fake").authorize(payment.reference)
        updates.apply(update=update, gateway="fake", now=NOON)
    return [payment.order.number for payment in held]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: Order.objects.update(status="on_hold", hold_reason="?"),
        lambda: Payment.objects.update(status="expired"),
        lambda: Allocation.objects.update(quantity=2),
        lambda: Allocation.objects.all().delete(),
    ],
)
def test_incompletely_paid_order_fails(paid, spoil):
    insist_paid(paid)
    spoil()

    with pytest.raises(NotRealError, match="2 orders were answered, 0 are paid"):
        insist_paid(paid)
