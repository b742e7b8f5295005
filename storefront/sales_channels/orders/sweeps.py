"""Sweeps: poll one store for orders, process due records, report parcels and cancellations.

One worker at a time polls a store, and one reports to it.
"""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from orders.payments.updates import TooEarlyError
from storefront.lib.http.errors import ExternalServiceError, TemporaryError
from storefront.lib.state_machine import ConcurrentUpdateError
from storefront.sales_channels.connections.factory import open_platform
from storefront.sales_channels.connections.status import pause_if_unauthorized
from storefront.sales_channels.models import Connection, RemoteOrderRecord
from storefront.sales_channels.orders import cancellations, changes, fulfillments, intake
from storefront.sales_channels.platforms.base import Platform, RemoteOrder, UnreadableOrder
from suppliers.resilience.bulkheads import LockedElsewhereError, exclusive_lock

log = logging.getLogger(__name__)

# Platforms list an order some time after they changed it, and their clocks are not ours.
OVERLAP = timedelta(minutes=5)
BATCH = 200


def poll(*, connection: Connection, now: datetime) -> int:
    """Import the orders that changed since the last poll; return how many were read.

    The cursor is the store's own time, and moves only past orders that are stored. An order that
    fails stops no other.

    Raises: LockedElsewhereError, TemporaryError, PermanentError
    """
    count = 0
    with exclusive_lock(f"remote orders {connection.pk}"), open_platform(connection) as platform:
        begin = connection.imports_orders_since
        since = connection.orders_until or begin
        newest = connection.orders_until
        try:
            for remote in platform.orders_since(since - OVERLAP):
                count += 1
                if isinstance(remote, UnreadableOrder):
                    _record_unreadable(connection, remote, now)
                    continue
                if remote.placed_at >= begin:
                    with suppress(TemporaryError):  # it is due later
                        _attempt_newer(connection, remote, platform, now)
                # A time in the future would hide all orders until then.
                changed_at = min(remote.updated_at, now + OVERLAP)
                newest = max(changed_at, newest or changed_at)
        finally:
            if newest is not None and newest != connection.orders_until:
                Connection.objects.filter(pk=connection.pk).update(orders_until=newest)
    return count


def _record_unreadable(connection: Connection, remote: UnreadableOrder, now: datetime) -> None:
    """Store that there is such an order; the inbox lists it until it can be read."""
    log.warning("%s: order %s: %s", connection, remote.external_id, remote.problem)
    record = intake.ensure_record(connection=connection, external_id=remote.external_id, now=now)
    if record.status == RemoteOrderRecord.Status.IMPORTED and record.due_at is None:
        record.due_at = now
        record.save(update_fields=["due_at"])


def _attempt_newer(
    connection: Connection, remote: RemoteOrder, platform: Platform, now: datetime
) -> None:
    record = intake.ensure_record(connection=connection, external_id=remote.external_id, now=now)
    if record.remote_updated_at is None or remote.updated_at > record.remote_updated_at:
        attempt(record=record, platform=platform, remote=remote, now=now)


def due_records(connection: Connection, *, now: datetime) -> QuerySet[RemoteOrderRecord]:
    rows = RemoteOrderRecord.objects.filter(connection=connection, due_at__lte=now)
    return rows.select_related("connection__channel", "order").order_by("due_at")[:BATCH]


def process_due(*, connection: Connection, now: datetime) -> None:
    """Process the due records of a store; stop while it does not answer. Raises: TemporaryError."""
    with open_platform(connection, is_for_order=True) as platform:
        for record in due_records(connection, now=now):
            attempt(record=record, platform=platform, now=now)


def attempt(
    *,
    record: RemoteOrderRecord,
    platform: Platform,
    now: datetime,
    remote: RemoteOrder | None = None,
) -> None:
    """Process one record; a failure defers it and no other. Raises: TemporaryError."""
    try:
        intake.process(record=record, platform=platform, now=now, remote=remote)
    except LockedElsewhereError:
        return
    except (ConcurrentUpdateError, TooEarlyError, intake.UnknownRemoteOrderError):
        changes.defer(record, now=now)
    except ExternalServiceError as error:
        changes.defer(record, now=now)
        pause_if_unauthorized(record.connection, error, now=now)
        if isinstance(error, TemporaryError):
            raise
    except Exception:
        log.exception("%s cannot be imported", record)
        changes.defer(record, now=now)


def report(*, connection: Connection, now: datetime) -> None:
    """Report parcels, tracking data and cancellations that a store does not know.

    Raises: TemporaryError
    """
    fulfillments.store_new(connection, now=now)
    waiting = list(fulfillments.due(connection, now=now))
    canceled = list(cancellations.due(connection, now=now)[:BATCH])
    if not waiting and not canceled:
        return
    with open_platform(connection, is_for_order=True) as platform:
        for fulfillment in waiting:
            fulfillments.send(fulfillment=fulfillment, platform=platform, now=now)
        for record in canceled:
            cancellations.cancel(record=record, platform=platform, now=now)


def active_connections() -> QuerySet[Connection]:
    active = Connection.objects.filter(status=Connection.Status.ACTIVE)
    return active.select_related("channel").order_by(F("orders_until").asc(nulls_first=True))
