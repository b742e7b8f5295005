from __future__ import annotations

import threading

import pytest
from django.db import connection

from orders import checkout
from orders.models import Order, OrderLine, Reservation
from orders.reservations import hold
from storefront.lib.transactions import needs_transaction
from suppliers import stock
from suppliers.models import StockLevel
from suppliers.stock import NotEnoughStockError
from tests.factories.orders import HOME, make_cart, make_sellable, quote_for
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db(transaction=True)


def buy_at_once(carts, quotes):
    """Let every cart be placed at the same moment; return how many were refused."""
    start = threading.Barrier(len(carts))
    lost = []
    broken = []

    def buy(cart, quote):
        connection.ensure_connection()  # so that all start at the same moment
        start.wait()
        try:
            checkout.place(
                cart=cart, email="a@example.org", ship_to=HOME, quote=quote, now=NOON
            )
        except checkout.CannotSupplyError:
            lost.append(cart)
        except Exception as error:  # noqa: BLE001 - a thread's error must reach the test
            broken.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=buy, args=pair) for pair in zip(carts, quotes, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    return len(lost)


@pytest.mark.parametrize(("buyers", "rounds"), [(8, 180), (64, 20)])
def test_many_buyers_of_the_last_unit_and_one_gets_it_each_round(buyers, rounds):
    listing = make_sellable(quantity=1)

    for sold in range(1, rounds + 1):
        StockLevel.objects.filter(pk=listing.level.pk).update(reported_quantity=sold)
        carts = [make_cart(listing) for _ in range(buyers)]
        quotes = [quote_for(cart) for cart in carts]

        lost = buy_at_once(carts, quotes)

        assert (Order.objects.count(), Reservation.objects.count(), lost) == (
            sold,
            sold,
            buyers - 1,
        )
    assert StockLevel.objects.get(pk=listing.level.pk).reserved == rounds
