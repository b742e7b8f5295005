"""Work for the in-tray: find rows, call one verb, start the next step."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from celery import shared_task
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from orders.tasks import divide_paid, settle_payments
from storefront.hooks import handling, sources
from storefront.hooks.models import InboundCall
from storefront.lib.failures import OutsideError
from storefront.lib.states import LostRaceError
from suppliers import subscribing
from suppliers.lanes import LaneFullError, Work, lane
from suppliers.models import Supplier

log = logging.getLogger(__name__)

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


@shared_task
def subscribe_all(**_: Any) -> None:
    """Have each supplier who tells news unasked tell us those of what we sell now."""
    active = Supplier.objects.filter(
        status=Supplier.Status.ACTIVE, connection__isnull=False
    ).order_by("pk")
    for supplier in active:
        if sources.has_webhooks(supplier):
            subscribe.delay(supplier_id=supplier.pk)


@shared_task
def subscribe(*, supplier_id: int, **_: Any) -> None:
    supplier = Supplier.objects.get(pk=supplier_id)
    path = reverse("hook", args=[sources.name_of(supplier)])
    try:
        with lane(Work.SYNCS, supplier_id):
            done = subscribing.subscribe(supplier=supplier, url=f"{settings.PUBLIC_URL}{path}")
    except (OutsideError, LaneFullError) as error:  # the next sweep asks again
        log.warning("%s does not tell us news: %s", supplier, error)
    else:
        log.info("%s: %s", supplier, done)
