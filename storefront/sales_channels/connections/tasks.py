"""Store connection tasks: check a store."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.sales_channels.connections import store_check
from storefront.sales_channels.models import Connection


@shared_task
def check_store(*, connection_id: int, **_: Any) -> None:
    connection = Connection.objects.select_related("channel").get(pk=connection_id)
    store_check.check_store(connection, now=timezone.now())
