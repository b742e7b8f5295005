"""Product tasks: fetch waiting images, one worker at a time; refresh titles and option texts."""

import time
from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog.products import images
from catalog.products.translations import title_refresh
from catalog.texts import option_index
from storefront.lib.db import advisory_locks

BATCH = 20
BUDGET_S = 30.0


@shared_task
def fetch_images(**_: Any) -> int:
    """Fetch due images in batches for half a minute; return how many were tried.

    Only one worker fetches at a time, so that slow hosts do not block the others. Remaining images
    wait for the next beat: a task that queued itself would multiply.
    """
    tried, ends_at = 0, time.monotonic() + BUDGET_S
    for _mine in advisory_locks.lock_free_slices("fetch pictures", [0]):
        while (size := images.fetch_due(size=BATCH, now=timezone.now())) == BATCH:
            tried += size
            if time.monotonic() >= ends_at:
                return tried
        tried += size
    return tried


@shared_task
def refresh_option_texts(**_: Any) -> int:
    """Add options that are new in the catalog, and count the variants of each."""
    return option_index.refresh_option_texts()


@shared_task
def refresh_titles(family: str = "", **_: Any) -> int:
    """Make the titles of a family's products from its templates, or those of all products.

    The nightly run for all finds what a task that was not queued would have changed.
    """
    return title_refresh.refresh_titles(family=family)
