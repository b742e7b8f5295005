"""Silence tasks: sweep silent parcels, tell their customers, measure the transit time of routes."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from shipping.silence import messages, route_transit, sweep


@shared_task
def watch_parcels(**_: Any) -> None:
    """End cases with news and open new ones; send the due messages, in one task each."""
    now = timezone.now()
    sweep.end_cases(now=now)
    sweep.open_cases(now=now)
    for case_id in messages.due_cases(now=now):
        tell.delay(case_id=case_id)


@shared_task
def tell(*, case_id: int, **_: Any) -> None:
    messages.tell(case_id=case_id, now=timezone.now())


@shared_task
def measure_routes(**_: Any) -> None:
    route_transit.measure_routes(now=timezone.now())
