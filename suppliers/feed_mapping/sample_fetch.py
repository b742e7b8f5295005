"""Sample fetch: fetch a supplier's file in a worker for the mapping page, report the progress.

The state of the connection has the progress. A session lock shows whether the worker is alive:
it is released when the worker dies.
"""

from __future__ import annotations

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
    """The progress of a requested fetch."""

    WAITING = "waiting"
    UNDER_WAY = "under way"
    DONE = "done"
    FAILED = "failed"
    BROKEN_OFF = "broken off"  # its worker was killed
    NOT_TAKEN_UP = "not taken up"  # no worker started it


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """A fetch: its stage since when, and the file name or the problem."""

    stage: FetchStage
    since: datetime
    file: str = ""
    problem: str = ""

    @property
    def is_open(self) -> bool:
        return self.stage in {FetchStage.WAITING, FetchStage.UNDER_WAY}


def request_fetch(*, supplier: Supplier, content: str, now: datetime) -> bool:
    """Record a request for the file; return False if a fetch is under way.

    Raises: PermanentError  the supplier has no connection
    """
    wire = Connection.objects.filter(supplier=supplier).first()
    if wire is None:
        raise PermanentError(_("This supplier has no connection yet."), code="not_connected")
    last = last_fetch(supplier=supplier, content=content, now=now)
    if last is not None and last.is_open:
        return False
    _save_state(wire, content, {"asked_at": now.isoformat()})
    return True


def cancel_request(*, supplier: Supplier, content: str) -> None:
    """Delete a request that could not be queued."""
    _save_state(Connection.objects.get(supplier=supplier), content, {})


def fetch(*, supplier: Supplier, content: str, now: datetime) -> None:
    """Fetch a requested file and record the outcome. Idempotent.

    Raises: LockedElsewhereError  another worker is fetching it
    """
    clock = running_clock(now)
    with exclusive_lock(_lock_name(supplier, content)):
        wire = Connection.objects.get(supplier=supplier)
        wish = _load_state(wire, content)
        if not wish or "ended_at" in wish:
            return
        begun = {**wish, "began_at": clock().isoformat()}
        _save_state(wire, content, begun)
        try:
            found = {"file": _download(supplier, wire, content).name}
        except ExternalServiceError as error:
            found = {"problem": str(error)[:MAX_PROBLEM_LENGTH]}
        _save_state(wire, content, {**begun, **found, "ended_at": clock().isoformat()})


def last_fetch(*, supplier: Supplier, content: str, now: datetime) -> Fetch | None:
    """Return the progress of the last requested fetch; None without a request."""
    wire = Connection.objects.filter(supplier=supplier).first()
    wish = _load_state(wire, content) if wire else {}
    if wire and "began_at" in wish and "ended_at" not in wish:
        if is_locked_elsewhere(_lock_name(supplier, content)):
            return Fetch(stage=FetchStage.UNDER_WAY, since=_moment(wish, "began_at"))
        # It may have ended before the lock was checked: read the state again.
        wire.refresh_from_db(fields=["connector_state"])
        wish = _load_state(wire, content)
    if not wish:
        return None
    if "ended_at" in wish:
        stage = FetchStage.FAILED if "problem" in wish else FetchStage.DONE
        return Fetch(
            stage=stage,
            since=_moment(wish, "ended_at"),
            file=wish.get("file", ""),
            problem=wish.get("problem", ""),
        )
    if "began_at" in wish:
        return Fetch(stage=FetchStage.BROKEN_OFF, since=_moment(wish, "began_at"))
    is_late = now - _moment(wish, "asked_at") > START_TIMEOUT
    return Fetch(
        stage=FetchStage.NOT_TAKEN_UP if is_late else FetchStage.WAITING,
        since=_moment(wish, "asked_at"),
    )


def _download(supplier: Supplier, wire: Connection, content: str) -> Path:
    gate = factory.build_gate(supplier, wire)
    try:
        line = factory.build_context(supplier, wire, gate=gate)
        return feed_fetch.fetch(line, content=options.Content(content)).path
    finally:
        gate.keep()


def _lock_name(supplier: Supplier, content: str) -> str:
    return f"sample {supplier.pk} {content}"


def _load_state(wire: Connection, content: str) -> dict[str, Any]:
    return dict(wire.connector_state.get(STATE_KEY, {}).get(content, {}))


def _save_state(wire: Connection, content: str, wish: dict[str, Any]) -> None:
    DatabaseStateStore(wire.pk).save({STATE_KEY: {content: wish}})


def _moment(wish: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(wish[name])
