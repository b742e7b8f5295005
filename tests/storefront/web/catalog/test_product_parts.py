"""Product page parts: kept while only price and stock change."""

import html
from unittest.mock import patch

import pytest
from django.test.utils import override_settings
from django.utils import timezone

from catalog.models import Listing, Product, ProductFamily
from catalog.models.families import clear_family_cache
from shipping.rates import quotes
from storefront.web.catalog import product_parts
from suppliers.models import StockLevel, Supplier

pytestmark = pytest.mark.django_db


def test_parts_are_rendered_again_only_if_their_content_changes(customer, light):
    def renders(path="/en/p/trail-400/"):
        with (
            override_settings(DEBUG=False),
            patch.object(product_parts, "_render", wraps=product_parts._render) as render,
        ):
            customer.get(path)
        return render.call_count

    assert renders() == 1
    Listing.objects.update(price_amount=99, available=3)
    assert renders() == 0
    Product.objects.update(description_html="<p>New lens.</p>")
    assert renders() == 1
    assert "New lens." in customer.get("/en/p/trail-400/").content.decode()
    assert renders("/az/p/trail-400/") == 1
    ProductFamily.objects.update(kind="accessory")
    clear_family_cache()
    assert renders() == 1


def test_a_changed_stock_row_shows_at_once(client, light):
    """The promise of a page is kept for the stock rows it was computed from."""

    def page():
        return html.unescape(client.get("/en/p/trail-400/").content.decode())

    def arrival():
        return page().partition("Arrives")[2][:60]

    assert "At most" not in page()

    StockLevel.objects.update(reported_quantity=2)
    assert "At most 2 in one delivery" in page()

    before = arrival()
    Supplier.objects.update(lead_days=20)
    assert arrival() != before

    Supplier.objects.update(status="paused")
    assert "Out of stock." in page()


def test_a_kept_promise_has_a_short_key(client, light):
    """The stock rows of a product of 50 variants take 30 KB."""
    cache = {quotes.ROUTES: quotes.process_cache(timezone.now())[quotes.ROUTES]}
    with patch.object(quotes, "process_cache", return_value=cache):
        client.get("/en/p/trail-400/")

    (key,) = (key for key in cache if key[0] == "page")
    assert len(repr(key)) < 150
