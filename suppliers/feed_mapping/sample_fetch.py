"""Sample fetch: fetch a supplier's file in a worker for the mapping page, report the progress.

The progress is stored in the state of the connection. A session lock shows whether the worker is
alive: PostgreSQL releases the lock when the worker dies.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from storefront.lib.clock import running_clock
from storefront.lib.http.errors import ExternalServiceError, PermanentError
from suppliers.connections import factory
from suppliers.connections.state import DatabaseStateStore
from suppliers.connectors.feed import fetch as feed_fetch
from suppliers.connectors.feed import options
from suppliers.models import Connection, Supplier
from suppliers.resilience.bulkheads import exclusive_lock, is_locked_elsewhere

STATE_KEY = "samples"
# Syncs of up to ten minutes may occupy the supplier's bulkhead slots.
START_TIMEOUT = timedelta(minutes=10)
MAX_PROBLEM_LENGTH = 300


class FetchStage(StrEnum):
    WAITING = "waiting"
    IN_PROGRESS = "in progress"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # its worker was killed
    NOT_STARTED = "not started"  # no worker started it


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """A fetch: its stage, since when, and the file name or the problem."""

    stage: FetchStage
    since: datetime
    file: str = ""
    problem: str = ""

    @property
    def is_open(self) -> bool:
        return self.stage in {FetchStage.WAITING, FetchStage.IN_PROGRESS}


def request_fetch(*, supplier: Supplier, content: str, now: datetime) -> bool:
    """Record a request for the file; return False if a fetch is in progress.

    Raises: PermanentError  the supplier has no connection
    """
    connection = Connection.objects.filter(supplier=supplier).first()
    if connection is None:
        raise PermanentError(_("This supplier has no connection yet."), code="not_connected")
    last = last_fetch(supplier=supplier, content=content, now=now)
    if last is not None and last.is_open:
        return False
    _save_state(connection, content, {"requested_at": now.isoformat()})
    return True


def cancel_request(*, supplier: Supplier, content: str) -> None:
    """Delete a request that could not be queued."""
    _save_state(Connection.objects.get(supplier=supplier), content, {})


def fetch(*, supplier: Supplier, content: str, now: datetime) -> None:
    """Fetch a requested file, record the outcome. Idempotent. Raises LockedElsewhereError."""
    clock = running_clock(now)
    with exclusive_lock(_lock_name(supplier, content)):
        connection = Connection.objects.get(supplier=supplier)
        request = _load_state(connection, content)
        if not request or "ended_at" in request:
            return
        started = {**request, "began_at": clock().isoformat()}
        _save_state(connection, content, started)
        try:
            outcome = {"file": _download(supplier, connection, content).name}
        except ExternalServiceError as error:
            outcome = {"problem": str(error)[:MAX_PROBLEM_LENGTH]}
        _save_state(connection, content, {**started, **outcome, "ended_at": clock().isoformat()})


def last_fetch(*, supplier: Supplier, content: str, now: datetime) -> Fetch | None:
    """Return the progress of the last requested fetch; None without a request."""
    connection = Connection.objects.filter(supplier=supplier).first()
    request = _load_state(connection, content) if connection else {}
    if connection and "began_at" in request and "ended_at" not in request:
        if is_locked_elsewhere(_lock_name(supplier, content)):
            return Fetch(stage=FetchStage.IN_PROGRESS, since=_parse_time(request, "began_at"))
        # It may have ended before the lock was checked: read the state again.
        connection.refresh_from_db(fields=["connector_state"])
        request = _load_state(connection, content)
    if not request:
        return None
    if "ended_at" in request:
        stage = FetchStage.FAILED if "problem" in request else FetchStage.DONE
        return Fetch(
            stage=stage,
            since=_parse_time(request, "ended_at"),
            file=request.get("file", ""),
            problem=request.get("problem", ""),
        )
    if "began_at" in request:
        return Fetch(stage=FetchStage.INTERRUPTED, since=_parse_time(request, "began_at"))
    is_late = now - _parse_time(request, "requested_at") > START_TIMEOUT
    return Fetch(
        stage=FetchStage.NOT_STARTED if is_late else FetchStage.WAITING,
        since=_parse_time(request, "requested_at"),
    )


def _download(supplier: Supplier, connection: Connection, content: str) -> Path:
    gate = factory.build_gate(supplier, connection)
    try:
        context = factory.build_context(supplier, connection, gate=gate)
        return feed_fetch.fetch(context, content=options.Content(content)).path
    finally:
        gate.flush()


def _lock_name(supplier: Supplier, content: str) -> str:
    return f"sample {supplier.pk} {content}"


def _load_state(connection: Connection, content: str) -> dict[str, Any]:
    return dict(connection.connector_state.get(STATE_KEY, {}).get(content, {}))


def _save_state(connection: Connection, content: str, request: dict[str, Any]) -> None:
    DatabaseStateStore(connection.pk).save({STATE_KEY: {content: request}})


def _parse_time(request: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(request[name])
