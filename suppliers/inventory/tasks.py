"""Inventory tasks: publish queued variants, queue variants whose stock aged."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from suppliers.inventory import confirmations, publication

TIME_LIMIT = timedelta(seconds=10)


@shared_task
def publish_pending(**_: Any) -> None:
    """Publish queued variants, limited to ``TIME_LIMIT``: orders share the worker."""
    publication.publish_pending(now=timezone.now(), within=TIME_LIMIT)


@shared_task
def queue_aged_supply(**_: Any) -> None:
    if confirmations.queue_aged(now=timezone.now()):
        publish_pending.delay()
