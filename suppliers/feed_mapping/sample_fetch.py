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

from storefront.lib.clock import elapsing
from storefront.lib.http.errors import OutsideError, PermanentError
from suppliers.connections import factory
from suppliers.connections.state import KeptMemory
from suppliers.connectors.feed import fetch as feed_fetch
from suppliers.connectors.feed import options
from suppliers.models import Connection, Supplier
from suppliers.resilience.bulkheads import in_hand, is_in_hand

SAMPLES = "samples"
# The supplier's lanes may be full of syncs of up to ten minutes.
TAKEN_UP_WITHIN = timedelta(minutes=10)
LONGEST_PROBLEM = 300


class Stage(StrEnum):
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

    stage: Stage
    since: datetime
    file: str = ""
    problem: str = ""

    @property
    def is_open(self) -> bool:
        return self.stage in {Stage.WAITING, Stage.UNDER_WAY}


def ask(*, supplier: Supplier, content: str, now: datetime) -> bool:
    """Record a request for the file; return False if a fetch is under way.

    Raises: PermanentError  the supplier has no connection
    """
    wire = Connection.objects.filter(supplier=supplier).first()
    if wire is None:
        raise PermanentError(_("This supplier has no connection yet."), code="not_connected")
    last = last_of(supplier=supplier, content=content, now=now)
    if last is not None and last.is_open:
        return False
    _keep(wire, content, {"asked_at": now.isoformat()})
    return True


def take_back(*, supplier: Supplier, content: str) -> None:
    """Delete a request that could not be queued."""
    _keep(Connection.objects.get(supplier=supplier), content, {})


def fetch(*, supplier: Supplier, content: str, now: datetime) -> None:
    """Fetch a requested file and record the outcome. Idempotent.

    Raises: InHandError  another worker is fetching it
    """
    clock = elapsing(now)
    with in_hand(_subject(supplier, content)):
        wire = Connection.objects.get(supplier=supplier)
        wish = _kept(wire, content)
        if not wish or "ended_at" in wish:
            return
        begun = {**wish, "began_at": clock().isoformat()}
        _keep(wire, content, begun)
        try:
            found = {"file": _fetched(supplier, wire, content).name}
        except OutsideError as error:
            found = {"problem": str(error)[:LONGEST_PROBLEM]}
        _keep(wire, content, {**begun, **found, "ended_at": clock().isoformat()})


def last_of(*, supplier: Supplier, content: str, now: datetime) -> Fetch | None:
    """Return the progress of the last requested fetch; None without a request."""
    wire = Connection.objects.filter(supplier=supplier).first()
    wish = _kept(wire, content) if wire else {}
    if wire and "began_at" in wish and "ended_at" not in wish:
        if is_in_hand(_subject(supplier, content)):
            return Fetch(stage=Stage.UNDER_WAY, since=_at(wish, "began_at"))
        # It may have ended before the lock was checked: read the state again.
        wire.refresh_from_db(fields=["remembered"])
        wish = _kept(wire, content)
    if not wish:
        return None
    if "ended_at" in wish:
        stage = Stage.FAILED if "problem" in wish else Stage.DONE
        return Fetch(
            stage=stage,
            since=_at(wish, "ended_at"),
            file=wish.get("file", ""),
            problem=wish.get("problem", ""),
        )
    if "began_at" in wish:
        return Fetch(stage=Stage.BROKEN_OFF, since=_at(wish, "began_at"))
    is_late = now - _at(wish, "asked_at") > TAKEN_UP_WITHIN
    return Fetch(
        stage=Stage.NOT_TAKEN_UP if is_late else Stage.WAITING, since=_at(wish, "asked_at")
    )


def _fetched(supplier: Supplier, wire: Connection, content: str) -> Path:
    gate = factory.gate_of(supplier, wire)
    try:
        line = factory.line_to(supplier, wire, gate=gate)
        return feed_fetch.fetch(line, content=options.Content(content)).path
    finally:
        gate.keep()


def _subject(supplier: Supplier, content: str) -> str:
    return f"sample {supplier.pk} {content}"


def _kept(wire: Connection, content: str) -> dict[str, Any]:
    return dict(wire.remembered.get(SAMPLES, {}).get(content, {}))


def _keep(wire: Connection, content: str, wish: dict[str, Any]) -> None:
    KeptMemory(wire.pk).keep({SAMPLES: {content: wish}})


def _at(wish: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(wish[name])
