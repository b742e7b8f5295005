"""Store connection tasks: check a store, subscribe to the webhooks of all."""

import logging
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.lib.http.errors import ExternalServiceError
from storefront.sales_channels.connections import store_check
from storefront.sales_channels.models import Connection

log = logging.getLogger(__name__)


@shared_task
def check_store(*, connection_id: int, **_: Any) -> None:
    connection = Connection.objects.select_related("channel").get(pk=connection_id)
    store_check.check_store(connection, now=timezone.now())


@shared_task
def subscribe_all(*, activated_within_s: float | None = None, **_: Any) -> None:
    """Subscribe to webhooks of active stores, or only of those just activated."""
    active = Connection.objects.filter(status=Connection.Status.ACTIVE).order_by("pk")
    if activated_within_s is not None:
        since = timezone.now() - timedelta(seconds=activated_within_s)
        active = active.filter(status_since__gte=since)
    for connection in active:
        subscribe.delay(connection_id=connection.pk)


@shared_task
def subscribe(*, connection_id: int, **_: Any) -> None:
    connection = Connection.objects.select_related("channel").get(pk=connection_id)
    try:
        store_check.subscribe(connection)
    except ExternalServiceError as error:  # the next sweep retries; orders are polled
        log.warning("%s: no subscription: %s", connection, error)
