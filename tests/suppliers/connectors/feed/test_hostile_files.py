"""Hostile and broken files: a bad file changes nothing, and its run states the reason."""

import csv
import io
import time
from pathlib import Path

import pytest
from django.utils import timezone

from catalog.models import Listing, Product, Variant
from storefront.lib.http.errors import PermanentError
from suppliers.connectors.feed.fetch import upload_path
from suppliers.models import (
    StockLevel,
    StockMovement,
    SupplierOffer,
    SupplierProduct,
    SyncIssue,
    SyncRun,
)
from tests.factories.feeds import sync
from tests.suppliers.connectors.feed import hostile_archives
from tests.suppliers.sync.test_products import versions
from tests.support.corpus import SENDABLE

BAD = Path(__file__).parent / "hostile_files"
TABLES = (SupplierProduct, SupplierOffer, StockLevel, StockMovement, Product, Variant, Listing)
REFUSED = (SyncRun.Status.FAILED, SyncRun.Status.QUARANTINED)
KINDS = ("products", "prices", "stock")


def sync_all(supplier):
    return [sync(supplier, kind, now=timezone.now()) for kind in KINDS]


def offers():
    return set(SupplierOffer.objects.sellable().values_list("supplier_sku", flat=True))


def issues(row):
    found = SyncIssue.objects.filter(row=row, resolved_at=None)
    return set(found.values_list("code", flat=True))


WHOLE_FILES = {
    "billion-laughs.xml": "document type",
    "external-entity.xml": "document type",
    "external-dtd.xml": "document type",
    "cut-off.xml": "well-formed",
    "not-a-number.json": "JSON",
    "infinity.json": "JSON",
    "trailing-garbage.json": "JSON",
    "no-rows.json": "",
    "sign-in.html": "web page",
    "two-headers.csv": "first row",
}


def test_bad_files_change_nothing(supplier, hand_in, subtests):
    hand_in(hostile_archives.GOOD.encode())
    sync_all(supplier)
    before = versions(*TABLES)
    hostile = [(name, (BAD / name).read_bytes, words) for name, words in WHOLE_FILES.items()]
    hostile += [(name, build, words) for name, (build, words) in hostile_archives.WHOLE.items()]

    for name, build, words in hostile:
        hand_in(build())
        began = time.monotonic()
        runs = [sync(supplier, kind, now=timezone.now()) for kind in ("products", "stock")]
        with subtests.test(name):
            assert all(run.status in REFUSED for run in runs), [run.problem for run in runs]
            assert words in runs[0].problem
            assert versions(*TABLES) == before
            assert time.monotonic() - began < 20  # the processors may be busy
            assert len(offers()) == 6


def test_every_bad_file_is_used():
    used = {*WHOLE_FILES, "rows.csv", "rows.ndjson", "terms.csv"}

    assert {path.name for path in BAD.iterdir()} == used


BAD_PRICES = {
    "PRICE-NAN": "cost-unreadable",
    "PRICE-MINUS": "cost-absurd",
    "PRICE-ZERO": "cost-absurd",
    "PRICE-TINY": "cost-absurd",
    "PRICE-HUGE": "cost-absurd",
    "PRICE-COMMA": "cost-unreadable",
    "PRICE-OTHER": "cost-wrong-currency",
}
BAD_STOCK = {
    "STOCK-MINUS": ("stock-negative", 0),
    "STOCK-HUGE": ("stock-absurd", 1_000_000),
    "STOCK-NULL": ("stock-unreadable", None),
    "STOCK-MANY": ("stock-unreadable", None),
    "STOCK-HALF": ("stock-unreadable", None),
}
SCRIPTS = (
    "<script", "alert", "onclick", "onerror", "javascript:", "<iframe", "<style", "<math",
)  # fmt: skip


