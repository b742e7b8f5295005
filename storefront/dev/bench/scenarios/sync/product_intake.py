"""Product import scenario: import a supplier's products with one worker and with two."""

import time
from pathlib import Path

from storefront.dev.bench.harness.feed_files import write_csv
from storefront.dev.bench.harness.suppliers import uploading
from storefront.dev.bench.harness.workers import queue_sync, workers
from storefront.dev.bench.scenarios.sync.feed_reading import FIELDS
from storefront.dev.runtime.processes import wait_until
from suppliers.models import Supplier, SyncRun

GOODS = 1_000
STRIDE = 1_000_000
PATIENCE_S = 300.0
POLL_S = 0.02


class FailedError(Exception):
    """A run was not applied, or not in time."""


def measure(folder: Path) -> dict[int, float]:
    """Return the new products per second, by number of workers.

    Each measurement has its own products. The workers share the machine with PostgreSQL.
    """
    return {many: _import_goods(folder, many) for many in (1, 2)}


def _import_goods(folder: Path, many: int) -> float:
    supplier = _supplier(many)
    with workers(folder, {}, processes=many):
        began = time.perf_counter()
        queue_sync(supplier, SyncRun.Kind.PRODUCTS)
        ended = SyncRun.objects.filter(supplier=supplier, ended_at__isnull=False)
        if not wait_until(ended.exists, seconds=PATIENCE_S, poll_s=POLL_S):
            raise FailedError(f"{many} workers took longer than {PATIENCE_S} s")
        seconds = time.perf_counter() - began
    run = SyncRun.objects.get(supplier=supplier)
    if (run.status, run.created) != (SyncRun.Status.APPLIED, GOODS):
        raise FailedError(f"{run.status}: {run.created} of {GOODS} goods. {run.problem}")
    return GOODS / seconds


def _supplier(many: int) -> Supplier:
    """Connect a supplier with a file of products that are new to the shop."""
    supplier, path = uploading(f"goods-{many}", {"fields": FIELDS})
    write_csv(path, GOODS, first=STRIDE * many)
    return supplier
