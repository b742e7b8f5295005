"""Shipping tasks: poll open orders, complete arrived ones, record supplier performance."""

from datetime import date, datetime, timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.payments.tasks import execute_requests
from shipping import review_requests, status_polling, supplier_performance
from shipping.problem_reports import tasks as problem_report_tasks
from shipping.product_alerts import tasks as product_alert_tasks
from shipping.rerouting import tasks as rerouting_tasks
from shipping.return_labels import tasks as return_label_tasks
from shipping.shipments import fulfillment
from shipping.silence import tasks as silence_tasks
from shipping.trackers import tasks as tracker_tasks
from suppliers.models import Supplier
from suppliers.resilience.bulkheads import BulkheadFullError, BulkheadKind, bulkhead
from suppliers.scorecards import tasks as scorecard_tasks

# Celery finds them here.
__all__ = [
    "problem_report_tasks",
    "product_alert_tasks",
    "rerouting_tasks",
    "return_label_tasks",
    "silence_tasks",
    "tracker_tasks",
]

BATCH = 200
# Older days are rolled up when staff ask for it (``manage.py roll_up_scorecards``).
ROLL_UP_WINDOW = timedelta(days=60)


@shared_task
def poll_open_orders(**_: Any) -> None:
    for supplier_id in status_polling.claim_due_suppliers(now=timezone.now()):
        poll_supplier.delay(supplier_id=supplier_id)
    complete_released_orders.delay()


@shared_task
def poll_supplier(*, supplier_id: int, **_: Any) -> None:
    try:
        with bulkhead(BulkheadKind.ORDERS, supplier_id):
            status_polling.poll_supplier(
                supplier=Supplier.objects.get(pk=supplier_id), clock=timezone.now
            )
            execute_requests.delay()
    except BulkheadFullError:
        status_polling.make_due(supplier_id=supplier_id)


@shared_task
def complete_released_orders(**_: Any) -> None:
    """Complete orders whose parcels all arrived while the order was on hold."""
    for order in fulfillment.orders_to_complete().order_by("pk")[:BATCH]:
        fulfillment.complete_released_order(order=order, now=timezone.now())


@shared_task
def ask_for_reviews(**_: Any) -> None:
    review_requests.ask_for_reviews(now=timezone.now())


@shared_task
def record_recent_supplier_facts(**_: Any) -> None:
    now = timezone.now()
    _roll_up(
        supplier_performance.record_new_facts(since=now - supplier_performance.LOOKBACK), now.date()
    )


@shared_task
def record_all_supplier_facts(**_: Any) -> None:
    """Record all missing facts, also older ones than ``LOOKBACK``."""
    _roll_up(supplier_performance.record_new_facts(), timezone.now().date())


def _roll_up(earliest: datetime | None, today: date) -> None:
    yesterday = today - timedelta(days=1)
    first = min(earliest.date() if earliest else yesterday, yesterday)
    scorecard_tasks.roll_up.delay(first=max(first, today - ROLL_UP_WINDOW).isoformat())
