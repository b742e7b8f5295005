"""Store connection tasks: check a store, subscribe to the webhooks of all."""

import logging
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
def subscribe_all(**_: Any) -> None:
    for connection in Connection.objects.filter(status=Connection.Status.ACTIVE).order_by("pk"):
        subscribe.delay(connection_id=connection.pk)


@shared_task
def subscribe(*, connection_id: int, **_: Any) -> None:
    connection = Connection.objects.select_related("channel").get(pk=connection_id)
    try:
        store_check.subscribe(connection)
    except ExternalServiceError as error:  # the next sweep retries; orders are polled
        log.warning("%s: no subscription: %s", connection, error)
