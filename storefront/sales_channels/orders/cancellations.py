"""Cancellations: cancel in the store what we canceled here. The gateway makes the refund."""

from datetime import datetime

from django.db.models import QuerySet

from orders.models import Order
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.sales_channels.models import Connection, OrderProblem, RemoteOrderRecord
from storefront.sales_channels.orders import changes
from storefront.sales_channels.orders.locks import record_lock
from storefront.sales_channels.platforms.base import Platform

REASON = "canceled by the shop"


def due(connection: Connection, *, now: datetime) -> QuerySet[RemoteOrderRecord]:
    """Return the imported orders that are canceled here, and perhaps not in the store."""
    rows = RemoteOrderRecord.objects.filter(
        connection=connection,
        order__status=Order.Status.CANCELED,
        canceled_there_at=None,
    ).exclude(due_at__gt=now)
    return rows.select_related("connection__channel", "order").order_by("pk")


def cancel(*, record: RemoteOrderRecord, platform: Platform, now: datetime) -> None:
    """Cancel an order in the store, unless it is canceled there already. Failures are retried.

    Raises: LockedElsewhereError
            TemporaryError        the store does not answer: the caller stops, and begins with
                                  another order the next time
    """
    with record_lock(record):
        record.refresh_from_db()
        if record.canceled_there_at is not None:
            return
        try:
            remote = platform.order(record.external_id)
            if remote is not None and not remote.is_canceled:
                platform.cancel_order(record.external_id, reason=REASON)
        except TemporaryError:
            changes.defer(record, now=now)
            raise
        except PermanentError as error:
            changes.defer(record, now=now)
            record.problem, record.detail = OrderProblem.STORE_REFUSED, str(error)[:500]
            record.problem_since = record.problem_since or now
            record.save(update_fields=["problem", "detail", "problem_since"])
            return
        if record.problem == OrderProblem.STORE_REFUSED:
            record.problem, record.detail, record.problem_since = "", "", None
        record.canceled_there_at, record.due_at, record.attempts = now, None, 0
        record.save()
