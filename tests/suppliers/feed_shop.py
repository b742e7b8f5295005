"""A shop that reads a wholesaler's files, and what it then stores.

Use: from tests.suppliers.feed_shop import feed_process, feed_sandbox, feeds_folder, wholesaler
"""

from __future__ import annotations

import pytest
from django.utils import timezone

from suppliers.models import StockLevel, SupplierOffer
from tests.factories.feeds import sync
from tests.fakes.feed_sandbox import feed_process, feed_sandbox

__all__ = ["feed_process", "feed_sandbox"]


@pytest.fixture
def feeds_folder(settings):
    """The folder of fetched files; Redis is down, so the rate limit is local."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    return settings.FEEDS_ROOT


@pytest.fixture
def wholesaler(shop, feed_sandbox, feeds_folder):
    return feed_sandbox


def sync_all(supplier):
    now = timezone.now()
    return [sync(supplier, kind, now=now) for kind in ("products", "prices", "stock")]


def told(run):
    return (run.status, run.problem)


def levels(sku):
    rows = StockLevel.objects.filter(offer__supplier_sku=sku)
    return dict(rows.values_list("location__code", "reported_quantity"))


def cost(sku):
    return SupplierOffer.objects.get(supplier_sku=sku).cost_amount


def snapshot():
    """Return each SKU with its product, cost and stock."""
    offers = SupplierOffer.objects.filter(supplier__code="feed-sandbox").order_by("supplier_sku")
    return {
        offer.supplier_sku: (
            offer.product_external_id,
            offer.cost_amount,
            levels(offer.supplier_sku),
        )
        for offer in offers
    }
