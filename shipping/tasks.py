"""Work for parcels: find rows, call one verb, start the next step."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.tasks import settle_payments
from shipping import fulfilling, polling
from suppliers.models import Supplier

BATCH = 200


@shared_task
def poll_open_orders(**_: Any) -> None:
    """Ask the suppliers whose turn it is how our open orders stand, one task for each."""
    for supplier_id in polling.claim_due(now=timezone.now()):
        poll_supplier.delay(supplier_id=supplier_id)
    complete_arrived.delay()


@shared_task
def poll_supplier(*, supplier_id: int, **_: Any) -> None:
    polling.ask(supplier=Supplier.objects.get(pk=supplier_id), moment=timezone.now)
    settle_payments.delay()


@shared_task
def complete_arrived(**_: Any) -> None:
    """Find orders whose parcels all arrived while staff held them."""
    for order in fulfilling.arrived().order_by("pk")[:BATCH]:
        fulfilling.finish(order=order, now=timezone.now())
