"""Price history: the reductions of many listings are those of their product pages."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.pricing.history import load_reductions
from catalog.products.detail_query import load_product
from tests.factories.catalog import NOON, make_listing
from tests.factories.priced_shop import announce

pytestmark = pytest.mark.django_db


def test_reduction_is_that_of_the_product_page():
    listing, other = make_listing(), make_listing()
    announce(listing, was=Decimal("50.00"), now=NOON)

    found = load_reductions(listing_ids=[listing.pk, other.pk], now=NOON)

    slug = listing.variant.product.slug
    page = load_product(channel=listing.channel, slug=slug, now=NOON)
    assert found == {listing.pk: page.variants[0].reduction}
    assert found[listing.pk].lowest == Decimal("50.00")


def test_reduction_ends_with_its_promotion(django_assert_num_queries):
    listing = make_listing()
    announce(listing, was=Decimal("50.00"), now=NOON)

    with django_assert_num_queries(1):
        assert load_reductions(listing_ids=[listing.pk], now=NOON + timedelta(days=400)) == {}
