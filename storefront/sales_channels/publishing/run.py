"""Publication run: send all changes of one store, in one worker at a time."""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from storefront.lib.clock import running_clock
from storefront.lib.http.errors import CallDeferredError, ExternalServiceError
from storefront.sales_channels import pending_changes
from storefront.sales_channels.connections.factory import open_platform
from storefront.sales_channels.connections.gate import StoreGate
from storefront.sales_channels.connections.status import record_failure, record_success
from storefront.sales_channels.models import ChannelRun, Connection
from storefront.sales_channels.publishing.products import send_products
from storefront.sales_channels.publishing.stock_and_prices import (
    Sender,
    send_changes,
    send_decreases,
)
from suppliers.resilience.bulkheads import LockedElsewhereError, exclusive_lock

log = logging.getLogger(__name__)


def publish(connection_id: int, *, now: datetime, within: timedelta | None = None) -> None:
    """Send what changed in one store. Stops after ``within``; a sweep continues.

    Each write is absolute and recorded after it, so that a killed worker only causes a repetition.
    A failure of the store is stored on the connection; refused access pauses it.
    """
    with suppress(LockedElsewhereError), exclusive_lock(f"store {connection_id}"):
        found = Connection.objects.select_related("channel").publishing()
        connection = found.filter(pk=connection_id).first()
        if connection is not None:
            _publish(connection, now=now, within=within)


def _publish(connection: Connection, *, now: datetime, within: timedelta | None) -> None:
    clock = running_clock(now)
    gate = StoreGate(connection, is_for_order=False)
    problem = ""
    with open_platform(connection, gate=gate) as platform:
        sender = Sender(
            connection=connection,
            platform=platform,
            clock=clock,
            is_over=lambda: within is not None and clock() >= now + within,
        )
        try:
            _send_all(sender)
        except CallDeferredError as error:
            log.info("%s: %s", connection, error)
        except ExternalServiceError as error:
            problem = str(error)
            record_failure(connection, error, now=clock())
        else:
            record_success(connection)
    tally = sender.tally
    if gate.calls or tally.writes:
        ChannelRun.objects.create(
            connection=connection,
            kind=ChannelRun.Kind.PUBLICATION,
            started_at=now,
            ended_at=clock(),
            calls=gate.calls,
            products=tally.products,
            prices=tally.prices,
            quantities=tally.quantities,
            refused=tally.refused,
            error=problem[:500],
        )


def _send_all(sender: Sender) -> None:
    has_more = True
    while has_more and not sender.is_over():
        pending_changes.fold(sender.connection)
        send_decreases(sender)
        send_changes(sender)
        has_more = send_products(sender)
    send_changes(sender)  # settles the listings of the products just sent