def test_bad_rows_are_reported_and_good_ones_imported(supplier, hand_in, subtests):
    hand_in((BAD / "rows.csv").read_bytes())

    runs = sync_all(supplier)

    assert [run.status for run in runs] == [SyncRun.Status.APPLIED] * 3, [r.problem for r in runs]
    taken = offers()
    assert {"GOOD-1", "GOOD-2", "GOOD-3", "007", "../../etc/passwd", "Case-1", "Café"} <= taken
    assert {"=cmd|' /C calc'!A0", "+1-TWIN", "@sum"} <= taken  # raw: exports escape them
    assert "TAB-1" in taken
    refused = {"QUOTE-1", "SHORT-1", "LONG-1", "CASE-1", "LAMP🔦", "NUL-\0X", "ZW-\u200bX"}
    assert not refused & set(SupplierOffer.objects.values_list("supplier_sku", flat=True))
    unreadable = SyncIssue.objects.filter(code="list-unreadable").values_list("row", "message")
    assert dict(unreadable) == {
        "line 3": "A quote is not closed.",
        "line 5": "The row has 2 cells, but there are 5 columns.",
        "line 6": "The row has 7 cells, but there are 5 columns.",
        "line 35": "The row contains a NUL character.",
    }
    unnamed = SyncIssue.objects.filter(code="list-no-id").values_list("message", flat=True)
    said = " ".join(unnamed)
    for word in ("U+1F526", "U+202E", "U+200B", "'CASE-1' looks like 'Case-1'"):
        assert word in said
    assert "list-twice" in issues("Café")  # composed and decomposed are equal
    for sku, code in BAD_PRICES.items():
        with subtests.test(sku):
            assert code in issues(sku)
            offer = SupplierOffer.objects.get(supplier_sku=sku)
            assert (offer.status, offer.cost_amount) == ("on_hold", None)
            assert not Listing.objects.filter(variant=offer.variant, is_published=True).exists()
    for sku, (code, units) in BAD_STOCK.items():
        with subtests.test(sku):
            assert code in issues(sku)
            level = StockLevel.objects.filter(offer__supplier_sku=sku).first()
            assert (level.reported_quantity if level else None) == units
    kept = " ".join(Product.objects.values_list("description_html", flat=True)).casefold()
    assert "wave." in kept
    assert [word for word in SCRIPTS if word in kept] == []


def test_json_lines_are_checked_one_by_one(supplier, hand_in):
    hand_in((BAD / "rows.ndjson").read_bytes())

    run = sync(supplier, "products", now=timezone.now())

    assert run.status == SyncRun.Status.QUARANTINED  # most lines are bad
    assert "7 of 10 rows are invalid" in run.problem


def test_formula_is_not_computed(supplier, hand_in):
    hand_in(hostile_archives.workbook_with_formulas())

    sync_all(supplier)

    assert "GOOD-1" in offers()
    assert "cost-unreadable" in issues("PRICE-F")
    assert "stock-unreadable" in issues("STOCK-F")
    assert SyncIssue.objects.get(code="list-no-id").message.startswith(
        "The cell contains a formula"
    )


def test_archive_paths_are_ignored(supplier, hand_in, settings):
    hand_in(hostile_archives.climbing())

    assert sync_all(supplier)[0].status == SyncRun.Status.APPLIED
    assert len(offers()) == 6
    assert not Path("/tmp/evil.csv").exists()
    assert not Path("/etc/cron.d/evil").exists()
    stored = [path for path in settings.VAR_DIR.rglob("*") if path.is_file()]
    assert [each.name for each in stored if settings.STATIC_ROOT not in each.parents] == ["feed"]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_encoding_is_detected(supplier, hand_in, encoding):
    hand_in(hostile_archives.GOOD.replace("headlamp 1", "headlamp Fénix").encode(encoding))

    sync(supplier, "products", now=timezone.now())

    assert SupplierOffer.objects.get(supplier_sku="GOOD-1").title == "Sensor headlamp Fénix"


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../feed", "/etc/passwd", "a/b", "..\\feed", "feed\0", "missing", "link"],
)
def test_only_uploaded_files_are_opened(tmp_path, name):
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    (tmp_path / "feed").write_text("outside")
    (uploads / "link").symlink_to("/etc/passwd")

    with pytest.raises(PermanentError, match="no file has been uploaded yet"):
        upload_path(tmp_path, name)


def test_hostile_texts_neither_fail_a_run_nor_block_a_good_row(supplier, hand_in):
    written = io.StringIO(newline="")
    rows = csv.writer(written)
    rows.writerow(["SKU", "Name", "Price", "Stock", "Description"])
    rows.writerow(["GOOD-1", "Trail 400", "10.00", "5", "A lamp."])
    for number, (_kind, text) in enumerate(SENDABLE):
        cells = [f"BAD-{number}", "Trail 500", "11.00", "5", "A lamp."]
        # Only few prices and stocks are bad: otherwise the whole run is quarantined.
        cells[{0: 2, 30: 3}.get(number % 60, (1, 4)[number % 2])] = text
        rows.writerow(cells)
    hand_in(written.getvalue().encode())

    runs = sync_all(supplier)

    assert {run.status for run in runs} <= {SyncRun.Status.APPLIED, SyncRun.Status.QUARANTINED}
    good = SupplierOffer.objects.get(supplier_sku="GOOD-1")
    assert (good.title, good.cost_amount) == ("Trail 400", 10)
