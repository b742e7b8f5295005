"""Dashboard tasks: check all invariants on a schedule."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.dashboard.invariants import scheduled_check


@shared_task
def check_invariants(**_: Any) -> None:
    """Run all invariants and store the violations for the inbox."""
    scheduled_check.run(now=timezone.now())
