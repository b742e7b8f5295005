"""The sync jobs against a wholesaler's files over HTTP."""

from __future__ import annotations

import pytest
from django.utils import timezone

from catalog.models import Listing, Product, Variant
from suppliers.models import (
    StockLevel,
    StockMovement,
    Supplier,
    SupplierOffer,
    SupplierProduct,
    SyncRun,
)
from tests.factories.feeds import sync
from tests.fakes.feed_sandbox import (
    PRODUCTS,
    FeedProcess,
    connect_feed,
    google_mapping,
    json_mapping,
    stock_mapping,
    table_mapping,
    xml_mapping,
)
from tests.suppliers.feed_shop import (
    cost,
    feed_process,
    feed_sandbox,
    feeds_folder,
    levels,
    snapshot,
    sync_all,
    told,
    wholesaler,
)
from tests.suppliers.sync.test_products import versions

__all__ = ["feed_process", "feed_sandbox", "feeds_folder", "wholesaler"]

TABLES = (SupplierProduct, SupplierOffer, StockLevel, StockMovement, Product, Variant, Listing)
Status = SyncRun.Status


def test_a_full_file_fills_the_shop(wholesaler):
    supplier = connect_feed(wholesaler)

    runs = sync_all(supplier)

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert SupplierProduct.objects.filter(status="active").count() == PRODUCTS
    listed = set(wholesaler.control("status")["skus"])
    assert listed <= set(SupplierOffer.objects.sellable().values_list("supplier_sku", flat=True))
    assert Listing.objects.filter(is_published=True, available__gt=0).count() > 50
    assert Product.objects.filter(variants__option_values__contains=["Graphite"]).exists()
    assert set(StockLevel.objects.values_list("location__country", flat=True)) == {"DE", "PL"}


def test_an_unchanged_file_is_neither_fetched_nor_written(wholesaler, feeds_folder):
    supplier = connect_feed(wholesaler)
    sync_all(supplier)
    before, files = versions(*TABLES), sorted(feeds_folder.rglob("*.raw"))

    runs = sync_all(supplier)

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert versions(*TABLES) == before
    assert sorted(feeds_folder.rglob("*.raw")) == files
    assert list(feeds_folder.rglob("work-*")) == []


def test_a_lost_file_is_fetched_again(wholesaler, feeds_folder):
    supplier = connect_feed(wholesaler)
    sync(supplier)
    for path in feeds_folder.rglob("*.raw"):
        path.unlink()

    assert told(sync(supplier)) == (Status.APPLIED, "")


@pytest.mark.parametrize(
    ("name", "mapping"),
    [
        ("full.csv.gz", table_mapping()),
        ("full-western.csv.zip", table_mapping()),
        ("full-utf16.csv", table_mapping()),
        ("full.tsv", table_mapping()),
        ("full.xlsx", table_mapping()),
        ("full.json", json_mapping()),
        ("full.ndjson.gz", json_mapping()),
        ("full.xml", xml_mapping()),
        ("full-western.xml", xml_mapping()),
    ],
)
def test_every_format_gives_the_same_result(wholesaler, name, mapping):
    sync(connect_feed(wholesaler))
    expected = snapshot()
    SupplierOffer.objects.all().update(cost_amount=None)
    supplier = supplier_with(name, mapping)

    runs = [sync(supplier, kind, now=timezone.now()) for kind in ("products", "prices", "stock")]

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert snapshot() == expected


def supplier_with(name, mapping):
    supplier = Supplier.objects.get(code="feed-sandbox")
    supplier.connection.options = {"products_at": name, "mapping": mapping}
    supplier.connection.save()
    return supplier


def test_a_google_shopping_file_is_read(wholesaler):
    supplier = connect_feed(wholesaler, products_at="google.xml", mapping=google_mapping())

    runs = sync_all(supplier)

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert set(StockLevel.objects.values_list("reported_quantity", flat=True)) <= {0, 20}
    assert SupplierOffer.objects.filter(cost_amount__gt=0).count() > 50


def test_a_delta_changes_only_the_rows_it_names(wholesaler):
    supplier = connect_feed(
        wholesaler,
        stock_at="delta.csv",
        prices_at="delta.csv",
        stock_mapping=stock_mapping(omitted_stock="unchanged"),
        prices_mapping=stock_mapping(omitted_stock="unchanged"),
        mapping=table_mapping(warehouses=[]),
    )
    sync(supplier)
    sync(supplier, "stock", now=timezone.now())
    before = snapshot()
    sku, other = list(before)[:2]
    wholesaler.control("stock", {"sku": sku, "DE1": 3, "PL1": 4})
    wholesaler.control("price", {"sku": sku, "price": "19.99"})

    runs = [sync(supplier, kind, now=timezone.now()) for kind in ("stock", "prices")]

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 2
    assert levels(sku) == {"DE1": 3, "PL1": 4}
    assert str(cost(sku)) == "19.99"
    assert snapshot()[other] == before[other]


def test_a_truncated_feed_is_quarantined(wholesaler):
    supplier = connect_feed(wholesaler)
    sync_all(supplier)
    before = snapshot()
    wholesaler.control("drop_catalog", {"share": 0.9})

    runs = sync_all(supplier)

    assert [run.status for run in runs] == [Status.QUARANTINED] * 3
    assert "missing" in runs[0].problem
    assert all(run.read for run in runs), "staff are told how many rows were read"
    assert snapshot() == before


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("500", Status.FAILED, "HTTP 500"),
        ("429", Status.FAILED, "HTTP 429"),
        ("drop_before", Status.FAILED, "GET"),
        ("drop_after", Status.FAILED, "GET"),
        ("garbage", Status.FAILED, "web page"),
        ("empty", Status.FAILED, "empty"),
        ("redirect", Status.FAILED, "not in a public network"),
        ("truncated", Status.QUARANTINED, "missing"),
    ],
)
def test_a_failing_server_changes_nothing(wholesaler, kind, status, words):
    supplier = connect_feed(wholesaler)
    sync_all(supplier)
    before = versions(*TABLES)
    wholesaler.control("name", {"sku": "LX-000004-1", "name": "Renamed"})
    wholesaler.fault("/full.csv", kind)

    run = sync(supplier, now=timezone.now())

    assert run.status == status
    assert words in run.problem
    assert versions(*TABLES) == before
    assert told(sync(supplier, now=timezone.now())) == (Status.APPLIED, "")


def test_a_token_opens_the_files_and_is_never_logged(shop, feeds_folder, tmp_path, caplog):
    caplog.set_level("DEBUG")
    process = FeedProcess(folder=tmp_path / "locked", words=("--token", "s3cret-key")).start()
    try:
        locked = connect_feed(process, code="locked")
        opened = connect_feed(
            process,
            code="opened",
            secrets={"token": "s3cret-key"},
            products_at="full.csv?key={token}",
        )

        assert "HTTP 401" in sync(locked, now=timezone.now()).problem
        assert told(sync(opened, now=timezone.now())) == (Status.APPLIED, "")
    finally:
        process.stop()
    assert "s3cret-key" not in caplog.text
