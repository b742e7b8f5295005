"""Supplier command: script what staff do with mappings, files and runs."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as conf
from django.core.management import CommandError
from django.utils import timezone

from storefront.lib.state_machine import StatusChange
from suppliers.models import (
    Connection,
    FeedMapping,
    FeedUpload,
    StockLevel,
    Supplier,
    SupplierOffer,
    SyncRun,
)
from tests.factories.feeds import make_feed_supplier, stock_world, sync, usd
from tests.suppliers.management.test_supplier_command import told

pytestmark = pytest.mark.django_db
SPEC = {
    "fields": {name: {"column": name} for name in ("sku", "title", "cost", "stock")},
    "country": "DE",
}
Status = SyncRun.Status


@pytest.fixture
def files():
    supplier = Supplier.objects.create(code="files", name="F", adapter="feed", currency="EUR")
    Connection.objects.create(supplier=supplier, base_url="", options={"via": "upload"})
    return supplier


@pytest.fixture
def quarantined(supplier, world):
    """A quarantined price run: each cost is ten times as high."""
    stock_world(world, 20)
    now = timezone.now() - timedelta(hours=2)
    sync(supplier, now=now)
    for sku in world.costs:
        world.costs[sku] = usd("84.00")
    return sync(supplier, "prices", now=now + timedelta(hours=1))


def costs():
    return {str(cost) for cost in SupplierOffer.objects.values_list("cost_amount", flat=True)}


def test_a_mapping_is_saved_shown_and_restored(files, tmp_path, monkeypatch):
    (tmp_path / "spec.json").write_text(json.dumps(SPEC))
    first = told("mapping", "files", f"--save={tmp_path / 'spec.json'}")
    other = SPEC | {"country": "PL"}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(other)))

    second = told("mapping", "files", "--save=-")

    assert first == "files: version 1 of products is active.\n"
    assert second == "files: version 2 of products is active.\n"
    assert json.loads(told("mapping", "files"))["country"] == "PL"
    told("mapping", "files", "--take-back=1")
    assert json.loads(told("mapping", "files", "--show"))["country"] == "DE"
    assert FeedMapping.objects.get(is_active=True).version == 3


@pytest.mark.parametrize("written", ["", "[]", "{", '{"fields": 5}', '{"moon": 1}'])
def test_an_invalid_mapping_is_not_saved(files, tmp_path, written):
    (tmp_path / "spec.json").write_text(written)

    with pytest.raises(CommandError, match="Nothing was saved"):
        told("mapping", "files", f"--save={tmp_path / 'spec.json'}")
    with pytest.raises(CommandError, match="Version 7 does not exist"):
        told("mapping", "files", "--take-back=7")

    assert not FeedMapping.objects.exists()


def test_a_file_is_uploaded_and_read(files, tmp_path):
    (tmp_path / "full.csv").write_text("sku,title,cost,stock\nA-1,Lamp,9.10,5\n")

    said = told("upload", "files", str(tmp_path / "full.csv"))

    kept = FeedUpload.objects.get()
    assert "uploaded 37 bytes" in said
    assert (kept.content, kept.original_name) == ("products", "full.csv")
    stored = Path(conf.FEEDS_ROOT) / "files" / "uploads" / kept.storage_name
    assert stored.read_bytes() == (tmp_path / "full.csv").read_bytes()
    with pytest.raises(CommandError, match="was not uploaded"):
        told("upload", "files", str(tmp_path / "none.csv"))


def test_a_supplier_without_files_accepts_no_upload():
    make_feed_supplier()

    with pytest.raises(CommandError, match="lumen has no files: its connector is fake"):
        told("mapping", "lumen")


def test_runs_are_listed_and_a_pending_one_is_applied(quarantined):
    (told_of,) = json.loads(told("runs", "lumen", "--json", "--status=quarantined"))
    assert (told_of["id"], told_of["kind"]) == (quarantined.pk, "prices")
    assert quarantined.problem in told("runs", "lumen")

    assert told("apply", str(quarantined.pk)).startswith("20 changes applied. 0 ")

    assert costs() == {"84.00"}
    assert told("rollback", str(quarantined.pk), "--reason=no").startswith("20 values restored")
    assert costs() == {"8.40"}


def test_a_pending_run_is_discarded_once(quarantined):
    assert told("discard", str(quarantined.pk)).startswith("Discarded")

    quarantined.refresh_from_db()
    assert (quarantined.status, quarantined.decided_by) == (Status.DISCARDED, "manage.py supplier")
    assert costs() == {"8.40"}
    for verb in ("apply", "discard"):
        with pytest.raises(CommandError, match="is discarded"):
            told(verb, str(quarantined.pk))
    with pytest.raises(CommandError, match="Run 0 does not exist"):
        told("apply", "0")


def test_a_run_is_rolled_back_once_and_newer_values_stay(supplier, world):
    hours = [timezone.now() - timedelta(hours=left) for left in (4, 3, 2)]
    stock_world(world, 3, stock={"DE": 20})
    products = sync(supplier, now=hours[0])
    world.stock |= {"P1-Black": {"DE": 15}, "P2-Black": {"DE": 15}}
    run = sync(supplier, "stock", now=hours[1])
    world.stock["P2-Black"] = {"DE": 14}
    sync(supplier, "stock", now=hours[2])

    with pytest.raises(CommandError, match="reason"):
        told("rollback", str(run.pk))
    said = told("rollback", str(run.pk), "--reason=the wrong file")

    assert said == "1 values restored. 1 skipped: newer values exist.\n"
    figures = StockLevel.objects.order_by("offer__supplier_sku")
    assert list(figures.values_list("reported_quantity", flat=True)) == [20, 14, 20]
    run.refresh_from_db()
    assert (run.status, run.decided_by) == (Status.ROLLED_BACK, "manage.py supplier")
    assert StatusChange.objects.get(to_status=Status.ROLLED_BACK).reason == "the wrong file"
    with pytest.raises(CommandError, match="is rolled_back"):
        told("rollback", str(run.pk), "--reason=again")
    with pytest.raises(CommandError, match="Product runs cannot be reverted"):
        told("rollback", str(products.pk), "--reason=no")
    with pytest.raises(CommandError, match="Run 0 does not exist"):
        told("rollback", "0", "--reason=no")
