"""Account tasks: delete expired login attempts and sessions on a schedule."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.accounts import login_throttling


@shared_task
def forget_what_is_over(**_: Any) -> None:
    login_throttling.delete_expired(now=timezone.now())
