"""Publication tasks: find stores with changes, send the changes of one store."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.sales_channels import pending_changes
from storefront.sales_channels.publishing import run

TIME_LIMIT = timedelta(seconds=60)


@shared_task
def publish_due(**_: Any) -> None:
    """Start a publication for each store with changes."""
    for connection_id in pending_changes.stores_with_changes():
        publish.delay(connection_id=connection_id)


@shared_task
def publish(*, connection_id: int, **_: Any) -> None:
    run.publish(connection_id, now=timezone.now(), within=TIME_LIMIT)


@shared_task
def withdraw_stale(**_: Any) -> None:
    """Queue what stores offer although its stock figure is too old to sell."""
    pending_changes.queue_stale(now=timezone.now())
