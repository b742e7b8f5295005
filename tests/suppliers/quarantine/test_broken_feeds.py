"""Broken feeds: quarantine each with its reason, and apply nothing of it.

The feed connector reads them from real files. Staff can apply such a run, and roll it back to the
former values.
"""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings as conf
from django.utils import timezone

from suppliers.models import (
    CostChange,
    PendingChange,
    PendingPublication,
    StockLevel,
    StockMovement,
    Supplier,
    SupplierOffer,
    SupplierProduct,
    SyncRun,
)
from suppliers.quarantine import review, rollback
from suppliers.runs import runs
from tests.factories.catalog import make_exchange_rate
from tests.factories.feeds import make_shop, make_upload_supplier, sync
from tests.suppliers.sync.test_products import versions
from tests.support.module_world import NO_REDIS, copy_feeds

FILES = Path(__file__).parents[1] / "connectors" / "feed" / "broken_files"
FIELDS = {
    "sku": {"column": "SKU"},
    "title": {"column": "Name"},
    "gtin": {"column": "EAN"},
    "cost": {"column": "Price"},
    "stock": {"column": "Stock"},
    "updated_at": {"column": "Updated at"},
    "description": {"column": "Description"},
}
TABLES = (SupplierProduct, SupplierOffer, StockLevel, StockMovement, CostChange)
Status = SyncRun.Status

KINDS = ("products", "prices", "stock")
# Each broken file with the jobs that quarantine it, and the reason.
BROKEN = [
    ("half.csv", KINDS, "known items are missing"),
    ("empty.csv", KINDS, "The column of sku is empty or missing"),
    ("all-sold-out.csv", ["stock"], "20 of 20 stock rows drop to zero"),
    ("hundredfold.csv", ["prices"], "as if they were in cents"),
    ("cents.csv", ["prices"], "as if they were in cents"),
    ("other-money.csv", ["prices"], "as if they were in AZN"),
    ("tax-added.csv", ["prices"], "as if a tax of 19 % were added"),
    ("shifted.csv", KINDS, "The column of sku is empty or missing"),
    ("shifted-left.csv", ["products"], "of sku contained codes and now contains words"),
    ("shifted-left.csv", ["prices"], "of title contained words and now contains barcodes"),
    ("shifted-left.csv", ["stock"], "of gtin contained barcodes and now contains decimal numbers"),
    ("renamed.csv", ["products"], "New columns: Artikel, Bezeichnung"),
    ("renamed.csv", ["prices", "stock"], "Missing columns: SKU, Name, EAN, Price, Stock"),
    ("price-renamed.csv", ["prices"], "The column of cost is empty or missing"),
    ("block-twice.csv", KINDS, "8 of 28 rows are duplicates"),
    ("last-month.csv", KINDS, "this is an older file"),
    ("other-supplier.csv", KINDS, "20 of 20 known items are missing"),
]


@pytest.fixture(scope="module")
def feeds(build_once):
    """Import ``good.csv`` by each job, once for this module; return the folder of its files."""

    def make(folder):
        make_shop()
        make_exchange_rate(base="USD", quote="AZN", rate=Decimal("1.70"))
        supplier = make_upload_supplier(FIELDS)
        upload("good.csv")
        for kind in KINDS:
            assert sync(supplier, kind, now=timezone.now()).status == Status.APPLIED

    return build_once(make)


@pytest.fixture
def supplier(feeds, db, settings):
    settings.REDIS_URL = NO_REDIS
    copy_feeds(feeds, settings)
    return Supplier.objects.select_related("connection").get()


def upload(name):
    uploads = conf.FEEDS_ROOT / "files" / "uploads"
    uploads.mkdir(parents=True, exist_ok=True)
    (uploads / "feed").write_bytes((FILES / name).read_bytes())


def read(supplier, name, kind):
    upload(name)
    return sync(supplier, kind, now=timezone.now())


def figures():
    """Return the cost and the stock of each SKU."""
    costs = dict(SupplierOffer.objects.values_list("supplier_sku", "cost_amount"))
    levels = StockLevel.objects.exclude(reported_quantity=0)
    stock = dict(levels.values_list("offer__supplier_sku", "reported_quantity"))
    return costs, stock


def kept(run):
    return run.changes.count()


def apply(run, **choice):
    selection = {"choice": review.Selection(**choice)} if choice else {}
    return review.apply(sync_run=run, actor="erika", now=timezone.now(), **selection)


def undo(run):
    return rollback.roll_back(sync_run=run, actor="erika", reason="no", now=timezone.now())


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [(name, kind, reason) for name, kinds, reason in BROKEN for kind in kinds],
)
def test_a_broken_feed_is_quarantined_with_the_reason(supplier, name, kind, reason):
    before = versions(*TABLES)

    run = read(supplier, name, kind)

    assert run.status == Status.QUARANTINED
    assert reason in run.problem
    assert versions(*TABLES) == before
    assert not CostChange.objects.filter(run=run).exists()


