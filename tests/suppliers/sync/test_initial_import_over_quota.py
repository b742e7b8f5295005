"""Initial import of a catalog that exceeds the daily quota."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from suppliers.connections.file_sources import supplier_folder
from suppliers.connectors.cj import product_list
from suppliers.models import StockLevel, SupplierOffer, SupplierProduct, SyncRun
from suppliers.sync.runner import run_sync
from tests.fakes.cj_sandbox import connect

KEPT = 1_000  # reserved for orders
WALK, PAGE = 50, 10

pytestmark = pytest.mark.django_db


@pytest.fixture
def supplier(shop, sandbox_supplier):
    sandbox_supplier.control("usage/clear", {})
    return connect(sandbox_supplier)


def sync(supplier, kind="products", **words):
    return run_sync(supplier=supplier, kind=kind, now=timezone.now(), **words)


def points_a_day(supplier, points):
    supplier.connection.options = {"points_per_day": KEPT + points}
    supplier.connection.save()


def calls(sandbox):
    return sandbox.control("usage")["by_path"]


def gone():
    return SupplierProduct.objects.filter(status="discontinued").count()


def test_an_import_over_quota_continues_the_next_day_without_rereading(supplier, sandbox_supplier):
    """Each run gets its own points, as if on another day."""
    points_a_day(supplier, WALK + 12 * PAGE)

    runs = [sync(supplier)]
    while runs[-1].deferred_rows:
        assert (
            "rows are left to the next run. The quota is used up; calls resume at "
            in runs[-1].problem
        )
        runs.append(sync(supplier))

    assert {run.status for run in runs} == {SyncRun.Status.APPLIED}
    assert len(runs) > 2
    listed = sandbox_supplier.control("status")["products"]
    assert calls(sandbox_supplier)["product/listV2"] == len(runs)
    # Each run rereads 1/28 of the known products for changes that the list does not show.
    assert calls(sandbox_supplier)["product/query"] <= listed + len(runs) * 3
    assert gone() == 0


def test_a_list_cut_short_by_the_quota_discontinues_nothing(
    supplier, sandbox_supplier, monkeypatch
):
    sync(supplier)
    known = SupplierOffer.objects.filter(status="active").count()
    monkeypatch.setattr(product_list, "PAGE_SIZE", 10)
    points_a_day(supplier, 2 * WALK)

    runs = [sync(supplier, kind) for kind in ("products", "prices", "stock")]

    assert [run.status for run in runs] == [SyncRun.Status.FAILED] * 3
    assert "points" in runs[0].problem
    assert gone() == 0
    assert SupplierOffer.objects.filter(status="active").count() == known > 0


def test_jobs_started_together_read_the_list_once_and_a_single_job_reads_it_again(
    supplier, sandbox_supplier
):
    call_command("supplier", "sync", supplier.code, stdout=StringIO())

    assert calls(sandbox_supplier)["product/listV2"] == 1
    assert set(SyncRun.objects.values_list("status", flat=True)) == {SyncRun.Status.APPLIED}
    sync(supplier, "stock")
    assert calls(sandbox_supplier)["product/listV2"] == 2


def test_a_reused_list_keeps_its_date(supplier, sandbox_supplier):
    began = timezone.now()
    sync(supplier, "products")
    offer = SupplierOffer.objects.filter(status="active").first()
    level = StockLevel.objects.select_related("location").filter(offer=offer).first()
    read_at = timezone.now()

    later = timezone.now() + timedelta(minutes=5)
    run_sync(supplier=supplier, kind="stock", now=later, list_since=began)

    level.location.refresh_from_db()
    assert began < level.location.stock_confirmed_at < read_at


def test_products_read_after_a_reused_list_are_not_missing(supplier, sandbox_supplier):
    sandbox_supplier.control("drop_catalog", {"share": 0.1})
    began = timezone.now()
    sync(supplier, "products")
    whole = SupplierProduct.objects.count()
    sandbox_supplier.control("drop_catalog", {"share": 0})
    kept = supplier_list(supplier).read_bytes()
    sync(supplier, "products")
    assert SupplierProduct.objects.count() > whole
    supplier_list(supplier).write_bytes(kept)  # as on another machine

    run = sync(supplier, "products", list_since=began)

    assert (run.status, run.gone, gone()) == (SyncRun.Status.APPLIED, 0, 0)


def supplier_list(supplier):
    return supplier_folder(supplier) / "cj-list.ndjson"
