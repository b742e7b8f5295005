"""Shipping tasks: poll open orders, complete arrived ones, record supplier performance."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.payments.tasks import settle_payments
from shipping import status_polling, supplier_performance
from shipping.rerouting import tasks as rerouting_tasks
from shipping.shipments import fulfillment
from suppliers.models import Supplier
from suppliers.resilience.bulkheads import LaneFullError, Work, lane
from suppliers.scorecards import tasks as scorecard_tasks

__all__ = ["rerouting_tasks"]  # Celery finds it here

BATCH = 200
# Older days are rolled up when staff ask for it (``manage.py roll_up_scorecards``).
ROLLED_UP = timedelta(days=60)


@shared_task
def poll_open_orders(**_: Any) -> None:
    """Poll each supplier that is due, one task per supplier."""
    for supplier_id in status_polling.claim_due(now=timezone.now()):
        poll_supplier.delay(supplier_id=supplier_id)
    complete_arrived.delay()


@shared_task
def poll_supplier(*, supplier_id: int, **_: Any) -> None:
    try:
        with lane(Work.ORDERS, supplier_id):
            status_polling.ask(supplier=Supplier.objects.get(pk=supplier_id), moment=timezone.now)
            settle_payments.delay()
    except LaneFullError:
        status_polling.give_back(supplier_id=supplier_id)


@shared_task
def complete_arrived(**_: Any) -> None:
    """Complete orders whose parcels all arrived while the order was on hold."""
    for order in fulfillment.arrived().order_by("pk")[:BATCH]:
        fulfillment.finish(order=order, now=timezone.now())


@shared_task
def observe_suppliers(**_: Any) -> None:
    """Record new supplier facts and roll up the affected days."""
    now = timezone.now()
    _roll_up(supplier_performance.observe(since=now - supplier_performance.LOOKS_BACK), now.date())


@shared_task
def observe_everything(**_: Any) -> None:
    """Record also facts that came late or were missed while no sweep ran."""
    _roll_up(supplier_performance.observe(), timezone.now().date())


def _roll_up(earliest: datetime | None, today: date) -> None:
    yesterday = today - timedelta(days=1)
    first = min(earliest.date() if earliest else yesterday, yesterday)
    scorecard_tasks.roll_up.delay(first=max(first, today - ROLLED_UP).isoformat())
