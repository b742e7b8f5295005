"""The jobs against a wholesaler's files, over real HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Listing, Product, Variant
from suppliers.models import (
    FeedIssue,
    FeedRun,
    StockLevel,
    StockMovement,
    SupplierOffer,
    SupplierProduct,
)
from tests.factories.feeds import sync
from tests.feed_sandbox import (
    PRODUCTS,
    connect_feed,
    feed_process,
    feed_sandbox,
    google_mapping,
    json_mapping,
    stock_mapping,
    table_mapping,
    xml_mapping,
)
from tests.suppliers.test_cataloging import versions

__all__ = ["feed_process", "feed_sandbox"]

TABLES = (SupplierProduct, SupplierOffer, StockLevel, StockMovement, Product, Variant, Listing)
Status = FeedRun.Status


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    return tmp_path / "feeds"


@pytest.fixture
def wholesaler(shop, feed_sandbox):
    return feed_sandbox


def sync_all(supplier, *, days=0):
    now = timezone.now() + timedelta(days=days)
    return [sync(supplier, kind, now=now) for kind in ("products", "prices", "stock")]


def told(run):
    return (run.status, run.problem)


def levels(sku):
    rows = StockLevel.objects.filter(offer__supplier_sku=sku)
    return dict(rows.values_list("location__code", "reported_quantity"))


def cost(sku):
    return SupplierOffer.objects.get(supplier_sku=sku).cost_amount


def snapshot():
    offers = SupplierOffer.objects.filter(supplier__code="feed-sandbox").order_by("supplier_sku")
    return {
        offer.supplier_sku: (offer.supplier_product, offer.cost_amount, levels(offer.supplier_sku))
        for offer in offers
    }


def test_a_whole_file_fills_the_shop(wholesaler):
    supplier = connect_feed(wholesaler)

    runs = sync_all(supplier)

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert SupplierProduct.objects.filter(status="active").count() == PRODUCTS
    listed = set(wholesaler.control("status")["skus"])
    assert listed <= set(SupplierOffer.objects.live().values_list("supplier_sku", flat=True))
    assert Listing.objects.filter(is_published=True, available__gt=0).count() > 50
    assert Product.objects.filter(variants__option_values__contains=["Graphite"]).exists()
    assert set(StockLevel.objects.values_list("location__country", flat=True)) == {"DE", "PL"}


def test_nothing_changed_nothing_fetched_nothing_written(wholesaler, folder):
    supplier = connect_feed(wholesaler)
    sync_all(supplier)
    before, files = versions(*TABLES), sorted(folder.rglob("*.raw"))

    runs = sync_all(supplier)

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert versions(*TABLES) == before
    assert sorted(folder.rglob("*.raw")) == files
    assert list(folder.rglob("work-*")) == []


def test_the_kept_file_is_fetched_again_when_it_is_lost(wholesaler, folder):
    supplier = connect_feed(wholesaler)
    sync(supplier)
    for path in folder.rglob("*.raw"):
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
def test_every_format_tells_the_same(wholesaler, name, mapping):
    sync(connect_feed(wholesaler))
    expected = snapshot()
    SupplierOffer.objects.all().update(cost_amount=None)
    supplier = supplier_with(name, mapping)

    runs = [sync(supplier, kind, now=timezone.now()) for kind in ("products", "prices", "stock")]

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert snapshot() == expected


def supplier_with(name, mapping):
    from suppliers.models import Supplier  # noqa: PLC0415

    supplier = Supplier.objects.get(code="feed-sandbox")
    supplier.connection.options = {"products_at": name, "mapping": mapping}
    supplier.connection.save()
    return supplier


def test_a_file_made_for_google_is_read_too(wholesaler):
    supplier = connect_feed(wholesaler, products_at="google.xml", mapping=google_mapping())

    runs = sync_all(supplier)

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert set(StockLevel.objects.values_list("reported_quantity", flat=True)) <= {0, 20}
    assert SupplierOffer.objects.filter(cost_amount__gt=0).count() > 50


def test_a_delta_changes_what_it_names_and_nothing_else(wholesaler):
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


def test_a_feed_that_lost_most_of_its_rows_is_not_believed(wholesaler):
    supplier = connect_feed(wholesaler)
    sync_all(supplier)
    before = snapshot()
    wholesaler.control("drop_catalog", {"share": 0.9})

    runs = sync_all(supplier)

    assert [run.status for run in runs] == [Status.QUARANTINED] * 3
    assert "missing" in runs[0].problem
    assert snapshot() == before


@pytest.mark.parametrize(
    ("omitted_products", "omitted_stock", "is_live", "quantity"),
    [("gone", "empty", False, 0), ("empty", "empty", True, 0), ("unchanged", "unchanged", True, 7)],
)
def test_what_an_omitted_row_means_is_chosen(
    wholesaler, omitted_products, omitted_stock, is_live, quantity
):
    mapping = table_mapping(omitted_products=omitted_products, omitted_stock=omitted_stock)
    supplier = connect_feed(wholesaler, mapping=mapping)
    product = SupplierProduct.objects
    wholesaler.control("stock", {"sku": "LX-000004-1", "DE1": 7, "PL1": 7})
    sync_all(supplier)
    for place in range(1, 17):
        wholesaler.control("leave_out", {"sku": f"LX-000004-{place}"})

    runs = sync_all(supplier)

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert (product.get(ref="LX-000004").status == "active") is is_live
    assert levels("LX-000004-1") == {"DE1": quantity, "PL1": quantity}


@pytest.mark.parametrize(
    ("blank", "quantity", "issues"),
    [("unchanged", 7, {"stock-blank"}), ("none", 0, {"stock-blank"}), ("zero", 0, set())],
)
def test_what_a_blank_stock_cell_means_is_chosen(wholesaler, blank, quantity, issues):
    supplier = connect_feed(wholesaler, mapping=table_mapping(blank=blank))
    wholesaler.control("stock", {"sku": "LX-000004-1", "DE1": 7, "PL1": 7})
    sync_all(supplier)
    wholesaler.control("blank", {"sku": "LX-000004-1", "fields": ["stock"]})

    run = sync(supplier, "stock", now=timezone.now())

    assert told(run) == (Status.APPLIED, "")
    assert levels("LX-000004-1") == {"DE1": quantity, "PL1": quantity}
    found = FeedIssue.objects.filter(row="LX-000004-1", resolved_at=None)
    assert set(found.values_list("code", flat=True)) == issues


@pytest.mark.parametrize(
    ("blank", "status"), [("unchanged", "active"), ("none", "held"), ("zero", "held")]
)
def test_what_a_blank_price_means_is_chosen(wholesaler, blank, status):
    supplier = connect_feed(wholesaler, mapping=table_mapping(blank=blank))
    sync_all(supplier)
    known = cost("LX-000004-1")
    wholesaler.control("blank", {"sku": "LX-000004-1", "fields": ["price"]})

    sync(supplier, "prices", now=timezone.now())

    offer = SupplierOffer.objects.get(supplier_sku="LX-000004-1")
    assert (offer.status, offer.cost_amount) == (status, known)


@pytest.mark.parametrize("omitted", ["gone", "unchanged"])
def test_what_he_calls_discontinued_is_sold_no_more(wholesaler, omitted):
    mapping = table_mapping(omitted_products=omitted, omitted_stock="unchanged")
    supplier = connect_feed(wholesaler, mapping=mapping)
    wares = [sku for sku in wholesaler.control("status")["skus"] if sku.startswith("LX-000004")]
    sync_all(supplier)
    for sku in wares:
        wholesaler.control("gone", {"sku": sku})

    sync_all(supplier)

    assert SupplierProduct.objects.get(ref="LX-000004").status == "gone"
    gone = SupplierOffer.objects.filter(supplier_sku__in=wares)
    assert set(gone.values_list("status", flat=True)) == {"gone"}
    assert sum(levels(wares[0]).values()) == 0


def test_of_a_products_variants_one_may_go(wholesaler):
    supplier = connect_feed(wholesaler)
    sync_all(supplier)
    wholesaler.control("gone", {"sku": "LX-000004-1"})

    sync_all(supplier)

    offers = SupplierOffer.objects.filter(supplier_product="LX-000004").order_by("supplier_sku")
    assert list(offers.values_list("status", flat=True)) == ["gone", "active", "active", "active"]


def test_a_stock_file_without_parents_finds_the_products_of_its_skus(wholesaler):
    supplier = connect_feed(
        wholesaler,
        stock_at="stock.csv",
        prices_at="stock.csv",
        stock_mapping=stock_mapping(),
        prices_mapping=stock_mapping(),
    )

    runs = sync_all(supplier)
    wholesaler.control("drop_catalog", {"share": 0.9})
    later = sync_all(supplier)

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert StockLevel.objects.filter(reported_quantity__gt=0).count() > 50
    assert [run.status for run in later] == [Status.QUARANTINED] * 3


def test_a_file_that_nobody_writes_any_more_is_refused(wholesaler):
    supplier = connect_feed(wholesaler, mapping=table_mapping(stale_after_h=1))
    assert told(sync(supplier, now=timezone.now())) == (Status.APPLIED, "")
    mapping = table_mapping(stale_after_h=1)
    mapping["fields"]["updated_at"] = {"constant": "2026-01-01"}
    supplier.connection.options["mapping"] = mapping
    supplier.connection.save()

    run = sync(supplier, now=timezone.now())

    assert told(run) == (Status.FAILED, "The newest row of the file is of 2026-01-01 00:00.")


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("500", Status.FAILED, "HTTP 500"),
        ("429", Status.FAILED, "HTTP 429"),
        ("drop_before", Status.FAILED, "GET"),
        ("drop_after", Status.FAILED, "GET"),
        ("garbage", Status.FAILED, "web page"),
        ("empty", Status.FAILED, "empty"),
        ("redirect", Status.FAILED, "in no public network"),
        ("truncated", Status.QUARANTINED, "missing"),
    ],
)
def test_a_failing_wholesaler_changes_nothing(wholesaler, kind, status, words):
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


def test_a_token_opens_his_files_and_is_not_told_to_anybody(shop, tmp_path, caplog):
    from tests.feed_sandbox import FeedProcess  # noqa: PLC0415

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
