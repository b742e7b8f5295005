"""Readiness tasks: compute the completeness of changed products."""

import time
from typing import Any

from celery import shared_task
from django.db import transaction

from catalog.readiness import completeness
from storefront.lib.db import advisory_locks

BUDGET_S = 45.0


@shared_task
def compute_completeness(**_: Any) -> int:
    """Compute batches of changed products for three quarters of a minute; return the requests."""
    done, ends_at = 0, time.monotonic() + BUDGET_S
    for _mine in advisory_locks.lock_free_slices("compute completeness", [0]):
        while time.monotonic() < ends_at:
            with transaction.atomic():
                taken = completeness.compute_stale()
            done += taken
            if taken < completeness.BATCH:
                break
    return done
