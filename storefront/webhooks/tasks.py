"""Webhook tasks: process stored webhooks, subscribe to suppliers' webhooks."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from orders.payments.tasks import settle_payments
from orders.purchasing.tasks import divide_paid
from storefront.lib.http.errors import OutsideError
from storefront.lib.state_machine import LostRaceError
from storefront.webhooks import processing, sources
from storefront.webhooks.models import InboundCall
from suppliers.models import Supplier
from suppliers.resilience.bulkheads import InHandError, LaneFullError, Work, in_hand, lane
from suppliers.sync import webhooks

log = logging.getLogger(__name__)

# per source, so that a hanging supplier's webhooks do not delay others
BATCH = 200
LANE_PATIENCE_S = 30


@shared_task
def handle(*, call_id: int, **_: Any) -> None:
    """Process one webhook; a supplier's within its bulkhead, since it may call the supplier.

    The webhook with the highest priority is processed first: it replaces the given one, so that a
    flood of stock events does not delay order events. If the bulkhead is full, the webhook stays
    due for ``_go_on`` or the sweep.
    """
    call = InboundCall.objects.get(pk=call_id)
    source = sources.find(call.source)
    if source is None or source.supplier is None:
        _handle(call)
        return
    with suppress(LaneFullError), lane(Work.NEWS, source.supplier.pk):
        call = _first(call)
        _handle(call)
        # else the supplier may not answer: do not call it again at once
        if call.status != InboundCall.Status.RECEIVED:
            _go_on(call.source)


def _first(call: InboundCall) -> InboundCall:
    """Return a due webhook of the same source with higher priority, else this one."""
    due = InboundCall.objects.due(timezone.now()).filter(source=call.source, turn__lt=call.turn)
    return due.in_turn().first() or call


def _handle(call: InboundCall) -> None:
    has_changed = False
    with suppress(LostRaceError):  # the lease expired, and another worker processed it
        has_changed = processing.handle(call=call, now=timezone.now())
    if has_changed:
        divide_paid.delay()
        settle_payments.delay()


def _go_on(source: str) -> None:
    """Queue the next due webhook of the source, because the bulkhead is free now."""
    waiting = InboundCall.objects.due(timezone.now()).filter(source=source).in_turn()
    for call_id in waiting.values_list("pk", flat=True)[:1]:
        handle.delay(call_id=call_id)


@shared_task
def handle_waiting(**_: Any) -> None:
    """Queue all due webhooks: unprocessed ones and retries."""
    due = InboundCall.objects.due(timezone.now())
    for source in due.order_by("source").values_list("source", flat=True).distinct():
        waiting = due.filter(source=source).in_turn()
        for call_id in waiting.values_list("pk", flat=True)[:BATCH]:
            handle.delay(call_id=call_id)


@shared_task
def subscribe_all(*, activated_within_s: float | None = None, **_: Any) -> None:
    """Subscribe to webhooks of active suppliers, or only of those just activated."""
    active = Supplier.objects.filter(
        status=Supplier.Status.ACTIVE, connection__isnull=False
    ).order_by("pk")
    if activated_within_s is not None:
        since = timezone.now() - timedelta(seconds=activated_within_s)
        active = active.filter(status_since__gte=since)
    for supplier in active:
        if sources.has_webhooks(supplier):
            subscribe.delay(supplier_id=supplier.pk)


@shared_task
def subscribe(*, supplier_id: int, **_: Any) -> None:
    """Subscribe to webhooks of one supplier.

    The first time takes minutes, so it runs in the bulkhead of syncs, not of webhooks.
    """
    supplier = Supplier.objects.get(pk=supplier_id)
    path = reverse("hook", args=[sources.name_of(supplier)])
    try:
        with lane(Work.SYNCS, supplier_id), in_hand(f"subscriptions {supplier_id}"):
            done = webhooks.subscribe(supplier=supplier, url=f"{settings.PUBLIC_URL}{path}")
    except InHandError:
        log.info("%s: another worker is at it", supplier)
    except LaneFullError:  # its syncs are running: the next sweep would find it full again
        subscribe.apply_async(kwargs={"supplier_id": supplier_id}, countdown=LANE_PATIENCE_S)
    except OutsideError as error:  # the next sweep retries
        log.warning("%s does not tell us news: %s", supplier, error)
    else:
        log.info("%s: %s", supplier, done)
