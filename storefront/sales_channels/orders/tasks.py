"""Order tasks: poll each store, process due orders, report parcels and cancellations."""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.payments.tasks import execute_requests
from orders.purchasing.tasks import sweep_paid_orders
from storefront.lib.http.errors import ExternalServiceError
from storefront.sales_channels.models import Connection
from storefront.sales_channels.orders import sweeps
from suppliers.resilience.bulkheads import LockedElsewhereError, exclusive_lock

log = logging.getLogger(__name__)


@shared_task
def poll_stores(**_: Any) -> None:
    for connection in sweeps.active_connections():
        poll_store.delay(connection_id=connection.pk)


@shared_task
def poll_store(*, connection_id: int, **_: Any) -> None:
    """Import the orders of one store that changed."""
    _run(connection_id, sweeps.poll)
    sweep_paid_orders.delay()


@shared_task
def process_due(**_: Any) -> None:
    """Continue with waiting orders, and report to each store what it does not know."""
    for connection in sweeps.active_connections():
        work_for_store.delay(connection_id=connection.pk)


@shared_task
def work_for_store(*, connection_id: int, **_: Any) -> None:
    """Process due orders and report to one store, one task at a time: a hanging store occupies one worker."""
    with suppress(LockedElsewhereError), exclusive_lock(f"remote work {connection_id}"):
        _run(connection_id, sweeps.process_due)
        _run(connection_id, sweeps.report)
        execute_requests.delay()


def _run(connection_id: int, work: Callable[..., object]) -> None:
    connection = Connection.objects.select_related("channel").get(pk=connection_id)
    if connection.status != Connection.Status.ACTIVE:
        return
    with suppress(LockedElsewhereError):
        try:
            work(connection=connection, now=timezone.now())
        except ExternalServiceError as error:  # the next sweep retries
            log.warning("%s: %s", connection, error)
