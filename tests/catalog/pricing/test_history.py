from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.listings import refresh, repricing
from catalog.models import Listing, PriceChange
from catalog.pricing import history
from tests.factories.catalog import NOON, make_channel
from tests.factories.priced_shop import stock_shop, supplied
from tests.factories.pricing import make_price_book

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def test_the_newest_price_in_the_history_is_the_current_one_with_any_clock():
    (listing,) = stock_shop("10.00")
    make_price_book(
        channel=make_channel(), version=2, status="live", rules=({"value": "0.40"},), at=NOON
    )
    refresh.refresh_listings(
        channel=make_channel(),
        supplies=[supplied(listing.variant, "12.00")],
        now=NOON + 5 * MINUTE,
    )
    Listing.objects.update(wholesale_amount=Decimal("10.00"))
    # A run that began before that update and reaches this listing after it.
    repricing.reprice_channel(channel=make_channel(), now=NOON + MINUTE)

    (listing,) = Listing.objects.all()
    assert PriceChange.objects.order_by("at", "id").last().amount == listing.price_amount
    assert history.load_prices(listing=listing)[-1].price == listing.price_amount
