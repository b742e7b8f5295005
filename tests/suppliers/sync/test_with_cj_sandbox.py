"""The sync jobs against the CJ sandbox over HTTP."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from catalog.models import Listing, Product, Variant
from suppliers.inventory import publication
from suppliers.models import (
    PendingPublication,
    StockLevel,
    StockMovement,
    SupplierOffer,
    SupplierProduct,
    SyncIssue,
    SyncRun,
)
from suppliers.runs import runs
from suppliers.sync import schedule
from tests.factories.feeds import sync
from tests.fakes.cj_sandbox import connect
from tests.suppliers.sync.test_products import versions

TABLES = (SupplierProduct, SupplierOffer, StockLevel, StockMovement, Product, Variant, Listing)
Status = SyncRun.Status


@pytest.fixture
def supplier(shop, sandbox_supplier):
    return connect(sandbox_supplier)


def sync_all(supplier, *, now=None):
    now = now or timezone.now()
    return [sync(supplier, kind, now=now) for kind in ("products", "prices", "stock")]


def first_offer():
    return SupplierOffer.objects.sellable().order_by("pk").first()


def test_the_catalog_is_imported_and_invalid_rows_become_issues(supplier):
    found = sync_all(supplier)

    assert {run.status for run in found} == {Status.APPLIED}
    assert SupplierProduct.objects.filter(status="active").count() >= 24
    assert Listing.objects.filter(is_published=True, available__gt=0).count() > 50
    assert {"gtin-check-digit", "gtin-duplicate", "cost-missing", "no-variants"} <= set(
        SyncIssue.objects.values_list("code", flat=True)
    )
    assert "<script" not in "".join(Product.objects.values_list("description_html", flat=True))
    connection_row = supplier.connection
    connection_row.refresh_from_db()
    assert connection_row.account_id.isdecimal()
    assert connection_row.tokens_encrypted


def test_an_unchanged_sync_writes_nothing(supplier):
    sync_all(supplier)
    before = versions(*TABLES)

    found = sync_all(supplier)

    assert [(run.created, run.updated, run.gone) for run in found] == [(0, 0, 0)] * 3
    assert versions(*TABLES) == before


def test_a_price_and_a_stock_figure_reach_the_shop(supplier, sandbox_supplier):
    sync_all(supplier)
    offer = first_offer()
    level = offer.levels.filter(reported_quantity__gt=0).first()
    price = Listing.objects.get(variant=offer.variant).price_amount
    words = {"vid": offer.supplier_sku, "silent": True}
    sandbox_supplier.control("price", words | {"price": str(offer.cost_amount * 2)})
    sandbox_supplier.control("stock", words | {"warehouse": level.location.code, "quantity": 3})

    _, prices, stock = sync_all(supplier)

    assert (prices.updated, stock.updated) == (1, 1)
    level.refresh_from_db()
    assert level.reported_quantity == 3
    assert Listing.objects.get(variant=offer.variant).price_amount > price


@pytest.mark.parametrize("kind", ["garbage", "truncated", "empty", "huge", "redirect"])
@pytest.mark.parametrize("job", ["products", "prices", "stock"])
def test_invalid_answers_change_nothing(supplier, sandbox_supplier, kind, job):
    sync_all(supplier)
    before = versions(*TABLES)
    sandbox_supplier.fault("product/listV2", kind, count=0)

    run = sync(supplier, job, now=timezone.now())

    assert run.status in {Status.FAILED, Status.QUARANTINED}
    assert run.problem
    assert versions(*TABLES) == before
    supplier.connection.refresh_from_db()
    assert supplier.connection.problem.startswith(f"{job}: ")


@pytest.mark.parametrize("job", ["products", "prices", "stock"])
def test_a_truncated_list_changes_nothing(supplier, sandbox_supplier, job):
    sync_all(supplier)
    before = versions(*TABLES)
    sandbox_supplier.control("drop_catalog", {"share": 0.9})

    run = sync(supplier, job, now=timezone.now())

    assert run.status == Status.QUARANTINED
    assert "missing from the list" in run.problem
    assert versions(*TABLES) == before


def test_pages_in_another_currency_are_quarantined(supplier, sandbox_supplier):
    sandbox_supplier.fault("product/query", "wrong_currency", count=0)

    run = sync(supplier, now=timezone.now())

    assert (run.status, run.problem) == (
        Status.QUARANTINED,
        "Prices are in EUR; this supplier's currency is USD.",
    )
    assert not Variant.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_expired_token_is_renewed_by_one_thread(shop, sandbox_supplier):
    supplier = connect(sandbox_supplier)
    sandbox_supplier.fault("product/query", "token_expired", count=1, skip=10)

    run = sync(supplier, now=timezone.now())

    assert (run.status, run.rejected) == (Status.APPLIED, 1)


def test_occasional_failures_are_retried(supplier, sandbox_supplier):
    sandbox_supplier.fault("product/query", "500", count=0, every=5)
    sandbox_supplier.fault("product/query", "drop_after", count=0, every=7)

    run = sync(supplier, now=timezone.now())

    assert run.status == Status.APPLIED
    assert run.created > 20

    sandbox_supplier.control("faults/clear", {})
    again = sync(supplier, now=timezone.now())

    assert run.created + again.created == SupplierProduct.objects.filter(status="active").count()
    missing = SyncIssue.objects.filter(code="answer-missing", resolved_at=None)
    assert not missing.exists()
    assert SupplierProduct.objects.count() == again.read


KILLED = """
import os, signal
import django
django.setup()
from django.utils import timezone
from suppliers.inventory import publication
from suppliers.models import Supplier
from suppliers.offers import writer
from suppliers.sync import products, runner

