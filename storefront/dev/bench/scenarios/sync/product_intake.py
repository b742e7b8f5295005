"""Product import scenario: import a supplier's products with one worker and with two."""

import time
from pathlib import Path

from celery import Celery
from django.conf import settings

from storefront.dev.bench.harness.feed_files import write_csv
from storefront.dev.bench.harness.workers import workers
from storefront.dev.bench.scenarios.sync.feed_reading import FIELDS
from suppliers.models import Connection, Supplier, SyncRun

TASK = "suppliers.sync.tasks.sync_now"
GOODS = 4_000
STRIDE = 1_000_000
PATIENCE_S = 300.0
POLL_S = 0.02


class FailedError(Exception):
    """A run was not applied, or not in time."""


def measure(folder: Path) -> dict[int, float]:
    """Return how many new products per second this many workers import from files.

    Each has its own products. They share the machine with the server.
    """
    return {many: _take_in(folder, many) for many in (1, 2)}


def _take_in(folder: Path, many: int) -> float:
    supplier = _supplier(many)
    with workers(folder, {}, processes=many):
        began = time.perf_counter()
        Celery(broker=settings.REDIS_URL).send_task(
            TASK,
            kwargs={"supplier_id": supplier.pk, "kind": SyncRun.Kind.PRODUCTS},
            queue="syncs",
        )
        while not SyncRun.objects.filter(supplier=supplier, ended_at__isnull=False).exists():
            if time.perf_counter() > began + PATIENCE_S:
                raise FailedError(f"{many} workers took longer than {PATIENCE_S} s")
            time.sleep(POLL_S)
        seconds = time.perf_counter() - began
    run = SyncRun.objects.get(supplier=supplier)
    if (run.status, run.created) != (SyncRun.Status.APPLIED, GOODS):
        raise FailedError(f"{run.status}: {run.created} of {GOODS} goods. {run.problem}")
    return GOODS / seconds


def _supplier(many: int) -> Supplier:
    """Connect a supplier with a file of products that are new to the shop."""
    code = f"goods-{many}"
    path = Path(settings.FEEDS_ROOT) / code / "uploads" / "feed"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(path, GOODS, first=STRIDE * many)
    supplier, _ = Supplier.objects.get_or_create(
        code=code,
        defaults={"name": code, "adapter": "feed", "currency": "EUR", "status": "active"},
    )
    mapping = {"fields": FIELDS, "location": "main", "country": "DE"}
    options = {"via": "upload", "products_at": "feed", "mapping": mapping}
    Connection.objects.get_or_create(
        supplier=supplier, defaults={"base_url": "", "options": options}
    )
    return supplier
