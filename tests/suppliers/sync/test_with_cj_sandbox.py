"""The sync jobs against the CJ sandbox over HTTP, after a first import."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog.models import Listing, Product, Variant
from suppliers.connections import factory
from suppliers.models import (
    CallQuota,
    StockLevel,
    StockMovement,
    Supplier,
    SupplierOffer,
    SupplierProduct,
    SyncIssue,
    SyncRun,
)
from tests.factories.connector_contexts import MemoryBudget
from tests.factories.feeds import make_shop, sync
from tests.fakes.cj_sandbox import connect

TABLES = (SupplierProduct, SupplierOffer, StockLevel, StockMovement, Product, Variant, Listing)
KINDS = ("products", "prices", "stock")
Status = SyncRun.Status


@pytest.fixture(scope="module")
def imported(build_once, sandbox_process):
    """A shop with the whole catalog of the sandbox."""

    def make(_):
        make_shop()
        sandbox_process.reset()
        sync_all(connect(sandbox_process))

    with pytest.MonkeyPatch.context() as patch:
        # Inside one transaction, threads cannot see the quota in the database.
        patch.setattr(factory, "DatabaseQuotaCounter", lambda _: MemoryBudget())
        build_once(make)


@pytest.fixture
def supplier(imported, db, sandbox_supplier):
    return Supplier.objects.select_related("connection").get()


def sync_all(supplier):
    return [sync(supplier, kind, now=timezone.now()) for kind in KINDS]


def forget_pages():
    """Let the next run read every page again."""
    SupplierProduct.objects.update(list_digest="", detail_digest="")


def test_invalid_rows_become_issues_and_the_account_is_stored(supplier):
    codes = set(SyncIssue.objects.values_list("code", flat=True))
    assert {"gtin-check-digit", "gtin-duplicate", "cost-missing", "no-variants"} <= codes
    assert "<script" not in "".join(Product.objects.values_list("description_html", flat=True))
    assert supplier.connection.account_id.isdecimal()
    assert supplier.connection.tokens_encrypted


def test_the_command_prints_its_results_calls_and_points(supplier, sandbox_supplier, caplog):
    caplog.set_level("INFO")
    forget_pages()
    until = timezone.now() + timedelta(hours=1)
    words = {"name": "points", "total": 1_000, "used": 40, "until": until}
    CallQuota.objects.create(connection=supplier.connection, **words)
    sandbox_supplier.control("usage/clear", {})
    out = StringIO()

    call_command("supplier", "sync", supplier.code, stdout=out)

    usage = sandbox_supplier.control("usage")
    *lines, calls, points = out.getvalue().splitlines()
    assert "pages read, " in caplog.text
    assert sum(" applied in " in line and "rows/s" in line for line in lines) == 3
    assert calls.startswith(f"calls: {usage['calls']:,} (")
    assert re.search(r"\d catalog, .*\d stock and price", calls)
    assert points.startswith(f"points: {usage['points']:,} used, 960 of 1,000 left")
    run = SyncRun.objects.filter(kind="products").latest("pk")
    assert sum(run.points.values()) > 0 < run.calls["catalog"]


def test_the_command_fails_with_the_problem(supplier, sandbox_supplier):
    sandbox_supplier.fault("product/listV2", "garbage", count=0)

    with pytest.raises(CommandError, match=r"products of cj-sandbox: failed\. GET"):
        call_command("supplier", "sync", supplier.code, "--kind", "products", stdout=StringIO())
