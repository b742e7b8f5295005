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

# Of each source: those of a supplier who hangs stand in nobody's way.
BATCH = 200
LANE_PATIENCE_S = 30


@shared_task
def handle(*, call_id: int, **_: Any) -> None:
    """Handle one call; a supplier's in a lane of his, as it may make us ask him.

    Into the lane goes what presses most: a flood of stock news lies in the broker's queue before
    the news of an order, which takes the place of the first of it. A call that finds no lane stays
    as it is, for the lane that becomes free or for the sweep.
    """
    call = InboundCall.objects.get(pk=call_id)
    source = sources.find(call.source)
    if source is None or source.supplier is None:
        _handle(call)
        return
    with suppress(LaneFullError), lane(Work.NEWS, source.supplier.pk):
        call = _first(call)
        _handle(call)
        if call.status != InboundCall.Status.RECEIVED:  # else he may not answer: let him rest
            _go_on(call.source)


def _first(call: InboundCall) -> InboundCall:
    """Return what presses more than this call, if there is something."""
    due = InboundCall.objects.due(timezone.now()).filter(source=call.source, turn__lt=call.turn)
    return due.in_turn().first() or call


def _handle(call: InboundCall) -> None:
    has_changed = False
    with suppress(LostRaceError):  # our turn was over, and another worker has handled it
        has_changed = processing.handle(call=call, now=timezone.now())
    if has_changed:
        divide_paid.delay()
        settle_payments.delay()


def _go_on(source: str) -> None:
    """Fill the lane that becomes free now with what presses: who found it full has gone."""
    waiting = InboundCall.objects.due(timezone.now()).filter(source=source).in_turn()
    for call_id in waiting.values_list("pk", flat=True)[:1]:
        handle.delay(call_id=call_id)


@shared_task
def handle_waiting(**_: Any) -> None:
    """Find calls that nobody handled yet, or that wait for another try."""
    due = InboundCall.objects.due(timezone.now())
    for source in due.order_by("source").values_list("source", flat=True).distinct():
        waiting = due.filter(source=source).in_turn()
        for call_id in waiting.values_list("pk", flat=True)[:BATCH]:
            handle.delay(call_id=call_id)


@shared_task
def subscribe_all(*, activated_within_s: float | None = None, **_: Any) -> None:
    """Register our webhooks at active suppliers, or only at those that were just activated."""
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
    """Have one supplier tell us news; the first time takes minutes, and no news waits behind it."""
    supplier = Supplier.objects.get(pk=supplier_id)
    path = reverse("hook", args=[sources.name_of(supplier)])
    try:
        with lane(Work.SYNCS, supplier_id), in_hand(f"subscriptions {supplier_id}"):
            done = webhooks.subscribe(supplier=supplier, url=f"{settings.PUBLIC_URL}{path}")
    except InHandError:
        log.info("%s: another worker is at it", supplier)
    except LaneFullError:  # his syncs go on: the next sweep would find it full again
        subscribe.apply_async(kwargs={"supplier_id": supplier_id}, countdown=LANE_PATIENCE_S)
    except OutsideError as error:  # the next sweep asks again
        log.warning("%s does not tell us news: %s", supplier, error)
    else:
        log.info("%s: %s", supplier, done)
