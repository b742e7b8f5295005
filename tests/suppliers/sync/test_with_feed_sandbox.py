"""The sync jobs against a wholesaler's files over HTTP."""

import pytest
from django.utils import timezone

from catalog.models import Listing, Product, Variant
from suppliers.models import (
    StockLevel,
    StockMovement,
    Supplier,
    SupplierOffer,
    SupplierProduct,
    SyncIssue,
    SyncRun,
)
from tests.factories.feeds import make_shop, sync
from tests.fakes.feed_sandbox import (
    FeedProcess,
    connect_feed,
    google_mapping,
    json_mapping,
    stock_mapping,
    table_mapping,
    xml_mapping,
)
from tests.suppliers.sync.test_products import versions
from tests.support.module_world import copy_feeds

TABLES = (SupplierProduct, SupplierOffer, StockLevel, StockMovement, Product, Variant, Listing)
Status = SyncRun.Status


KNOWN_STOCK = {"sku": "LX-000004-1", "DE1": 7, "PL1": 7}


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


def result_of(run):
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


def sync_now(supplier, kind="products"):
    return sync(supplier, kind, now=timezone.now())


def test_an_unchanged_file_is_neither_fetched_nor_written(supplier, feeds_folder):
    sync_all(supplier)
    before, files = versions(*TABLES), sorted(feeds_folder.rglob("*.raw"))

    runs = sync_all(supplier)

    assert [result_of(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert versions(*TABLES) == before
    assert sorted(feeds_folder.rglob("*.raw")) == files != []
    assert list(feeds_folder.rglob("work-*")) == []


def test_a_lost_file_is_fetched_again(supplier, feeds_folder):
    for path in feeds_folder.rglob("*.raw"):
        path.unlink()

    assert result_of(sync_now(supplier)) == (Status.APPLIED, "")


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

    assert [result_of(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert snapshot() == expected


def test_a_google_shopping_file_is_read(supplier, feed_sandbox):
    other = connect_feed(
        feed_sandbox, code="google", products_at="google.xml", mapping=google_mapping()
    )

    runs = sync_all(other)

    assert [result_of(run) for run in runs] == [(Status.APPLIED, "")] * 3
    levels = StockLevel.objects.filter(offer__supplier=other)
    assert set(levels.values_list("reported_quantity", flat=True)) <= {0, 20}
    assert other.offers.filter(cost_amount__gt=0).count() > 50


# Missing rows, blank cells and discontinued flags


@pytest.mark.parametrize(
    ("products", "stock", "is_active"),
    [("gone", "empty", False), ("empty", "empty", True), ("unchanged", "unchanged", True)],
)
def test_the_meaning_of_a_missing_row_is_configurable(
    supplier, feed_sandbox, products, stock, is_active
):
    quantity = 7 if stock == "unchanged" else 0
    mapping = table_mapping(omitted_products=products, omitted_stock=stock)
    set_options(supplier, mapping=mapping)
    product = SupplierProduct.objects
    for place in range(1, 17):
        feed_sandbox.control("leave_out", {"sku": f"LX-000004-{place}"})

    runs = sync_all(supplier)

    assert [result_of(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert (product.get(external_id="LX-000004").status == "active") is is_active
    assert levels("LX-000004-1") == {"DE1": quantity, "PL1": quantity}


def test_a_token_opens_the_files_and_is_never_logged(supplier, tmp_path, caplog):
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

        assert "HTTP 401" in sync_now(locked).problem
        assert result_of(sync_now(opened)) == (Status.APPLIED, "")
    finally:
        process.stop()
    assert "s3cret-key" not in caplog.text


@pytest.mark.parametrize(
    ("blank", "quantity", "status"), [("unchanged", 7, "active"), ("none", 0, "on_hold")]
)
def test_the_meaning_of_a_blank_cell_is_configurable(
    supplier, feed_sandbox, blank, quantity, status
):
    set_options(supplier, mapping=table_mapping(blank=blank))
    known = cost("LX-000004-1")
    feed_sandbox.control("blank", {"sku": "LX-000004-1", "fields": ["stock", "price"]})

    runs = [sync(supplier, kind, now=timezone.now()) for kind in ("stock", "prices")]

    assert [result_of(run) for run in runs] == [(Status.APPLIED, "")] * 2
    assert levels("LX-000004-1") == {"DE1": quantity, "PL1": quantity}
    offer = SupplierOffer.objects.get(supplier_sku="LX-000004-1")
    assert (offer.status, offer.cost_amount) == (status, known)
    assert SyncIssue.objects.filter(row="LX-000004-1", code="stock-blank").exists()


@pytest.mark.parametrize("omitted", ["gone", "unchanged"])
@pytest.mark.parametrize("count", [1, 4], ids=["one variant", "the product"])
def test_an_item_flagged_as_discontinued_is_off_sale(supplier, feed_sandbox, omitted, count):
    mapping = table_mapping(omitted_products=omitted, omitted_stock="unchanged")
    set_options(supplier, mapping=mapping)
    for place in range(1, count + 1):
        feed_sandbox.control("discontinue", {"sku": f"LX-000004-{place}"})

    sync_all(supplier)

    offers = SupplierOffer.objects.filter(product_external_id="LX-000004").order_by("supplier_sku")
    statuses = ["discontinued"] * count + ["active"] * (4 - count)
    assert list(offers.values_list("status", flat=True)) == statuses
    product = SupplierProduct.objects.get(external_id="LX-000004")
    assert product.status == ("active" if count == 1 else "discontinued")
    assert sum(levels("LX-000004-1").values()) == 0


def test_a_stock_file_without_parents_matches_by_sku(supplier, feed_sandbox):
    other = connect_feed(
        feed_sandbox,
        code="by-sku",
        stock_at="stock.csv",
        prices_at="stock.csv",
        stock_mapping=stock_mapping(),
        prices_mapping=stock_mapping(),
    )

    runs = sync_all(other)
    feed_sandbox.control("drop_catalog", {"share": 0.9})
    later = sync_all(other)

    assert [result_of(run) for run in runs] == [(Status.APPLIED, "")] * 3
    stocked = StockLevel.objects.filter(offer__supplier=other, reported_quantity__gt=0)
    assert stocked.count() > 50
    assert [run.status for run in later] == [Status.QUARANTINED] * 3


def test_a_stale_file_is_rejected(supplier):
    set_options(supplier, mapping=table_mapping(stale_after_h=1))
    assert result_of(sync(supplier, now=timezone.now())) == (Status.APPLIED, "")
    mapping = table_mapping(stale_after_h=1)
    mapping["fields"]["updated_at"] = {"constant": "2026-01-01"}
    set_options(supplier, mapping=mapping)

    run = sync(supplier, now=timezone.now())

    assert result_of(run) == (
        Status.FAILED,
        "The newest row of the file is dated 2026-01-01 00:00.",
    )


def test_a_delta_may_zero_all_its_rows(supplier, feed_sandbox):
    """A sold-out SKU must not stay for sale because little else changed."""
    mapping = table_mapping(omitted_products="unchanged", omitted_stock="unchanged")
    set_options(supplier, mapping=mapping)
    sold_out = [f"LX-000004-{place}" for place in range(1, 6)]
    for sku in SupplierOffer.objects.values_list("supplier_sku", flat=True):
        if sku in sold_out:
            feed_sandbox.control("stock", {"sku": sku, "DE1": 0, "PL1": 0})
        else:
            feed_sandbox.control("leave_out", {"sku": sku})

    run = sync(supplier, "stock", now=timezone.now())

    assert result_of(run) == (Status.APPLIED, "")
    left = StockLevel.objects.filter(offer__supplier_sku__in=sold_out, reported_quantity__gt=0)
    assert not left.exists()
    assert StockLevel.objects.filter(reported_quantity__gt=0).exists()
