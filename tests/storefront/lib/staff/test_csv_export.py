"""CSV exports: no export writes a cell that a spreadsheet would evaluate."""

import csv
import io
from dataclasses import replace

import pytest
import time_machine
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import PriceBook, Product
from orders.models import OrderLine
from storefront.lib.staff.csv_export import csv_line, lossless_csv_line, unescape
from suppliers.connectors.feed import order_documents
from suppliers.models import PendingChange, SyncRun
from tests.factories.catalog import make_channel, make_product, make_variant
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.priced_shop import stock_shop
from tests.factories.pricing import make_terms
from tests.factories.reconciliation import make_day, make_difference
from tests.factories.suppliers import NOON, make_supplier
from tests.suppliers.connectors.feed.test_orders import REQUEST
from tests.support.source_files import ROOT


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        ("\r\n=1", "'=1"),
        (" =1", "'=1"),
        ("a\r\nb", "a b"),
        ("-7.50", "-7.50"),
        ("+49 30 1234", "+49 30 1234"),
        (None, ""),
        (7, "7"),
    ],
)
def test_cell_is_text_or_a_plain_number(cell, written):
    assert csv_line([cell, "x"]) == f"{written},x\r\n"


TEXTS = st.text(st.sampled_from("='+-@\t\r\n \";,aə"), max_size=6) | st.text(max_size=40)


@given(cells=st.lists(TEXTS.filter(lambda text: "\0" not in text), min_size=2, max_size=4))
def test_a_lossless_line_is_read_back_unchanged_and_has_no_formula(cells):
    line = lossless_csv_line(cells)

    (written,) = csv.reader(io.StringIO(line, newline=""))
    assert [unescape(cell) for cell in written] == cells
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in written)


def differences(staff, evil):
    make_difference(day=make_day(), name=evil)
    return staff.get(reverse("admin:orders_discrepancy_export"))


def changes(staff, evil):
    moments = dict.fromkeys(("status_since", "started_at", "lease_until"), NOON)
    run = SyncRun.objects.create(supplier=make_supplier(), kind="prices", **moments)
    PendingChange.objects.create(run=run, row=evil, kind="cost", old=1, new=2)
    return staff.get(reverse("admin:suppliers_syncrun_changes", args=[run.pk]) + "?as=csv")


def profits(staff, evil):
    make_terms(channel=make_channel(), duty_amount=0)
    make_purchase_orders(make_sellable())
    OrderLine.objects.update(sku=evil)
    return staff.get(reverse("supply:profits") + "?csv=1")


def dry_run(staff, evil):
    stock_shop("10.00")
    Product.objects.update(title=evil)
    staff.post(reverse("admin:catalog_channel_new_draft", args=[make_channel().pk]))
    book = PriceBook.objects.get(status="draft")
    return staff.get(reverse("admin:catalog_pricebook_dry_run", args=[book.pk]) + "?csv=1")


def products(staff, evil):
    make_variant(make_product(title=evil))
    return staff.get(reverse("supply:catalog_file", args=["csv"]))


def supplier_order(_staff, evil):
    line = replace(REQUEST.lines[0], title=evil)
    return [order_documents.order_csv(replace(REQUEST, lines=(line,)))]


@pytest.mark.django_db
@pytest.mark.parametrize("evil", ["=cmd()", "+cmd()", "-cmd()", "@cmd()"])
@pytest.mark.parametrize(
    "export", [differences, changes, profits, dry_run, products, supplier_order]
)
def test_no_export_writes_a_formula(staff, export, evil):
    with time_machine.travel(NOON, tick=False):
        content = b"".join(export(staff, evil)).decode()

    cells = [cell for row in csv.reader(io.StringIO(content)) for cell in row]
    assert f"'{evil}" in cells
    assert evil not in cells


def test_every_export_uses_one_writer():
    apps = ("catalog", "notifications", "orders", "shipping", "storefront", "suppliers")
    writers = [
        path.relative_to(ROOT).as_posix()
        for app in apps
        for path in (ROOT / app).rglob("*.py")
        if "storefront/dev" not in path.as_posix() and "csv.writer(" in path.read_text()
    ]

    # The portal rewrites an uploaded spreadsheet, which no spreadsheet opens again. Programs read
    # product feeds, which cut the characters that begin a formula.
    others = ["storefront/product_feeds/formats.py", "storefront/supplier_portal/tracking_file.py"]
    assert sorted(writers) == ["storefront/lib/staff/csv_export.py", *others]
