from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.listings import repricing
from catalog.models import DailySales, Listing, RepricingRequest
from catalog.pricing import market
from orders.cancellation import cancellation
from orders.inventory import sales_tally, tasks
from orders.models import Order, OrderLine
from tests.factories.catalog import make_channel
from tests.factories.orders import make_order, make_paid_order, make_sellable
from tests.factories.priced_shop import drafted, open_and_reprice
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def tallies():
    return list(DailySales.objects.order_by("day").values_list("day", "units"))


def test_paid_units_are_counted_by_day_and_a_recount_is_idempotent():
    listing = make_sellable(quantity=20)
    make_paid_order(listing, quantity=2)
    make_paid_order(listing, quantity=3)
    make_order(listing, email="max@example.org")  # unpaid
    first = make_paid_order(listing)
    Order.objects.filter(pk=first.pk).update(placed_at=NOON - DAY)

    changed = sales_tally.count_sales(now=NOON)

    assert (changed, sales_tally.count_sales(now=NOON)) == (2, 0)
    assert tallies() == [((NOON - DAY).date(), 1), (NOON.date(), 5)]


def test_a_recount_subtracts_later_cancellations():
    listing = make_sellable(quantity=20)
    order, yesterday = make_paid_order(listing, quantity=2), make_paid_order(listing)
    Order.objects.filter(pk=yesterday.pk).update(placed_at=NOON - DAY)
    make_paid_order(listing, quantity=4)
    sales_tally.count_sales(now=NOON)

    for each in (order, yesterday):
        cancellation.cancel(order=each, reason="changed my mind", actor="customer", now=NOON)
    OrderLine.objects.filter(quantity=4).update(canceled_quantity=1)

    assert sales_tally.count_sales(now=NOON) == 2
    assert tallies() == [(NOON.date(), 3)], "a day with only cancellations has no row"


def test_demand_covers_28_days():
    listing = make_sellable(quantity=20)
    order = make_paid_order(listing, quantity=7)
    Order.objects.filter(pk=order.pk).update(placed_at=NOON - 27 * DAY)
    tasks.count_sales()  # uses the real clock, so it may find nothing
    sales_tally.count_sales(now=NOON)

    def signal(now):
        available = {listing.variant_id: 10}
        found = market.load_signals(channel=make_channel(), available=available, now=now)
        return found.get(listing.variant_id)

    assert signal(NOON).cover_days == 40  # ten in stock, a quarter sold a day
    assert signal(NOON + DAY) is None
    assert signal(NOON - 28 * DAY) is None


def test_a_rule_raises_the_price_of_a_variant_that_sells_out():
    listing = make_sellable(quantity=5, cost="10.00")
    other = make_sellable(quantity=5, cost="10.00")
    book = drafted("0.30")
    book.rules.update(low_cover_days=60, raise_rate=Decimal("0.10"))
    open_and_reprice(book)
    before = dict(Listing.objects.values_list("pk", "price_amount"))
    make_paid_order(listing, quantity=4)

    sales_tally.count_sales(now=NOON)
    waiting = set(RepricingRequest.objects.values_list("variant", flat=True))
    repricing.reprice_queued(now=NOON)

    after = dict(Listing.objects.values_list("pk", "price_amount"))
    assert waiting == {listing.variant_id}
    assert after[listing.pk] > before[listing.pk]
    assert after[other.pk] == before[other.pk]
