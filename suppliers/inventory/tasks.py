"""Inventory tasks: publish changed supply, queue supply that aged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from suppliers.inventory import confirmations, publication

BUDGET = timedelta(seconds=10)


@shared_task
def publish_waiting(**_: Any) -> None:
    """Publish changed supply whose listings are not refreshed yet.

    It shares its worker with orders: what is left waits for the next beat.
    """
    publication.publish_waiting(now=timezone.now(), within=BUDGET)


@shared_task
def follow_age(**_: Any) -> None:
    """Find claims that are worth less by their age; their pages are told next."""
    if confirmations.follow(now=timezone.now()):
        publish_waiting.delay()
