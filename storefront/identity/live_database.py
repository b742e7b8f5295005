"""Live database: tell the shop's own database from a copy, in which all background work is paused.

A restored backup knows neither the orders that suppliers received after it was taken, nor the
e-mails that were sent. So workers do nothing in it until staff switch it on. Each database is known
by the identifiers that PostgreSQL gives its cluster and itself, so that a copy is paused from its
first second, however it was made. Only a copy of the disk looks like the original:
``manage.py background_work pause`` marks it.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

CACHE_S = 10.0
_READ = """
SELECT (l.system_identifier, l.database_oid) = (c.system_identifier, d.oid::bigint),
       l.switched_on_at, l.switched_on_by, l.backed_up_at
FROM identity_livedatabase l, pg_control_system() c, pg_database d
WHERE d.datname = current_database()
"""
_RECORD = """
INSERT INTO identity_livedatabase (id, system_identifier, database_oid, switched_on_by)
SELECT 1, c.system_identifier, d.oid, '' FROM pg_control_system() c, pg_database d
WHERE d.datname = current_database() ON CONFLICT DO NOTHING
"""
_SWITCH_ON = """
UPDATE identity_livedatabase l
SET system_identifier = c.system_identifier, database_oid = d.oid,
    switched_on_at = %(now)s, switched_on_by = %(actor)s
FROM pg_control_system() c, pg_database d
WHERE d.datname = current_database()
  AND (l.system_identifier, l.database_oid) <> (c.system_identifier, d.oid::bigint)
"""
_PAUSE = "UPDATE identity_livedatabase SET system_identifier = 0, database_oid = 0"
_BACKED_UP = "UPDATE identity_livedatabase SET backed_up_at = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Whether this database is the shop's own. A new one is, before a worker has recorded it."""

    is_recorded: bool = False
    is_live: bool = True
    switched_on_at: datetime | None = None  # empty if it was never a copy
    switched_on_by: str = ""
    backed_up_at: datetime | None = None

    def is_from_before(self, moment: datetime) -> bool:
        """Return whether what happened then may have had effects that this database forgot."""
        return self.switched_on_at is not None and moment < self.switched_on_at


_cached: tuple[float, State] | None = None  # (expiry by the monotonic clock, state)


def read() -> State:
    """Return the state by one query."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        row = cursor.fetchone()
    if row is None:
        return State()
    is_live, switched_on_at, switched_on_by, backed_up_at = row
    return State(
        is_recorded=True,
        is_live=is_live,
        switched_on_at=switched_on_at,
        switched_on_by=switched_on_by,
        backed_up_at=backed_up_at,
    )


def cached() -> State:
    """Return the state, at most ten seconds old."""
    global _cached  # noqa: PLW0603 - one value for the process
    if _cached is None or _cached[0] < time.monotonic():
        _cached = (time.monotonic() + CACHE_S, read())
    return _cached[1]


def record() -> None:
    """Record a new database as the shop's own; change nothing if one is recorded. Idempotent."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORD)


def switch_on(*, actor: str, now: datetime) -> bool:
    """Make this copy the shop's own database; return False if it is already. Safe to repeat."""
    return _update(_SWITCH_ON, {"now": now, "actor": actor[:100]})


def pause() -> None:
    """Treat this database as a copy until staff switch it on."""
    record()
    _update(_PAUSE)


def record_backup(*, now: datetime) -> None:
    record()
    _update(_BACKED_UP, [now])


def _update(statement: str, values: Any = None) -> bool:
    global _cached  # noqa: PLW0603 - one value for the process
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        _cached = None
        return bool(cursor.rowcount)
