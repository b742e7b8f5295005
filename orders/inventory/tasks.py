"""Inventory tasks: sync stock with sales, measure decrements, count sales."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.inventory import decrement_measurement, sales_tally, stock_sync
from suppliers.models import Supplier


@shared_task
def absorb_sales(**_: Any) -> None:
    """Stop subtracting sales that the suppliers' figures now contain."""
    for supplier in Supplier.objects.exclude(status=Supplier.Status.CANDIDATE):
        stock_sync.undo_absorbed(supplier=supplier, now=timezone.now())
        stock_sync.absorb_sales(supplier=supplier, now=timezone.now())


@shared_task
def measure_decrements(**_: Any) -> None:
    """Measure when each supplier decrements its stock for our orders."""
    for supplier in Supplier.objects.exclude(status=Supplier.Status.CANDIDATE):
        decrement_measurement.measure(supplier=supplier, now=timezone.now())


@shared_task
def count_sales(**_: Any) -> int:
    """Count the latest sales for pricing."""
    return sales_tally.count_sales(now=timezone.now())
