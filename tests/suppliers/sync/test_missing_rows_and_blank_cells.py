"""Missing rows, blank cells and discontinued flags in files of the feed sandbox."""

import pytest
from django.utils import timezone

from suppliers.models import StockLevel, SupplierOffer, SupplierProduct, SyncIssue, SyncRun
from tests.factories.feeds import sync
from tests.fakes.feed_sandbox import connect_feed, stock_mapping, table_mapping
from tests.suppliers.feed_shop import (
    cost,
    feed_process,
    feed_sandbox,
    feeds_folder,
    filled,
    levels,
    set_options,
    supplier,
    sync_all,
    told,
)

__all__ = ["feed_process", "feed_sandbox", "feeds_folder", "filled", "supplier"]

Status = SyncRun.Status


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

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 3
    assert (product.get(external_id="LX-000004").status == "active") is is_active
    assert levels("LX-000004-1") == {"DE1": quantity, "PL1": quantity}


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

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 2
    assert levels("LX-000004-1") == {"DE1": quantity, "PL1": quantity}
    offer = SupplierOffer.objects.get(supplier_sku="LX-000004-1")
    assert (offer.status, offer.cost_amount) == (status, known)
    assert SyncIssue.objects.filter(row="LX-000004-1", code="stock-blank").exists()


@pytest.mark.parametrize("omitted", ["gone", "unchanged"])
@pytest.mark.parametrize("count", [1, 4], ids=["one variant", "the product"])
def test_what_is_flagged_as_discontinued_is_off_sale(supplier, feed_sandbox, omitted, count):
    mapping = table_mapping(omitted_products=omitted, omitted_stock="unchanged")
    set_options(supplier, mapping=mapping)
    for place in range(1, count + 1):
        feed_sandbox.control("gone", {"sku": f"LX-000004-{place}"})

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

    assert [told(run) for run in runs] == [(Status.APPLIED, "")] * 3
    stocked = StockLevel.objects.filter(offer__supplier=other, reported_quantity__gt=0)
    assert stocked.count() > 50
    assert [run.status for run in later] == [Status.QUARANTINED] * 3


def test_a_stale_file_is_rejected(supplier):
    set_options(supplier, mapping=table_mapping(stale_after_h=1))
    assert told(sync(supplier, now=timezone.now())) == (Status.APPLIED, "")
    mapping = table_mapping(stale_after_h=1)
    mapping["fields"]["updated_at"] = {"constant": "2026-01-01"}
    set_options(supplier, mapping=mapping)

    run = sync(supplier, now=timezone.now())

    assert told(run) == (Status.FAILED, "The newest row of the file is dated 2026-01-01 00:00.")


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

    assert told(run) == (Status.APPLIED, "")
    left = StockLevel.objects.filter(offer__supplier_sku__in=sold_out, reported_quantity__gt=0)
    assert not left.exists()
    assert StockLevel.objects.filter(reported_quantity__gt=0).exists()
