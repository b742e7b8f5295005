"""Exchange rate tasks: fetch the daily rates, expire old rates."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog.exchange_rates import rates


@shared_task
def find_aged_rates(**_: Any) -> int:
    """Have prices counted anew where a rate of exchange grew too old."""
    return rates.find_aged(now=timezone.now())


@shared_task
def fetch_rates(**_: Any) -> dict[str, int]:
    """Ask what foreign money is worth, if somebody said where."""
    return rates.fetch(now=timezone.now())
