"""Competitor tasks: fetch due sources, delete old price lists."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog.competitors import price_import, sources


@shared_task
def hear_due_competitors(**_: Any) -> int:
    """Ask each source of competitors' prices whose time has come."""
    due = sources.due(now=timezone.now())
    for source_id in due:
        hear_competitors.delay(source_id=source_id)
    return len(due)


@shared_task
def hear_competitors(*, source_id: int, **_: Any) -> dict[str, int] | None:
    """Ask one source of competitors' prices, if nobody else did."""
    taken = sources.fetch(source_id=source_id, now=timezone.now())
    return None if taken is None else dict(taken.counts)


@shared_task
def forget_old_lists(**_: Any) -> int:
    """Forget lists of prices that machines told long ago."""
    return price_import.forget_old(now=timezone.now())
