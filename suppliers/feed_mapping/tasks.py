"""Feed mapping tasks: fetch the file for which staff build a mapping."""

from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from suppliers.feed_mapping import sample_fetch
from suppliers.models import Supplier
from suppliers.resilience.bulkheads import (
    BulkheadFullError,
    BulkheadKind,
    LockedElsewhereError,
    bulkhead,
)

BULKHEAD_RETRY_S = 5


@shared_task
def fetch_sample(*, supplier_id: int, content: str, **_: Any) -> None:
    supplier = Supplier.objects.select_related("connection").get(pk=supplier_id)
    try:
        with suppress(LockedElsewhereError), bulkhead(BulkheadKind.SYNCS, supplier_id):
            sample_fetch.fetch(supplier=supplier, content=content, now=timezone.now())
    except BulkheadFullError:  # not in the schedule: retry here
        again = {"supplier_id": supplier_id, "content": content}
        fetch_sample.apply_async(kwargs=again, countdown=BULKHEAD_RETRY_S)
