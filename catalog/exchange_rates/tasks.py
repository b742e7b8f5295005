"""Exchange rate tasks: fetch the daily rates, expire old rates."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog.exchange_rates import rates


@shared_task
def expire_old_rates(**_: Any) -> int:
    return rates.expire_old(now=timezone.now())


@shared_task
def fetch_rates(**_: Any) -> dict[str, int]:
    return rates.fetch(now=timezone.now())
