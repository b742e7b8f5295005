"""Competitor tasks: fetch due sources, delete old price lists."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog.competitors import price_import, sources


@shared_task
def fetch_due_sources(**_: Any) -> int:
    """Fetch each competitor price source that is due, one task per source."""
    due = sources.due_sources(now=timezone.now())
    for source_id in due:
        fetch_source.delay(source_id=source_id)
    return len(due)


@shared_task
def fetch_source(*, source_id: int, **_: Any) -> dict[str, int] | None:
    """Fetch one competitor price source, unless another worker did."""
    result = sources.fetch_source(source_id=source_id, now=timezone.now())
    return None if result is None else dict(result.counts)


@shared_task
def delete_old_lists(**_: Any) -> int:
    return price_import.delete_old(now=timezone.now())
