"""Connection tasks: run a health check, read prepaid balances."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from suppliers.connections import balances, health_check
from suppliers.models import Supplier
from suppliers.resilience.bulkheads import LaneFullError, Work, lane

LANE_PATIENCE_S = 5


@shared_task
def check(*, supplier_id: int, **_: Any) -> None:
    """Check a connection on request of a user."""
    supplier = Supplier.objects.select_related("connection").get(pk=supplier_id)
    try:
        with lane(Work.SYNCS, supplier_id):
            health_check.check(supplier=supplier, now=timezone.now())
    except LaneFullError:  # no sweep retries it
        check.apply_async(kwargs={"supplier_id": supplier_id}, countdown=LANE_PATIENCE_S)


@shared_task
def look_at_balances(**_: Any) -> None:
    """Queue a balance check for each supplier that is paid from a balance."""
    for supplier in balances.holders():
        look_at_balance.delay(supplier_id=supplier.pk)


@shared_task
def look_at_balance(*, supplier_id: int, **_: Any) -> None:
    supplier = Supplier.objects.get(pk=supplier_id)
    with suppress(LaneFullError), lane(Work.SYNCS, supplier_id):  # the next sweep retries it
        balances.look(supplier=supplier, now=timezone.now())
