"""Exchange rate tasks: fetch the daily rates, expire old rates."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog.exchange_rates import rates


@shared_task
def expire_old_rates(**_: Any) -> int:
    """Queue prices for repricing whose exchange rate expired."""
    return rates.expire_old(now=timezone.now())


@shared_task
def fetch_rates(**_: Any) -> dict[str, int]:
    """Fetch the daily exchange rates, if a source is configured."""
    return rates.fetch(now=timezone.now())
