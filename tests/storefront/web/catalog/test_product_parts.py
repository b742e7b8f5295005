"""Product page parts: cached while only price and stock change."""

import pytest
from django.test.utils import override_settings

from catalog.models import Listing, Product
from storefront.web.catalog import product_parts

pytestmark = pytest.mark.django_db


def test_parts_are_rendered_again_only_if_their_content_changes(customer, light):
    def misses():
        customer.get("/en/p/trail-400/")
        return product_parts._rendered.cache_info().misses

    with override_settings(DEBUG=False):
        first = misses()
        Listing.objects.update(price_amount=99, available=3)
        after_price = misses()
        Product.objects.update(description_html="<p>New lens.</p>")
        after_text = misses()

    assert (after_price - first, after_text - first) == (0, 1)
    assert "New lens." in customer.get("/en/p/trail-400/").content.decode()
    customer.get("/az/p/trail-400/")
    assert product_parts._rendered.cache_info().misses == after_text + 1
