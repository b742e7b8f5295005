"""Onboarding tasks: run a product dry run."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from suppliers.models import Supplier
from suppliers.onboarding import dry_run
from suppliers.resilience.bulkheads import BulkheadFullError, BulkheadKind, bulkhead

BULKHEAD_RETRY_S = 5


@shared_task
def run_dry_run(*, supplier_id: int, **_: Any) -> None:
    supplier = Supplier.objects.select_related("connection").get(pk=supplier_id)
    try:
        with bulkhead(BulkheadKind.SYNCS, supplier_id):
            dry_run.run(supplier=supplier, now=timezone.now())
    except BulkheadFullError:  # not in the schedule: retry here
        run_dry_run.apply_async(kwargs={"supplier_id": supplier_id}, countdown=BULKHEAD_RETRY_S)
