"""The sync jobs against a wholesaler's files over HTTP."""

import pytest
from django.utils import timezone

from catalog.models import Listing, Product, Variant
from suppliers.models import StockLevel, StockMovement, SupplierOffer, SupplierProduct, SyncRun
from tests.factories.feeds import sync
from tests.fakes.feed_sandbox import (
    connect_feed,
    google_mapping,
    json_mapping,
    table_mapping,
    xml_mapping,
)
from tests.suppliers.feed_shop import (
    feed_process,
    feed_sandbox,
    feeds_folder,
    filled,
    set_options,
    snapshot,
    supplier,
    sync_all,
    told,
)
from tests.suppliers.sync.test_products import versions

__all__ = ["feed_process", "feed_sandbox", "feeds_folder", "filled", "supplier"]

TABLES = (SupplierProduct, SupplierOffer, StockLevel, StockMovement, Product, Variant, Listing)
Status = SyncRun.Status


def sync_now(supplier, kind="products"):
    return sync(supplier, kind, now=timezone.now())


def test_an_unchanged_file_is_neither_fetched_nor_written(supplier, feeds_folder):
    sync_all(supplier)
    before, files = versions(*TABLES), sorted(feeds_folder.rglob("*.raw"))

    runs = sync_all(supplier)

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert versions(*TABLES) == before
    assert sorted(feeds_folder.rglob("*.raw")) == files != []
    assert list(feeds_folder.rglob("work-*")) == []


def test_a_lost_file_is_fetched_again(supplier, feeds_folder):
    for path in feeds_folder.rglob("*.raw"):
        path.unlink()

    assert told(sync_now(supplier)) == (Status.APPLIED, "")


@pytest.mark.parametrize(
    ("name", "mapping"),
    [
        pytest.param("full.csv.gz", table_mapping(), marks=pytest.mark.full),
        ("full-western.csv.zip", table_mapping()),
        pytest.param("full-utf16.csv", table_mapping(), marks=pytest.mark.full),
        pytest.param("full.tsv", table_mapping(), marks=pytest.mark.full),
        ("full.xlsx", table_mapping()),
        pytest.param("full.json", json_mapping(), marks=pytest.mark.full),
        ("full.ndjson.gz", json_mapping()),
        ("full.xml", xml_mapping()),
        pytest.param("full-western.xml", xml_mapping(), marks=pytest.mark.full),
    ],
)
def test_every_format_gives_the_same_result(supplier, name, mapping):
    expected = snapshot()
    SupplierOffer.objects.update(cost_amount=None)
    set_options(supplier, products_at=name, mapping=mapping)

    runs = sync_all(supplier)

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert snapshot() == expected


def test_a_google_shopping_file_is_read(supplier, feed_sandbox):
    other = connect_feed(
        feed_sandbox, code="google", products_at="google.xml", mapping=google_mapping()
    )

    runs = sync_all(other)

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 3
    levels = StockLevel.objects.filter(offer__supplier=other)
    assert set(levels.values_list("reported_quantity", flat=True)) <= {0, 20}
    assert other.offers.filter(cost_amount__gt=0).count() > 50
