"""Search tasks: count ahead the categories whose cards changed."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog.models import Channel
from catalog.search import facet_counts


@shared_task
def count_categories(**_: Any) -> int:
    """Count ahead the categories whose cards changed since the last count."""
    now = timezone.now()
    return sum(
        facet_counts.count_due(channel=channel, now=now) for channel in Channel.objects.all()
    )
