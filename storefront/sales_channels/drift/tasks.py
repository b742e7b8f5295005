"""Drift tasks: start the hourly comparison of each store, compare one, delete old runs."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.sales_channels.drift import check


@shared_task
def check_due(**_: Any) -> None:
    """Start the comparison of each store that was not compared for an hour."""
    for connection_id in check.due_connections(now=timezone.now()):
        check_store.delay(connection_id=connection_id)


@shared_task
def delete_old_runs(**_: Any) -> None:
    check.delete_old_runs(now=timezone.now())


@shared_task
def check_store(*, connection_id: int, **_: Any) -> None:
    check.check_drift(connection_id, now=timezone.now())
