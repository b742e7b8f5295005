"""Let no supplier hold all our workers: who hangs holds his own lanes, and slows nobody else.

A worker has twice as many processes as one supplier has lanes in it, so that what one leaves is
as much as another may use. A lane is an advisory lock of the database session: it is free again
at the moment in which whoever held it dies.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum

from django.conf import settings
from django.db import DatabaseError, connection

TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 2))"
LEAVE = "SELECT pg_advisory_unlock(hashtextextended(%s, 2))"


class Work(StrEnum):
    """What a worker does for a supplier: each kind has lanes of its own."""

    SYNCS = "syncs"
    ORDERS = "orders"


class LaneFullError(Exception):
    """The supplier's lanes are taken: end at once, a sweep finds the work again."""


@contextmanager
def lane(work: Work, supplier_id: int) -> Iterator[None]:
    """Hold one of the supplier's lanes.

    Raises: LaneFullError
    """
    names = [f"{work} {supplier_id} {place}" for place in range(settings.LANES_PER_SUPPLIER)]
    name = next((name for name in names if _took(name)), "")
    if not name:
        raise LaneFullError(f"{work} of supplier {supplier_id}")
    try:
        yield
    finally:
        # A session that broke has let go of the lock by itself.
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute(LEAVE, [name])


def _took(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(TRY, [name])
        return bool(cursor.fetchone() == (True,))
