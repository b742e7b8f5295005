"""Inventory tasks."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from orders import measuring, reconciling, tallying_sales, unseeing
from suppliers.models import Supplier


@shared_task
def reconcile_stock(**_: Any) -> None:
    """Stop subtracting sales that the suppliers' figures contain by now."""
    for supplier in Supplier.objects.exclude(status=Supplier.Status.CANDIDATE):
        unseeing.unsee(supplier=supplier, now=timezone.now())
        reconciling.reconcile(supplier=supplier, now=timezone.now())


@shared_task
def measure_countdowns(**_: Any) -> None:
    """Learn anew when each supplier counts our orders down."""
    for supplier in Supplier.objects.exclude(status=Supplier.Status.CANDIDATE):
        measuring.measure(supplier=supplier, now=timezone.now())


@shared_task
def tally_sales(**_: Any) -> int:
    """Count what was sold lately: the demand that prices follow."""
    return tallying_sales.tally(now=timezone.now())
