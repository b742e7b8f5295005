"""Listing tasks: reprice channels that are due, reprice queued variants."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog.listings import repricing


@shared_task
def reprice_due(**_: Any) -> int:
    """Count prices anew where a book went live, a cost of selling changed, or a rule began."""
    done = repricing.reprice_due(now=timezone.now())
    return sum(channel.changed for channel in done.values())


@shared_task
def reprice_waiting(**_: Any) -> int:
    """Count the prices of single variants anew, where what they hang on changed."""
    return repricing.reprice_waiting(now=timezone.now())
