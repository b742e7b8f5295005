"""Tracker tasks: follow parcels at the tracking provider."""

from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from shipping.trackers import follow
from shipping.trackers.registry import configured_tracker
from suppliers.resilience.bulkheads import LockedElsewhereError, exclusive_lock


@shared_task
def follow_parcels(**_: Any) -> None:
    """Register and poll parcels; without a configured provider, do nothing."""
    tracker = configured_tracker()
    if tracker is not None:
        with suppress(LockedElsewhereError), exclusive_lock(f"tracking provider {tracker.code}"):
            follow.run(tracker, clock=timezone.now)
