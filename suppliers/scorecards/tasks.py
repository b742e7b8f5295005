"""Scorecard tasks: roll up the scorecards from a given day on."""

from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from suppliers.models import Supplier
from suppliers.scorecards import scorecards


@shared_task
def roll_up(*, first: str, **_: Any) -> None:
    now = timezone.now()
    scorecards.record_cost_counts(now=now)
    for supplier in Supplier.objects.order_by("pk"):
        scorecards.roll_up(supplier=supplier, first=datetime.fromisoformat(first).date(), now=now)
        scorecards.store_stock_accuracy(supplier=supplier)
