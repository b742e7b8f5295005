"""First imports that are interrupted: by failing calls, an expired token, a killed worker."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Product, Variant
from suppliers.inventory import publication
from suppliers.models import PendingPublication, StockLevel, SupplierOffer, SupplierProduct, SyncRun
from suppliers.offers import writer
from suppliers.runs import runs
from suppliers.sync import products, schedule
from tests.factories.feeds import stock_world, sync
from tests.fakes.cj_sandbox import connect
from tests.support.crashes import killed

Status = SyncRun.Status


@pytest.mark.django_db(transaction=True)
def test_an_expired_token_is_renewed_by_one_thread(shop, sandbox_supplier):
    supplier = connect(sandbox_supplier)
    sandbox_supplier.fault("product/query", "token_expired", count=1, skip=10)

    run = sync(supplier, now=timezone.now())

    assert (run.status, run.rejected) == (Status.APPLIED, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "crash",
    [
        (writer, "write_batch", 0),  # variants created, their offers not yet
        (writer, "write_batch", 2),
        (writer, "_write_products", 1),  # inside the transaction
        (publication, "publish", 1),  # offers written, listings not refreshed
    ],
)
def test_the_next_run_completes_the_work_of_a_killed_worker(supplier, world, monkeypatch, crash):
    module, at, after = crash
    monkeypatch.setattr(products, "BATCH", 4)
    monkeypatch.setattr(products, "PUBLISH_EVERY_S", 0)
    stock_world(world, 12)

    killed(lambda: sync(supplier, now=timezone.now()), module=module, at=at, after=after)

    run = SyncRun.objects.get()
    assert run.status == Status.STAGED
    now = timezone.now()
    assert schedule.due_jobs(now=now) == []
    assert runs.close_expired(now=now + runs.LEASE) == 1
    publication.publish_pending(now=now)
    later = sync(supplier, now=now + timedelta(minutes=10))

    assert later.status == Status.APPLIED
    offers = SupplierOffer.objects.filter(variant__isnull=False)
    assert offers.count() == SupplierOffer.objects.count() == Variant.objects.count() == 12
    assert Variant.objects.exclude(listings__isnull=False).count() == 0
    assert not PendingPublication.objects.exists()
    assert SupplierProduct.objects.filter(status="active").count() == Product.objects.count() == 12
    unexplained = [
        level
        for level in StockLevel.objects.all()
        if level.reported_quantity != sum(level.movements.values_list("reported_delta", flat=True))
    ]
    assert unexplained == []
