"""Connection tasks: run a health check, read prepaid balances."""

from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from suppliers.connections import balances, health_check
from suppliers.models import Supplier
from suppliers.resilience.bulkheads import BulkheadFullError, BulkheadKind, bulkhead

BULKHEAD_RETRY_S = 5


@shared_task
def run_health_check(*, supplier_id: int, **_: Any) -> None:
    supplier = Supplier.objects.select_related("connection").get(pk=supplier_id)
    try:
        with bulkhead(BulkheadKind.SYNCS, supplier_id):
            health_check.run(supplier=supplier, now=timezone.now())
    except BulkheadFullError:  # not in the schedule: retry here
        run_health_check.apply_async(
            kwargs={"supplier_id": supplier_id}, countdown=BULKHEAD_RETRY_S
        )


@shared_task
def refresh_balances(**_: Any) -> None:
    for supplier in balances.prepaid_suppliers():
        refresh_balance.delay(supplier_id=supplier.pk)


@shared_task
def refresh_balance(*, supplier_id: int, **_: Any) -> None:
    supplier = Supplier.objects.get(pk=supplier_id)
    with (
        suppress(BulkheadFullError),
        bulkhead(BulkheadKind.SYNCS, supplier_id),
    ):  # the next sweep retries it
        balances.refresh(supplier=supplier, now=timezone.now())
