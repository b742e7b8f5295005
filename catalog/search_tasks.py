"""Search tasks."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog import tallying
from catalog.models import Channel


@shared_task
def tally_shelves(**_: Any) -> int:
    """Count ahead the shelves whose cards have changed since they were counted."""
    now = timezone.now()
    return sum(tallying.tally(channel=channel, now=now) for channel in Channel.objects.all())
