"""Work for the in-tray: find rows, call one verb, start the next step."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.tasks import divide_paid, settle_payments
from storefront.hooks import handling
from storefront.hooks.models import InboundCall
from storefront.lib.states import LostRaceError

BATCH = 200


@shared_task
def handle(*, call_id: int, **_: Any) -> None:
    call = InboundCall.objects.get(pk=call_id)
    has_changed = False
    with suppress(LostRaceError):  # our turn was over, and another worker has handled it
        has_changed = handling.handle(call=call, now=timezone.now())
    if has_changed:
        divide_paid.delay()
        settle_payments.delay()


@shared_task
def handle_waiting(**_: Any) -> None:
    """Find calls that nobody handled yet, or that wait for another try."""
    due = InboundCall.objects.due(timezone.now()).order_by("due_at", "pk")
    for call_id in due.values_list("pk", flat=True)[:BATCH]:
        handle.delay(call_id=call_id)
