"""Account tasks: delete expired login attempts and sessions on a schedule."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.accounts import login_throttling, staff_sessions


@shared_task
def delete_expired(**_: Any) -> None:
    now = timezone.now()
    staff_sessions.delete_ended(now=now)
    login_throttling.delete_expired(now=now)