def die(*_args, **_words):
    os.kill(os.getpid(), signal.SIGKILL)

place, count = os.environ["DIES"].split(":")
modules = {"writer": writer, "publication": publication}
module, name = place.split(".")
original, calls = getattr(modules[module], name), []

def counted(*args, **words):
    calls.append(1)
    if len(calls) == int(count):
        die()
    return original(*args, **words)

setattr(modules[module], name, counted)
products.BATCH = 8
products.PUBLISH_EVERY_S = 0
runner.run_sync(supplier=Supplier.objects.get(), kind="products", now=timezone.now())
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "dies",
    [
        "writer.write_batch:1",  # variants created, their offers not yet
        "writer.write_batch:3",
        "writer._write_products:2",  # inside the transaction
        "publication.publish:2",  # offers written, listings not refreshed
    ],
)
def test_the_next_run_completes_the_work_of_a_killed_worker(shop, sandbox_supplier, dies):
    supplier = connect(sandbox_supplier)
    words = connection.settings_dict
    key = f"{words['USER']}:{quote(words['PASSWORD'], safe='')}"
    url = f"postgres://{key}@{words['HOST']}:{words['PORT']}/{words['NAME']}"
    environment = {**os.environ, "DATABASE_URL": url, "DIES": dies, "LOG_LEVEL": "WARNING"}

    dead = subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False, timeout=60)

    assert dead.returncode == -signal.SIGKILL
    run = SyncRun.objects.get()
    assert run.status == Status.STAGED
    now = timezone.now()
    assert schedule.due_jobs(now=now) == []
    assert runs.close_expired(now=now + runs.LEASE) == 1
    publication.publish_pending(now=now)
    later = sync(supplier, now=now + timedelta(minutes=10))

    assert later.status == Status.APPLIED
    offers = SupplierOffer.objects.filter(variant__isnull=False)
    assert offers.count() == SupplierOffer.objects.count() == Variant.objects.count()
    assert Variant.objects.exclude(listings__isnull=False).count() == 0
    assert not PendingPublication.objects.exists()
    assert SupplierProduct.objects.filter(status="active").count() == Product.objects.count()
    unexplained = [
        level
        for level in StockLevel.objects.all()
        if level.reported_quantity != sum(level.movements.values_list("reported_delta", flat=True))
    ]
    assert unexplained == []


def test_the_command_shows_its_progress_and_succeeds(supplier):
    out = StringIO()

    call_command("supplier", "sync", supplier.code, stdout=out)

    lines = out.getvalue().splitlines()
    assert any("products:" in line and "pages read, " in line for line in lines)
    assert sum(" applied: " in line and "rows/s" in line for line in lines) == 3


def test_the_command_prints_the_calls_and_points_it_used(supplier, sandbox_supplier):
    sandbox_supplier.control("usage/clear", {})
    out = StringIO()

    call_command("supplier", "sync", supplier.code, stdout=out)

    usage = sandbox_supplier.control("usage")
    *_, calls, points = out.getvalue().splitlines()
    assert calls.startswith(f"calls: {usage['calls']:,} (")
    assert re.search(r"\d catalog, .*\d stock and price", calls)
    assert points.startswith(f"points: {usage['points']:,} used, ")
    run = SyncRun.objects.get(kind="products")
    assert sum(run.points.values()) > 0 < run.calls["catalog"]


def test_the_command_fails_with_the_problem(supplier, sandbox_supplier):
    sandbox_supplier.fault("product/listV2", "garbage", count=0)

    with pytest.raises(CommandError, match=r"products of cj-sandbox: failed\. GET"):
        call_command("supplier", "sync", supplier.code, "--kind", "products", stdout=StringIO())


def test_the_command_lists_the_known_suppliers(supplier):
    with pytest.raises(CommandError, match=r"Available: cj-sandbox$"):
        call_command("supplier", "sync", "unknown")
