"""Inventory tasks: publish queued variants, queue variants whose stock aged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from suppliers.inventory import confirmations, publication

BUDGET = timedelta(seconds=10)


@shared_task
def publish_waiting(**_: Any) -> None:
    """Publish queued variants, limited to ``BUDGET``: orders share the worker."""
    publication.publish_waiting(now=timezone.now(), within=BUDGET)


@shared_task
def follow_age(**_: Any) -> None:
    """Queue variants whose stock or costs aged, and publish them."""
    if confirmations.follow(now=timezone.now()):
        publish_waiting.delay()
