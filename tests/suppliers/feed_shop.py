"""Feed shop: a shop that reads a wholesaler's files, with checks of what it stored.

Use: from tests.suppliers.feed_shop import feed_process, feed_sandbox, feeds_folder, wholesaler
or, for a supplier whose full.csv was read once for the module:
from tests.suppliers.feed_shop import feed_process, feed_sandbox, feeds_folder, filled, supplier
"""

import pytest
from django.utils import timezone

from suppliers.models import StockLevel, Supplier, SupplierOffer
from tests.factories.feeds import make_shop, sync
from tests.fakes.feed_sandbox import connect_feed, feed_process, feed_sandbox
from tests.support.module_world import NO_REDIS, copy_feeds

__all__ = ["feed_process", "feed_sandbox"]

KNOWN_STOCK = {"sku": "LX-000004-1", "DE1": 7, "PL1": 7}


@pytest.fixture
def feeds_folder(settings):
    """The folder of fetched files; Redis is down, so the rate limit is local."""
    settings.REDIS_URL = NO_REDIS
    return settings.FEEDS_ROOT


@pytest.fixture
def wholesaler(shop, feed_sandbox, feeds_folder):
    return feed_sandbox


@pytest.fixture(scope="module")
def filled(build_once, feed_process):
    """A shop filled from full.csv, with 7 units of LX-000004-1 at each location."""

    def make(_):
        make_shop()
        feed_process.reset()
        feed_process.control("stock", KNOWN_STOCK)
        assert {run.status for run in sync_all(connect_feed(feed_process))} == {"applied"}

    return build_once(make)


@pytest.fixture
def supplier(filled, feed_sandbox, feeds_folder, db, settings):
    feed_sandbox.control("stock", KNOWN_STOCK)
    copy_feeds(filled, settings)
    return Supplier.objects.select_related("connection").get(code="feed-sandbox")


def set_options(supplier, **options):
    supplier.connection.options |= options
    supplier.connection.save()


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