@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [
        ("all-sold-out.csv", "stock", 20),
        ("hundredfold.csv", "prices", 20),
        ("cents.csv", "prices", 20),
        ("other-money.csv", "prices", 20),
        ("block-twice.csv", "stock", 0),
        ("last-month.csv", "prices", 20),
        ("half.csv", "stock", 10),
    ],
)
def test_pending_changes_are_applied_and_rolled_back_exactly(supplier, name, kind, count):
    before = figures()
    run = read(supplier, name, kind)
    assert kept(run) == count
    wanted = dict(run.changes.values_list("row", "new"))

    decided = apply(run)

    assert (decided.done, decided.skipped) == (count, 0)
    costs, stock = figures()
    now_known = costs if kind == "prices" else stock
    assert all(now_known.get(row, 0) == value for row, value in wanted.items())

    undone = undo(run)

    assert (undone.done, undone.skipped) == (count, 0)
    assert figures() == before
    assert PendingPublication.objects.exists() == (count > 0)
    run.refresh_from_db()
    assert (run.status, run.decided_by) == (Status.ROLLED_BACK, "erika")


@pytest.mark.parametrize("kind", ["prices", "stock"])
def test_rolled_back_values_do_not_return(supplier, kind):
    before = figures()
    name = {"prices": "other-money.csv", "stock": "all-sold-out.csv"}[kind]
    run = read(supplier, name, kind)
    apply(run)
    undo(run)

    again = read(supplier, name, kind)

    assert again.status == Status.QUARANTINED
    words = f"20 of 20 values were rolled back before and are reported again (run {run.pk})"
    assert words in again.problem
    assert figures() == before
    assert read(supplier, "good.csv", kind).status == Status.APPLIED


def test_another_feed_supersedes_a_pending_run_and_a_repeated_feed_does_not(supplier):
    first = read(supplier, "other-money.csv", "prices")
    second = read(supplier, "other-money.csv", "prices")
    other = read(supplier, "tax-added.csv", "prices")
    first.refresh_from_db()

    assert (second.status, kept(second)) == (Status.DISCARDED, 0)
    assert (first.status, kept(first)) == (Status.DISCARDED, 0)
    assert (other.status, kept(other)) == (Status.QUARANTINED, 20)

    read(supplier, "good.csv", "prices")

    other.refresh_from_db()
    assert (other.status, PendingChange.objects.count()) == (Status.DISCARDED, 0)


def test_a_run_applied_in_part_is_no_baseline(supplier):
    before, _ = figures()
    run = read(supplier, "other-money.csv", "prices")
    ticked = run.changes.filter(row__in=["HL-001", "HL-002"]).values_list("pk", flat=True)

    with pytest.raises(review.EmptySelectionError):
        apply(run, at_most=Decimal("1.1"))
    apply(run, ids=list(ticked))

    after, _ = figures()
    assert {sku for sku in after if after[sku] != before[sku]} == {"HL-001", "HL-002"}
    again = read(supplier, "other-money.csv", "prices")
    assert (again.status, kept(again)) == (Status.QUARANTINED, 18)


def test_values_changed_meanwhile_are_skipped_and_reported(supplier):
    run = read(supplier, "other-money.csv", "prices")
    SupplierOffer.objects.filter(supplier_sku="HL-003").update(cost_amount=Decimal("12.00"))
    SupplierOffer.objects.filter(supplier_sku="HL-004").update(overridden_fields=["cost_amount"])

    decided = apply(run)

    assert (decided.done, decided.skipped) == (18, 2)
    left = run.changes.filter(outcome="skipped").values_list("row", flat=True)
    assert set(left) == {"HL-003", "HL-004"}
    assert SupplierOffer.objects.get(supplier_sku="HL-003").cost_amount == Decimal("12.00")


def test_a_rollback_keeps_newer_values(supplier):
    run = read(supplier, "last-month.csv", "prices")
    apply(run)
    offer = SupplierOffer.objects.get(supplier_sku="HL-005")
    same = dict.fromkeys(("old_amount", "new_amount"), offer.cost_amount)
    CostChange.objects.create(offer=offer, cause="staff:max", at=timezone.now(), **same)

    undone = undo(run)

    assert (undone.done, undone.skipped) == (19, 1)
    kept_cost = SupplierOffer.objects.get(supplier_sku="HL-005").cost_amount
    assert kept_cost == offer.cost_amount
    assert run.changes.get(outcome="skipped").row == "HL-005"


def test_products_cannot_be_rolled_back_and_old_changes_are_deleted(supplier):
    with pytest.raises(rollback.NotReversibleError):
        undo(SyncRun.objects.get(kind="products"))
    run = read(supplier, "other-money.csv", "prices")
    assert runs.delete_old_changes(now=timezone.now() + timedelta(days=90)) == 0

    apply(run)
    assert runs.delete_old_changes(now=timezone.now() + timedelta(days=29)) == 0
    assert runs.delete_old_changes(now=timezone.now() + timedelta(days=31)) == 20
