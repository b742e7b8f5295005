"""Page batches: fetched pages are imported by any free worker, once, even if workers die."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from django.db import connections

from catalog.models import Listing, Variant
from catalog.records import ImportIssue, SupplierTerms
from suppliers.connectors.records import QuotaExceededError, StockReport
from suppliers.models import (
    PageBatch,
    StockMovement,
    SupplierOffer,
    SupplierProduct,
    SyncIssue,
    SyncRun,
)
from suppliers.offers import writer
from suppliers.offers.writer import AcceptedPage, Batch, ListedProduct
from suppliers.runs import runs
from suppliers.runs.runs import RunContext
from suppliers.sync import page_batches, product_intake, products, tasks
from tests.factories.feeds import NOON, stock_world, sync, usd
from tests.factories.product_records import make_product_record, make_variant_record
from tests.support.crashes import killed

pytestmark = pytest.mark.django_db(transaction=True)

BATCH = 3
PAGES = 4 * BATCH


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(products, "BATCH", BATCH)


def in_another_session(act):
    """Call ``act`` with another database connection, as another worker would."""
    with ThreadPoolExecutor() as pool:
        return pool.submit(lambda: [act(), connections.close_all()]).result()[0]


def import_as_helper(batch_id):
    return in_another_session(lambda: page_batches.import_dispatched(batch_id, now=NOON))


def known():
    return {
        "products": SupplierProduct.objects.filter(status="active").count(),
        "offers": SupplierOffer.objects.sellable().count(),
        "variants": Variant.objects.count(),
        "movements": StockMovement.objects.count(),
        "published": Listing.objects.filter(is_published=True).count(),
        "left": PageBatch.objects.count(),
    }


ALL = {
    "products": PAGES,
    "offers": PAGES,
    "variants": PAGES,
    "movements": 2 * PAGES,
    "published": PAGES,
    "left": 0,
}


def test_helpers_import_batches_and_the_run_counts_them(supplier, world):
    stock_world(world, PAGES)
    helped = []

    run = sync(supplier, dispatch_batch=lambda batch_id: helped.append(import_as_helper(batch_id)))

    assert helped == [True] * 3  # the fetching worker imports the first batch
    assert (run.status, run.created, run.deferred_rows) == (SyncRun.Status.APPLIED, PAGES, 0)
    assert known() == ALL


def test_without_helpers_the_fetching_worker_imports_everything(supplier, world, monkeypatch):
    monkeypatch.setattr(page_batches, "MAX_QUEUED", 2)
    stock_world(world, PAGES)
    called = []

    run = sync(supplier, dispatch_batch=called.append)

    assert len(called) == 2  # the limit of waiting batches
    assert (run.status, run.created, run.deferred_rows) == (SyncRun.Status.APPLIED, PAGES, 0)
    assert known() == ALL
    assert not import_as_helper(called[0])  # a late helper finds nothing


@pytest.mark.parametrize(
    ("module", "at", "is_done"),
    [
        (product_intake, "import_batch", False),
        (writer, "write_batch", False),
        (product_intake, "import_batch", True),
    ],
    ids=["before the import", "during the import", "before it is reported"],
)
def test_the_fetching_worker_takes_over_from_a_killed_helper(supplier, world, module, at, is_done):
    stock_world(world, PAGES)

    def die(batch_id):
        killed(
            lambda: page_batches.import_dispatched(batch_id, now=NOON),
            module=module,
            at=at,
            is_done=is_done,
        )

    run = sync(supplier, dispatch_batch=die)

    assert (run.status, run.deferred_rows) == (SyncRun.Status.APPLIED, 0)
    assert run.created + run.updated == PAGES
    assert known() == ALL


def test_the_fetching_worker_waits_for_a_busy_helper(supplier, world, monkeypatch):
    stock_world(world, 2 * BATCH)
    take, left = product_intake.import_batch, page_batches.BatchDispatcher._left
    is_in_hand, may_go_on, workers, seen = threading.Event(), threading.Event(), [], []

    def slow(work, batch):
        if threading.current_thread() is not threading.main_thread():
            is_in_hand.set()
            may_go_on.wait(timeout=20)
        return take(work, batch)

    def look(reader):
        seen.append((len(left(reader)), known()["products"]))
        if len(seen) == 2:
            may_go_on.set()
        return left(reader)

    monkeypatch.setattr(product_intake, "import_batch", slow)
    monkeypatch.setattr(page_batches.BatchDispatcher, "_left", look)

    def begin(batch_id):
        workers.append(threading.Thread(target=import_as_helper, args=[batch_id]))
        workers[-1].start()
        assert is_in_hand.wait(timeout=20)

    run = sync(supplier, dispatch_batch=begin)
    for each in workers:
        each.join()

    assert seen[:2] == [(1, BATCH), (1, BATCH)]
    assert (run.created, run.updated, run.deferred_rows) == (2 * BATCH, 0, 0)


def test_fetched_pages_are_imported_after_the_quota_is_used_up(supplier, world, monkeypatch):
    stock_world(world, PAGES)
    spent = QuotaExceededError("no points left", until=NOON + timedelta(hours=9))
    finish = page_batches.BatchDispatcher.finish

    def after_the_last_page(self):
        self._run_context.stop_at_quota(spent)
        finish(self)

    monkeypatch.setattr(page_batches.BatchDispatcher, "finish", after_the_last_page)

    run = sync(supplier, dispatch_batch=lambda _: None)

    assert (run.created, run.deferred_rows) == (PAGES, 0)
    assert known() == ALL


def test_pages_of_a_closed_run_are_not_imported(supplier, world):
    work = staged_work(supplier)
    pages = page_batches._serialize(work, one_page("P1", "S1"))
    batch = PageBatch.objects.create(run=work.run, pages=pages)
    runs.fail(work, "the worker was killed")

    assert not import_as_helper(batch.pk)
    assert not SupplierProduct.objects.exists()
    tasks.close_expired_runs()
    assert not PageBatch.objects.exists()


def one_page(external_id, sku, *, digest="d1"):
    record = make_product_record(
        external_id=external_id,
        title=f"Headlamp {external_id}",
        variants=[make_variant_record(sku=sku, gtin="")],
    )
    listed = ListedProduct(external_id=external_id, digest=digest, cost_digest="c1")
    return Batch(good=[AcceptedPage(listed=listed, digest=digest, record=record)], size=1)


def staged_work(supplier):
    work = RunContext(runs.open_run(supplier=supplier, kind="products", now=NOON), now=NOON)
    work.advance(SyncRun.Status.PARSED)
    work.advance(SyncRun.Status.STAGED)
    return work


def test_of_two_concurrent_products_with_one_sku_the_first_keeps_it(supplier, world, monkeypatch):
    work = staged_work(supplier)
    real, others = product_intake._store_and_link, [one_page("P2", "S1")]

    def meanwhile(*args):
        if others:
            other = others.pop()
            in_another_session(lambda: product_intake.import_batch(work, other))
        return real(*args)

    monkeypatch.setattr(product_intake, "_store_and_link", meanwhile)

    product_intake.import_batch(work, one_page("P1", "S1"))

    assert SupplierOffer.objects.get(supplier_sku="S1").product_external_id == "P2"
    issues = SyncIssue.objects.filter(resolved_at=None).values_list("row", "code")
    assert ("P1:S1", "sku-of-two") in issues


def test_a_batch_survives_serialization(supplier, world):
    work = staged_work(supplier)
    work.has_unidentified_rows = True
    work.run.profile = {"as_of": (NOON - timedelta(hours=2)).isoformat()}
    terms = SupplierTerms(min_order_units=2, lead_days=3, map_price=usd("12.30"))
    variant = replace(make_variant_record(sku="S1"), cost=usd("8.4000"), terms=terms)
    record = make_product_record(external_id="P1", title="Stirnlampe „Äther“", variants=[variant])
    listed = ListedProduct(external_id="P1", digest="d", cost_digest="")
    stock = (StockReport(sku="S1", location="CN", country="CN", quantity=7),)
    batch = Batch(
        good=[AcceptedPage(listed=listed, digest="e", record=record, stock=stock)],
        same=[listed],
        refused=[(listed, "f")],
        gone=["P9"],
        problems=[
            ImportIssue(row="S1", code="gtin", message="No.", raw={"gtin": "12", "n": [1, None]})
        ],
        size=4,
    )

    packed = page_batches._serialize(work, batch)
    handed = msgspec.msgpack.decode(packed, type=page_batches.BatchMessage)

    assert handed.batch == batch
    assert handed.batch.good[0].record.variants[0].cost.amount == Decimal("8.4")
    assert (handed.has_unidentified_rows, handed.file_as_of) == (True, NOON - timedelta(hours=2))


def test_a_sync_queues_its_batches_for_helpers(supplier, world, monkeypatch):
    stock_world(world, 2 * BATCH)
    woken = []
    monkeypatch.setattr(tasks, "enqueue", lambda task, **known: woken.append((task.name, known)))

    tasks.sync_now(supplier_id=supplier.pk, kind="products")

    ((name, known_of),) = woken
    assert name == "suppliers.sync.tasks.import_page_batch"
    assert known_of.keys() == {"batch_id"}
