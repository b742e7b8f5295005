"""Connector factory: open a connector with its secrets, gate and quotas, send mail for it.

A supplier without an API gets mail through the outbox: durable, and once per order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from django.db import connection, transaction

from notifications import outbox
from notifications.models import Event
from storefront.lib.http.errors import PermanentError
from storefront.lib.http.observers import Gate
from storefront.lib.security.encryption import unseal
from suppliers.connections import file_sources
from suppliers.connections.state import KeptMemory, KeptTokens
from suppliers.connectors import ADAPTERS, connector_class
from suppliers.connectors.capabilities import Connector, Paced
from suppliers.connectors.context import Line
from suppliers.models import Connection, Supplier
from suppliers.resilience.circuit_breaker import SharedBreaker
from suppliers.resilience.concurrency import SharedSlots
from suppliers.resilience.gate import Meter, MeteredBudget, SupplierGate, TimedGate
from suppliers.resilience.quotas import KeptBudget
from suppliers.resilience.rate_limit import SharedPace

# Mail through the outbox

MAILED = "purchase_order.mailed"
FILED = "purchase_order.filed"


class DurablePost:
    """Queues mail of one supplier in the outbox, in a transaction of its own."""

    def __init__(self, *, supplier_id: int) -> None:
        self._subject = f"supplier:{supplier_id}"

    def send(self, *, key: str, to: str, payload: Mapping[str, Any]) -> None:
        """Queue an e-mail; once per key."""
        self._tell(MAILED, key, {**payload, "email": to})

    def ask(self, *, wanted: str, key: str, to: str, payload: Mapping[str, Any]) -> None:
        """Queue a question about an order; once per key."""
        self._tell(f"purchase_order.{wanted}", key, {**payload, "email": to})

    def has_sent(self, *, key: str) -> bool:
        return _is_told(MAILED, key)

    def note(self, *, key: str) -> None:
        self._tell(FILED, key, {"key": key})

    def has_noted(self, *, key: str) -> bool:
        return _is_told(FILED, key)

    def _tell(self, fact: str, key: str, payload: dict[str, Any]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            (now,) = cursor.fetchone()
        with transaction.atomic(durable=True):
            outbox.tell(
                name=fact, key=f"{fact}:{key}", subject=self._subject, payload=payload, at=now
            )


def _is_told(fact: str, key: str) -> bool:
    return Event.objects.filter(key=f"{fact}:{key}").exists()


# Connectors

NOT_CONNECTED = "not_connected"


@contextmanager
def adapter_for(
    supplier: Supplier, *, meter: Meter | None = None, list_since: datetime | None = None
) -> Iterator[Connector]:
    """Open the supplier's connector; close it and save its gate state afterwards.

    Query its capabilities with ``connectors.capabilities.able``. ``meter`` counts its calls. A
    list that it stored after ``list_since`` is reused.

    Raises: PermanentError (``NOT_CONNECTED``)  no connection, or an unknown connector
    """
    wire = Connection.objects.filter(supplier=supplier).first()
    if wire is None:
        raise PermanentError(f"{supplier} has no connection", code=NOT_CONNECTED)
    if supplier.adapter not in ADAPTERS:
        raise PermanentError(f"unknown connector {supplier.adapter!r}", code=NOT_CONNECTED)
    gate = gate_of(supplier, wire, meter=meter)
    line = replace(line_to(supplier, wire, gate=gate, meter=meter), list_since=list_since)
    connector = cast(Any, connector_class(supplier.adapter))(line)
    try:
        yield cast(Connector, connector)
    finally:
        connector.close()
        gate.keep()


def gate_of(supplier: Supplier, wire: Connection, *, meter: Meter | None = None) -> TimedGate:
    pace = calls_per_second(supplier, wire)
    gate = SupplierGate(
        code=supplier.code,
        abilities=getattr(connector_class(supplier.adapter), "CALLS", {}),
        breaker=SharedBreaker(wire.pk),
        slots=SharedSlots(name=supplier.code, at_once=wire.calls_at_once),
        pace=SharedPace(name=supplier.code, calls_per_second=pace),
        meter=meter,
    )
    return TimedGate(gate, supplier_id=supplier.pk)


def calls_per_second(supplier: Supplier, wire: Connection) -> int:
    """Return the rate limit: the staff setting, at most what the account allows."""
    connector = connector_class(supplier.adapter)
    if not isinstance(connector, Paced):
        return wire.calls_per_second
    allowed = connector.calls_per_second(options=wire.options, remembered=wire.remembered)
    return min(wire.calls_per_second, allowed or wire.calls_per_second)


def line_to(
    supplier: Supplier, wire: Connection, *, gate: Gate, meter: Meter | None = None
) -> Line:
    secrets = {name: str(value) for name, value in unseal(wire.secrets_sealed).items()}
    return Line(
        base_url=wire.base_url,
        currency=supplier.currency,
        language=supplier.language,
        secrets=secrets,
        options={**wire.options, **file_sources.options_for(supplier, wire.options)},
        gate=gate,
        budget=MeteredBudget(KeptBudget(wire.pk), meter=meter or Meter()),
        tokens=KeptTokens(wire.pk),
        memory=KeptMemory(wire.pk),
        post=DurablePost(supplier_id=supplier.pk),
        folder=file_sources.folder_of(supplier),
    )
