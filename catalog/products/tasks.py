"""Product tasks: fetch a batch of waiting images."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog.products import images

BATCH = 20


@shared_task
def fetch_pictures(**_: Any) -> int:
    """Fetch a batch of waiting pictures, and the next one if more wait."""
    tried = images.fetch_waiting(size=BATCH, now=timezone.now())
    if tried == BATCH:
        fetch_pictures.delay()
    return tried
