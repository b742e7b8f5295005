"""Network limits: how many orders and units one network may hold unpaid, with any cookies."""

import re

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from orders.checkout import network_limits, tasks
from orders.checkout.network_limits import NetworkLimitError, StockShareError
from orders.inventory import reservations
from orders.models import Order
from orders.payments import updates
from suppliers.models import StockLevel
from tests.factories.orders import (
    make_cart,
    make_payment,
    make_payment_update,
    make_sellable,
    order_of,
)
from tests.factories.promotions import make_promotion
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival, all_at_once

pytestmark = pytest.mark.django_db
HERE, THERE = "a" * 32, "b" * 32


def place(listing, *, network=HERE, quantity=1):
    """Place an order as a new anonymous visitor."""
    cart = make_cart(listing, quantity=quantity)
    return order_of(cart, email=f"{cart.pk}@example.org", network=network)


def reserved(listing):
    return StockLevel.objects.get(pk=listing.level.pk).reserved


def test_unpaid_orders_are_limited_per_network():
    light = make_sellable(quantity=60)
    orders = [place(light) for _ in range(network_limits.MAX_OPEN)]

    with pytest.raises(NetworkLimitError) as refused:
        place(light)

    assert refused.value.orders == [], "orders of others are not shown"
    assert refused.value.until == NOON + reservations.PAYMENT_WINDOW
    assert reserved(light) == network_limits.MAX_OPEN
    assert place(light, network=THERE).network == THERE
    assert place(light, network="").network == ""
    payment = make_payment(orders[0])
    updates.apply(update=make_payment_update(payment, "authorized"), gateway="fake", now=NOON)
    assert place(light).status == Order.Status.PENDING_PAYMENT, "a paid order does not count"


@pytest.mark.parametrize(
    ("stock", "quantities", "held"),
    [
        (60, [30], 30),
        (60, [31], 0),
        (60, [20, 10, 1], 30),
        (5, [5], 5),  # one customer may hold up to 5 units of any stock level
        (8, [3, 2, 1], 5),
    ],
)
def test_a_network_holds_at_most_its_share_of_a_stock_level(stock, quantities, held):
    light = make_sellable(quantity=stock)

    for quantity in quantities[:-1]:
        place(light, quantity=quantity)
    if held == sum(quantities):
        place(light, quantity=quantities[-1])
    else:
        error = NetworkLimitError if quantities[:-1] else StockShareError
        with pytest.raises(error) as refused:
            place(light, quantity=quantities[-1])
        assert bool(refused.value.until) is (error is NetworkLimitError), "waiting does not help"

    assert reserved(light) == held


def test_units_are_limited_per_network(monkeypatch):
    monkeypatch.setattr(network_limits, "MAX_UNITS", 6)
    place(make_sellable(), quantity=5)

    with pytest.raises(NetworkLimitError):
        place(make_sellable(), quantity=2)
    place(make_sellable(), quantity=1)


def test_the_network_is_erased_when_the_order_is_no_longer_unpaid():
    light = make_sellable(quantity=9)
    ended, waiting = place(light), place(light)
    Order.objects.filter(pk=ended.pk).update(payment_due_at=NOON)
    Order.objects.filter(pk=waiting.pk).update(
        payment_due_at="2099-01-01T00:00Z", first_reserved_at=None
    )

    tasks.expire_unpaid()

    assert dict(Order.objects.values_list("pk", "network")) == {ended.pk: "", waiting.pk: HERE}


def test_promotions_are_locked_before_the_network():
    make_promotion(usage_limit=9, may_go_below_floor=True)

    with CaptureQueriesContext(connection) as asked:
        place(make_sellable())

    statements = [query["sql"] for query in asked]
    promotion = next(
        at for at, sql in enumerate(statements) if sql.startswith('UPDATE "orders_promotion"')
    )
    # The placeholder is logged as $1 before the server has prepared the statement, then as %s.
    locks_network = re.compile(r"pg_advisory_xact_lock\(hashtextextended\((?:\$1|%s), 4\)\)")
    network = next(at for at, sql in enumerate(statements) if locks_network.search(sql))
    assert promotion < network


@pytest.mark.django_db(transaction=True)
def test_concurrent_orders_of_one_network_are_counted_in_turn(monkeypatch):
    monkeypatch.setattr(network_limits, "MAX_OPEN", 2)
    lights = [make_sellable() for _ in range(8)]

    lost = all_at_once([lambda light=light: place(light) for light in lights], NetworkLimitError)

    assert lost == len(lights) - 2
    assert Order.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_erasing_networks_skips_locked_orders():
    """Account erasure locks several orders: waiting for one could deadlock."""
    light = make_sellable(quantity=9)
    first, second = place(light), place(light)
    Order.objects.update(status=Order.Status.EXPIRED)
    rival = Rival(network_limits.erase_networks)

    with transaction.atomic():
        Order.objects.select_for_update(of=["self"]).get(pk=second.pk)
        rival.begin()
        rival.finish()
        assert rival.failure is None

    assert dict(Order.objects.values_list("pk", "network")) == {first.pk: "", second.pk: HERE}
