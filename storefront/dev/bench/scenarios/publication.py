"""Publication scenario: publish all offers with one worker and with two, compare the rates."""

import time
from pathlib import Path

from storefront.dev.bench.harness.workers import broker, workers
from storefront.dev.runtime.processes import wait_until
from suppliers.inventory import publication
from suppliers.models import PendingPublication, Supplier

TASK = "suppliers.inventory.tasks.publish_pending"
PATIENCE_S = 300.0
POLL_S = 0.02


class StuckError(Exception):
    """Queued supply changes were not published."""


def measure(folder: Path) -> tuple[int, dict[int, float]]:
    """Return the number of published variants, and the rate per second for each number of workers.

    The workers share the machine with PostgreSQL.
    """
    count, paces = 0, {}
    for processes in (1, 2):
        count, seconds = _publish(folder, processes)
        paces[processes] = count / seconds
    return count, paces


def _publish(folder: Path, processes: int) -> tuple[int, float]:
    with workers(folder, {}, processes=processes):
        count = sum(publication.reprice(supplier=each) for each in Supplier.objects.order_by("pk"))
        began = time.perf_counter()
        for _ in range(processes):
            broker().send_task(TASK)
        is_done = wait_until(
            lambda: not PendingPublication.objects.exists(), seconds=PATIENCE_S, poll_s=POLL_S
        )
        if not is_done:
            raise StuckError(f"{PendingPublication.objects.count()} variants are still queued")
        return count, time.perf_counter() - began
