"""Connector factory: open a connector with its secrets, gate and quotas, send mail for it.

A supplier without an API gets mail through the outbox: durable, and once per order.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from django.db import connection, transaction

from notifications import outbox
from notifications.models import Event
from notifications.sealed_links import encrypt_link
from storefront.lib.http.errors import ExternalServiceError, PermanentError
from storefront.lib.http.observers import CallObserver
from storefront.lib.security.encryption import decrypt
from suppliers.connections import file_sources
from suppliers.connections.state import DatabaseStateStore, DatabaseTokenStore
from suppliers.connectors import CONNECTORS, connector_class
from suppliers.connectors.capabilities import AccountRateLimit, Connector
from suppliers.connectors.context import ConnectorContext
from suppliers.models import Connection, Supplier
from suppliers.portal_links import links
from suppliers.resilience.bulkheads import BulkheadFullError, BulkheadKind, bulkhead
from suppliers.resilience.circuit_breaker import SharedCircuitBreaker
from suppliers.resilience.concurrency import SharedSemaphore
from suppliers.resilience.gate import LatencyGate, MeteredQuotaCounter, SupplierGate, UsageMeter
from suppliers.resilience.quotas import DatabaseQuotaCounter
from suppliers.resilience.rate_limit import SharedRateLimit

log = logging.getLogger(__name__)

# Mail through the outbox

EMAIL_EVENT = "purchase_order.mailed"
NOTED_EVENT = "purchase_order.filed"


class OutboxMailer:
    """Queues mail of one supplier in the outbox, in a transaction of its own.

    Each e-mail also has the link to all orders of the supplier, if there is a valid one.
    """

    def __init__(self, *, supplier: Supplier) -> None:
        self._supplier = supplier

    def send(self, *, key: str, to: str, payload: Mapping[str, Any]) -> None:
        """Queue an e-mail; once per key."""
        self._mail(EMAIL_EVENT, key, {**payload, "email": to})

    def request(self, *, kind: str, key: str, to: str, payload: Mapping[str, Any]) -> None:
        """Queue a question about an order; once per key."""
        self._mail(f"purchase_order.{kind}", key, {**payload, "email": to})

    def has_sent(self, *, key: str) -> bool:
        return _is_recorded(EMAIL_EVENT, key)

    def mark_sending(self, *, key: str) -> None:
        self._record(NOTED_EVENT, key, {"key": key}, _database_time())

    def is_marked(self, *, key: str) -> bool:
        return _is_recorded(NOTED_EVENT, key)

    def _mail(self, event_name: str, key: str, payload: dict[str, Any]) -> None:
        now = _database_time()
        if url := links.portal_url(self._supplier, now=now):
            payload |= encrypt_link(url, name="portal_url")
        self._record(event_name, key, payload, now)

    def _record(self, event_name: str, key: str, payload: dict[str, Any], now: datetime) -> None:
        with transaction.atomic(durable=True):
            outbox.record_event(
                name=event_name,
                key=f"{event_name}:{key}",
                subject=f"supplier:{self._supplier.pk}",
                payload=payload,
                at=now,
            )


def _database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (now,) = cursor.fetchone()
    return now  # type: ignore[no-any-return]


def _is_recorded(event_name: str, key: str) -> bool:
    return Event.objects.filter(key=f"{event_name}:{key}").exists()


NOT_CONNECTED = "not_connected"


@contextmanager
def open_connector(
    supplier: Supplier, *, meter: UsageMeter | None = None, list_since: datetime | None = None
) -> Iterator[Connector]:
    """Open the supplier's connector; close it and write its latencies afterwards.

    Check its capabilities with ``isinstance`` or ``connectors.capabilities.require``. ``meter``
    counts the calls. A list that the connector stored after ``list_since`` is not fetched again.

    Raises: PermanentError (``NOT_CONNECTED``)  no connection, or an unknown connector
    """
    connection = Connection.objects.filter(supplier=supplier).first()
    if connection is None:
        raise PermanentError(f"{supplier} has no connection", code=NOT_CONNECTED)
    if supplier.adapter not in CONNECTORS:
        raise PermanentError(f"unknown connector {supplier.adapter!r}", code=NOT_CONNECTED)
    gate = build_gate(supplier, connection, meter=meter)
    context = replace(
        build_context(supplier, connection, gate=gate, meter=meter), list_since=list_since
    )
    connector = cast(Any, connector_class(supplier.adapter))(context)
    try:
        yield cast(Connector, connector)
    finally:
        connector.close()
        gate.flush()


def open_for_live_check(suppliers: Iterable[Supplier], stack: ExitStack) -> dict[int, object]:
    """Open the connector of each supplier that has a free slot, by supplier id."""
    connectors: dict[int, object] = {}
    for supplier in suppliers:
        try:
            stack.enter_context(bulkhead(BulkheadKind.LIVE_CHECKS, supplier.pk))
            connectors[supplier.pk] = stack.enter_context(open_connector(supplier))
        except (BulkheadFullError, ExternalServiceError) as error:
            log.info("%s: no connection for a live request: %s", supplier, error)
    return connectors


def build_gate(
    supplier: Supplier, connection: Connection, *, meter: UsageMeter | None = None
) -> LatencyGate:
    allowed = calls_per_second(supplier, connection)
    gate = SupplierGate(
        code=supplier.code,
        capabilities=getattr(connector_class(supplier.adapter), "CALLS", {}),
        breaker=SharedCircuitBreaker(connection.pk),
        slots=SharedSemaphore(name=supplier.code, max_concurrent=connection.max_concurrent_calls),
        rate_limit=SharedRateLimit(name=supplier.code, calls_per_second=allowed),
        meter=meter,
    )
    return LatencyGate(gate, supplier_id=supplier.pk)


def calls_per_second(supplier: Supplier, connection: Connection) -> int:
    """Return the rate limit: the staff setting, at most what the account allows."""
    connector = connector_class(supplier.adapter)
    if not isinstance(connector, AccountRateLimit):
        return connection.calls_per_second
    allowed = connector.calls_per_second(
        options=connection.options, connector_state=connection.connector_state
    )
    return min(connection.calls_per_second, allowed or connection.calls_per_second)


def build_context(
    supplier: Supplier,
    connection: Connection,
    *,
    gate: CallObserver,
    meter: UsageMeter | None = None,
) -> ConnectorContext:
    secrets = {name: str(value) for name, value in decrypt(connection.secrets_encrypted).items()}
    return ConnectorContext(
        base_url=connection.base_url,
        currency=supplier.currency,
        language=supplier.language,
        secrets=secrets,
        options={
            **connection.options,
            **file_sources.connection_options(supplier, connection.options),
        },
        gate=gate,
        quotas=MeteredQuotaCounter(
            DatabaseQuotaCounter(connection.pk), meter=meter or UsageMeter()
        ),
        tokens=DatabaseTokenStore(connection.pk),
        state=DatabaseStateStore(connection.pk),
        mailer=OutboxMailer(supplier=supplier),
        folder=file_sources.supplier_folder(supplier),
    )
