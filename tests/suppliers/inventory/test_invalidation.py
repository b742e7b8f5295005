"""Unconfirmed stock decays, then expires, and the listings follow."""

from datetime import timedelta

import pytest
from django.db import transaction

from catalog.models import Channel, Listing
from suppliers.inventory import confirmations, ledger, publication
from suppliers.inventory.ledger import NotEnoughStockError
from suppliers.models import PendingPublication, StockLevel, StockLocation, Supplier, SupplierOffer
from tests.factories.catalog import make_channel
from tests.factories.feeds import stock_world, sync
from tests.factories.orders import make_sellable
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def held(level, quantity, *, after):
    with transaction.atomic():
        try:
            ledger.reserve(units={level.pk: quantity}, cause="order:FL-1", now=NOON + after)
        except NotEnoughStockError:
            return False
        transaction.set_rollback(True)
    return True


def most(level, *, after):
    return max(number for number in range(21) if number == 0 or held(level, number, after=after))


def test_a_reservation_applies_the_decay():
    level = make_sellable(quantity=20).level

    promised = [most(level, after=HOUR * hours) for hours in (0, 3, 4, 10, 15, 24, 25)]

    # 1 unit and 2 % of 20 per hour after the third
    assert promised == [20, 20, 18, 10, 3, 0, 0]


def test_available_units_are_those_that_can_be_reserved():
    level = make_sellable(quantity=20).level
    StockLevel.objects.update(safety_stock=2, reserved=3)

    for minutes in range(0, 1500, 47):
        after = MINUTE * minutes
        ((free,),) = StockLevel.objects.with_available(NOON + after).values_list("free")
        assert free == most(level, after=after)


def test_stock_with_an_expired_cost_cannot_be_reserved():
    level = make_sellable(quantity=20).level
    after = HOUR * 73
    StockLevel.objects.update(as_of=NOON + after)

    assert most(level, after=after) == 0
    assert not StockLevel.objects.fresh(NOON + after).exists()

    Supplier.objects.update(costs_confirmed_at=NOON + HOUR * 72)
    assert most(level, after=after) == 20
    assert StockLevel.objects.fresh(NOON + after).exists()

    SupplierOffer.objects.update(is_cost_unconfirmed=True)
    assert most(level, after=after) == 0


def test_minimum_and_pack_size_apply_to_reservations():
    level = make_sellable(quantity=20).level
    SupplierOffer.objects.update(min_order_units=6, pack_size=3)

    sold = [number for number in range(1, 13) if held(level, number, after=HOUR)]

    assert sold == [6, 9, 12]


def shown(now):
    """Run the sweeps as beat does; return what the listing shows."""
    confirmations.queue_aged(now=now)
    published = publication.publish_pending(now=now)
    return Listing.objects.get().available, published


def test_listings_follow_the_decay_steps_without_writes_between(supplier, world):
    stock_world(world, 1, stock={"DE": 20})
    sync(supplier)
    confirmations.queue_aged(now=NOON + MINUTE)

    seen = [shown(NOON + MINUTE * minutes) for minutes in (100, 179, 186, 200, 239, 246, 1445)]

    assert seen == [(20, 0), (20, 0), (18, 1), (18, 0), (18, 0), (17, 1), (0, 1)]


def test_a_new_channel_lists_everything_on_sale(supplier, world):
    stock_world(world, 2, stock={"DE": 20})
    sync(supplier)
    confirmations.queue_aged(now=NOON + MINUTE)
    PendingPublication.objects.all().delete()
    make_channel(code="shop-az", published_max_split_locations=0)

    queued = [confirmations.queue_aged(now=NOON + MINUTE) for _ in range(2)]

    assert queued == [2, 0]


def test_rows_confirmed_together_decay_together(supplier, world, django_assert_num_queries):
    stock_world(world, 3, stock={"DE": 20})
    sync(supplier)
    sync(supplier, "stock", now=NOON + HOUR)
    confirmations.queue_aged(now=NOON + HOUR)
    PendingPublication.objects.all().delete()

    with django_assert_num_queries(10):  # however many products there are
        early = confirmations.queue_aged(now=NOON + HOUR * 3 + MINUTE * 30)
    in_time = confirmations.queue_aged(now=NOON + HOUR * 4 + MINUTE * 5)

    assert (early, in_time) == (0, 3)
    assert StockLocation.objects.get().aged_until == NOON + HOUR * 4 + MINUTE * 5


def test_a_confirmation_and_changed_terms_reach_the_listings_at_once(supplier, world):
    stock_world(world, 1, stock={"DE": 20})
    sync(supplier)
    before = shown(NOON + HOUR * 5 + MINUTE)

    sync(supplier, "stock", now=NOON + HOUR * 5 + MINUTE * 2)

    assert before == (15, 1)
    assert Listing.objects.get().available == 20
    before = shown(NOON + HOUR * 7)
    Supplier.objects.update(stock_fresh_for_min=30)
    after = shown(NOON + HOUR * 7 + MINUTE)
    assert (before[0], after) == (20, (17, 1))

    Channel.objects.update(safety_stock=3)
    assert shown(NOON + HOUR * 7 + MINUTE) == (14, 1)
    confirmations.queue_aged(now=NOON + HOUR * 7 + MINUTE)
    assert not PendingPublication.objects.exists()


def test_costs_are_confirmed_by_a_run_and_expire_without_one(supplier, world):
    stock_world(world, 2, stock={"DE": 20})
    sync(supplier)
    asked = NOON + HOUR * 70
    sync(supplier, "prices", now=asked)
    sync(supplier, "stock", now=NOON + HOUR * 141)
    publication.publish_pending(now=NOON + HOUR * 141)
    available = [one.available for one in Listing.objects.order_by("pk")]

    sync(supplier, "stock", now=asked + HOUR * 72)
    confirmations.queue_aged(now=asked + HOUR * 72 + MINUTE * 10)
    publication.publish_pending(now=asked + HOUR * 72 + MINUTE * 10)

    assert Supplier.objects.get().costs_confirmed_at >= asked
    assert available == [20, 20]
    assert [one.available for one in Listing.objects.order_by("pk")] == [0, 0]
