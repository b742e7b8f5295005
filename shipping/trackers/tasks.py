"""Tracker tasks: follow parcels at the tracking provider."""

from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from shipping.trackers import follow, provider_state
from shipping.trackers.registry import configured_tracker
from suppliers.resilience.bulkheads import LockedElsewhereError, exclusive_lock


@shared_task
def follow_parcels(**_: Any) -> None:
    """Register and poll parcels; without a configured provider, only forget its old problems."""
    tracker = configured_tracker()
    if tracker is None:
        provider_state.clear_problems()
        return
    with suppress(LockedElsewhereError), exclusive_lock(f"tracking provider {tracker.code}"):
        follow.run(tracker, clock=timezone.now)
