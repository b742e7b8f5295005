"""Demo data: the third supplier is synced by a stored mapping; its returns go to the shop."""

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from catalog.competitors import sources
from catalog.models import (
    CompetitorPrice,
    CompetitorSource,
    Listing,
    PriceBook,
    PriceHold,
)
from storefront.dev.management.commands.seed_demo import GUARDS
from suppliers.models import Connection, FeedMapping, StockLocation, Supplier
from tests.factories.feeds import sync
from tests.fakes.feed_sandbox import feed_process, feed_sandbox

__all__ = ["feed_process", "feed_sandbox"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seed(feed_sandbox, monkeypatch):
    monkeypatch.setenv("SANDBOX_FEED_URL", feed_sandbox.url)
    return lambda: call_command("seed_demo")


def test_feed_files_fill_warehouses_at_guarded_prices(seed):
    seed()
    supplier = Supplier.objects.get(code="feed-sandbox")

    # The documents are valid from today on.
    now = timezone.now()
    runs = [sync(supplier, kind, now=now) for kind in ("products", "prices", "stock")]

    assert [(run.status, run.problem, run.rejected) for run in runs] == [("applied", "", 0)] * 3
    on_sale = Listing.objects.filter(is_published=True, available__gt=0)
    for market in ("shop", "shop-az"):
        listed = on_sale.filter(channel__code=market)
        assert listed.filter(price_amount__gte=F("floor_amount")).count() > 50, market
    assert not StockLocation.objects.filter(supplier=supplier, services=None).exists()
    book = PriceBook.objects.get(channel__code="shop")
    guards = (book.floor_margin_rate, book.max_change_per_run, book.max_change_per_day)
    assert (book.status, guards) == (PriceBook.Status.LIVE, tuple(GUARDS.values()))
    assert not PriceHold.objects.exists()


def test_competitor_prices_cover_some_products(seed):
    seed()
    sync(Supplier.objects.get(code="feed-sandbox"), "products")
    source = CompetitorSource.objects.get()

    taken = sources.fetch_source(source_id=source.pk, now=source.due_at)

    assert taken is not None, CompetitorSource.objects.get().problem
    assert [refusal.code for refusal in taken.rejected] == ["no_price"]
    assert CompetitorPrice.objects.values("variant").distinct().count() == 10
    CompetitorSource.objects.update(is_enabled=False, interval_minutes=60)
    seed()
    kept = CompetitorSource.objects.get()
    assert (kept.is_enabled, kept.interval_minutes) == (False, 60)


def test_staff_changes_to_the_supplier_survive_a_restart(seed):
    seed()
    Connection.objects.filter(supplier__code="feed-sandbox").update(
        options={"orders_to": "else@wholesaler.example"}
    )

    seed()

    assert sorted(FeedMapping.objects.values_list("content", "version", "is_active")) == [
        ("prices", 1, True),
        ("products", 1, True),
        ("stock", 1, True),
    ]
    connection = Connection.objects.get(supplier__code="feed-sandbox")
    assert connection.options == {"orders_to": "else@wholesaler.example"}
