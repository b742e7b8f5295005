"""Inventory tasks: publish changed supply, queue supply that aged."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from suppliers.inventory import confirmations, publication


@shared_task
def publish_waiting(**_: Any) -> None:
    """Find supply that changed, and whose listings nobody refreshed."""
    publication.publish_waiting(now=timezone.now())


@shared_task
def follow_age(**_: Any) -> None:
    """Find claims that are worth less by their age; their pages are told next."""
    if confirmations.follow(now=timezone.now()):
        publish_waiting.delay()
