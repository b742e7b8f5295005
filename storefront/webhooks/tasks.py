"""Webhook tasks: process stored webhooks, subscribe to suppliers' webhooks."""

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from orders.payments.tasks import execute_requests
from orders.purchasing.tasks import sweep_paid_orders
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.state_machine import ConcurrentUpdateError
from storefront.webhooks import processing, sources
from storefront.webhooks.models import InboundWebhook
from suppliers.models import Supplier
from suppliers.resilience.bulkheads import (
    BulkheadFullError,
    BulkheadKind,
    LockedElsewhereError,
    bulkhead,
    exclusive_lock,
)
from suppliers.sync import webhooks

log = logging.getLogger(__name__)

BATCH = 200  # webhooks queued per source, so that a hanging supplier does not delay others
BULKHEAD_RETRY_S = 30


@shared_task
def process(*, call_id: int, **_: Any) -> None:
    """Process one webhook, in the bulkhead of its supplier: processing may call the supplier.

    If a due webhook of the same source has a higher priority, it is processed instead, so that a
    flood of stock events does not delay order events. If the bulkhead is full, the webhook stays
    due for ``_queue_next`` or the sweep.
    """
    call = InboundWebhook.objects.get(pk=call_id)
    source = sources.find(call.source)
    if source is None or source.supplier is None:
        _process(call)
        return
    with suppress(BulkheadFullError), bulkhead(BulkheadKind.EVENTS, source.supplier.pk):
        call = _most_urgent(call)
        _process(call)
        # A webhook to be retried means that the supplier may be down: do not call it again at once.
        if call.status != InboundWebhook.Status.RECEIVED:
            _queue_next(call.source)


def _most_urgent(call: InboundWebhook) -> InboundWebhook:
    """Return a due webhook of the same source with higher priority, else this one."""
    due = InboundWebhook.objects.due(timezone.now()).filter(
        source=call.source, priority__lt=call.priority
    )
    return due.by_priority().first() or call


def _process(call: InboundWebhook) -> None:
    has_changed = False
    with suppress(ConcurrentUpdateError):  # the lease expired, and another worker processed it
        has_changed = processing.process(call=call, now=timezone.now())
    if has_changed:
        sweep_paid_orders.delay()
        execute_requests.delay()


def _queue_next(source: str) -> None:
    """Queue the next due webhook of the source, because the bulkhead is free now."""
    waiting = InboundWebhook.objects.due(timezone.now()).filter(source=source).by_priority()
    for call_id in waiting.values_list("pk", flat=True)[:1]:
        process.delay(call_id=call_id)


@shared_task
def process_due(**_: Any) -> None:
    """Queue all due webhooks: unprocessed ones and retries."""
    due = InboundWebhook.objects.due(timezone.now())
    for source in due.order_by("source").values_list("source", flat=True).distinct():
        waiting = due.filter(source=source).by_priority()
        for call_id in waiting.values_list("pk", flat=True)[:BATCH]:
            process.delay(call_id=call_id)


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
    """Subscribe to a supplier's webhooks, in the syncs' bulkhead: it takes minutes."""
    supplier = Supplier.objects.get(pk=supplier_id)
    # Not by reverse(), which would load all pages, 20 MB, in each process of the worker.
    url = f"{settings.PUBLIC_URL}/hooks/{sources.source_name(supplier)}/"
    try:
        with (
            bulkhead(BulkheadKind.SYNCS, supplier_id),
            exclusive_lock(f"subscriptions {supplier_id}"),
        ):
            done = webhooks.subscribe(supplier=supplier, url=url)
    except LockedElsewhereError:
        log.info("%s: another worker is subscribing", supplier)
    except BulkheadFullError:  # its syncs are running: the next sweep would find it full again
        subscribe.apply_async(kwargs={"supplier_id": supplier_id}, countdown=BULKHEAD_RETRY_S)
    except ExternalServiceError as error:  # the next sweep retries
        log.warning("%s: webhook subscription failed: %s", supplier, error)
    else:
        log.info("%s: %s", supplier, done)
