"""Match tasks: search for duplicates among our own products."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from suppliers.matches import duplicates


@shared_task
def search_duplicates(**_: Any) -> int:
    return duplicates.search_duplicates(now=timezone.now())
