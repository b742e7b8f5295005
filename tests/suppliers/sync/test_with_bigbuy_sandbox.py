"""The sync jobs against the BigBuy sandbox over HTTP: writes and numbers of calls."""

from contextlib import closing

import pytest
from django.utils import timezone

from catalog.models import Listing, Product, Variant
from suppliers.connections.file_sources import supplier_folder
from suppliers.connectors.bigbuy.connector import BigBuy
from suppliers.connectors.bigbuy.list_store import ListStore
from suppliers.models import (
    StockLevel,
    StockMovement,
    Supplier,
    SupplierOffer,
    SupplierProduct,
    SyncIssue,
    SyncRun,
)
from suppliers.sync import products
from tests.factories.feeds import make_shop, sync
from tests.fakes.bigbuy_sandbox import connect_bigbuy
from tests.fakes.cj_sandbox import connect
from tests.suppliers.sync.test_products import versions
from tests.support.module_world import copy_feeds

TABLES = (SupplierProduct, SupplierOffer, StockLevel, StockMovement, Product, Variant, Listing)
KINDS = ("products", "prices", "stock")
NAMES = {"taxonomies", "manufacturers", "variations", "attributes", "attributegroups"}
WORDS = {"productsinformation", "productsimages", "productsvariations"}
Status = SyncRun.Status


@pytest.fixture(scope="module")
def imported(build_once, bigbuy_process):
    """A shop with the whole catalog of the sandbox, and the calls of the import."""
    served = {}

    def make(_):
        make_shop()
        bigbuy_process.reset()
        supplier = connect_bigbuy(bigbuy_process)
        served.update(calls_of(bigbuy_process, lambda: sync_all(supplier)))

    return build_once(make), served


@pytest.fixture
def bigbuy(imported, db, bigbuy_sandbox, settings):
    copy_feeds(imported[0], settings)
    return Supplier.objects.select_related("connection").get()


def sync_all(supplier):
    return [sync(supplier, kind, now=timezone.now()) for kind in KINDS]


def calls_of(process, work):
    process.control("calls/forget", {})
    work()
    return process.served()


def test_the_catalog_is_imported_with_one_or_two_calls_per_list(bigbuy, imported):
    _, calls = imported

    assert set(SyncRun.objects.values_list("status", flat=True)) == {Status.APPLIED}
    assert set(calls) >= NAMES | WORDS | {"products"}
    assert set(calls.values()) <= {1, 2}  # two jobs fetch the stock
    codes = set(SyncIssue.objects.values_list("code", flat=True))
    assert {"gtin-check-digit", "cost-missing", "stock-negative"} <= codes
    assert "<script" not in "".join(Product.objects.values_list("description_html", flat=True))


def test_an_unchanged_sync_writes_nothing_and_fetches_no_texts(bigbuy, bigbuy_sandbox):
    before = versions(*TABLES)
    runs = []

    calls = calls_of(bigbuy_sandbox, lambda: runs.extend(sync_all(bigbuy)))

    assert [(run.created, run.updated, run.gone) for run in runs] == [(0, 0, 0)] * 3
    assert versions(*TABLES) == before
    assert calls == {
        "products": 1,
        "productprices": 1,
        "productvariationprices": 1,
        "productsstockbyhandlingdays": 1,
        "productsvariationsstockbyhandlingdays": 1,
    }


def test_an_unchanged_list_is_joined_once_and_a_changed_list_again_up_to_the_change(
    bigbuy, bigbuy_sandbox, monkeypatch
):
    walks = []
    pages = BigBuy.pages

    def counted(connector):
        walks.append(0)
        for page in pages(connector):
            walks[-1] += 1
            yield page

    monkeypatch.setattr(BigBuy, "pages", counted)
    monkeypatch.setattr(products, "BULK_BATCH", 1)

    sync(bigbuy, "products", now=timezone.now())
    (whole,) = walks
    known = SupplierProduct.objects.filter(status="active").values_list("external_id", flat=True)
    first = min(known, key=int)  # pages come in id order
    bigbuy_sandbox.control("name", {"id": first, "name": "Another name"})
    sync(bigbuy, "products", now=timezone.now())

    _, again, as_far = walks
    assert again == whole
    assert 0 < as_far < whole


def test_a_new_name_costs_one_list_and_changes_one_product(bigbuy, bigbuy_sandbox):
    external_id = SupplierProduct.objects.filter(status="active").order_by("pk").first().external_id
    bigbuy_sandbox.control("name", {"id": external_id, "name": "Another name"})
    runs = []

    calls = calls_of(
        bigbuy_sandbox, lambda: runs.append(sync(bigbuy, "products", now=timezone.now()))
    )

    assert (runs[0].updated, runs[0].created) == (1, 0)
    titles = SupplierOffer.objects.filter(product_external_id=external_id).values_list(
        "title", flat=True
    )
    assert all("Another name" in title for title in titles)
    assert calls.keys() & WORDS == {"productsinformation", "productsvariations"}


@pytest.mark.parametrize("kind", ["drop_after", "soft_500"])
def test_a_single_failure_is_retried(bigbuy, bigbuy_sandbox, kind):
    bigbuy_sandbox.fault("catalog/products", kind, count=1)

    assert sync(bigbuy, "products", now=timezone.now()).status == Status.APPLIED


@pytest.mark.parametrize(
    ("job", "name"),
    [
        ("products", "products"),
        ("products", "productsinformation"),
        ("prices", "productprices"),
        ("stock", "productsvariations"),
        pytest.param("products", "productsvariations", marks=pytest.mark.full),
        pytest.param("prices", "productvariationprices", marks=pytest.mark.full),
        pytest.param("stock", "productsstockbyhandlingdays", marks=pytest.mark.full),
        pytest.param("stock", "productsvariationsstockbyhandlingdays", marks=pytest.mark.full),
    ],
)
def test_a_truncated_joined_list_changes_nothing_until_it_is_complete(
    bigbuy, bigbuy_sandbox, job, name
):
    before = versions(*TABLES)
    with closing(ListStore(supplier_folder(bigbuy))) as lists:
        lists.forget(name)
    bigbuy_sandbox.fault(f"catalog/{name}", "half_list", count=1)

    run = sync(bigbuy, job, now=timezone.now())

    assert run.status == Status.QUARANTINED
    assert f"The list {name}" in run.problem
    assert versions(*TABLES) == before

    assert {run.status for run in sync_all(bigbuy)} == {Status.APPLIED}
    assert versions(*TABLES) == before


def test_a_short_list_with_waived_guards_is_the_next_baseline(bigbuy, bigbuy_sandbox):
    bigbuy_sandbox.fault("catalog/productsstockbyhandlingdays", "half_list", count=0)

    assert sync(bigbuy, "stock", now=timezone.now()).status == Status.QUARANTINED
    accepted = sync(bigbuy, "stock", now=timezone.now(), guards_waived_by="ann")
    later = sync(bigbuy, "stock", now=timezone.now())

    assert (accepted.status, later.status) == (Status.APPLIED, Status.APPLIED)


def test_the_same_items_of_two_suppliers_are_one_product(bigbuy, sandbox_supplier):
    cj = connect(sandbox_supplier)
    sync_all(cj)

    offers = SupplierOffer.objects.filter(supplier=cj, variant__isnull=False)
    shared = offers.filter(variant__offers__supplier=bigbuy)
    own = offers.exclude(variant__offers__supplier=bigbuy)

    assert shared.count() > 30
    assert own.count() > 20
    assert {offer.currency for offer in shared} == {"USD"}
