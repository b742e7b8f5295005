"""What is forgotten of people by the clock."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.accounts import signing_in


@shared_task
def forget_what_is_over(**_: Any) -> None:
    signing_in.forget_old(now=timezone.now())
