"""Bulkheads: limit how many worker processes one supplier may occupy.

A hanging supplier fills only its own lanes and cannot block the others. A worker has twice as
many processes as one supplier has lanes in it, of all kinds together. A lane is a session
advisory lock: it is released when its holder dies.
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
    """Kinds of work for a supplier; each has its own lanes."""

    SYNCS = "syncs"
    ORDERS = "orders"
    NEWS = "news"  # calls caused by webhook events
    CLAIMS = "claims"  # decided by staff, in days
    QUESTIONS = "questions"  # a customer waits for the answer


class LaneFullError(Exception):
    """All lanes of the supplier are taken. End the task: a sweep retries it."""


class InHandError(Exception):
    """Another worker is working on this subject."""


def width(work: Work) -> int:
    """Return the number of lanes of this kind per supplier.

    ``NEWS`` shares a worker with orders and ``CLAIMS`` with syncs; both matter less and have
    half as many.
    """
    lanes: int = settings.LANES_PER_SUPPLIER
    return max(1, lanes // 2) if work in {Work.NEWS, Work.CLAIMS} else lanes


@contextmanager
def lane(work: Work, supplier_id: int) -> Iterator[None]:
    """Hold one of the supplier's lanes.

    Raises: LaneFullError
    """
    names = [f"{work} {supplier_id} {place}" for place in range(width(work))]
    name = next((name for name in names if _took(name)), "")
    if not name:
        raise LaneFullError(f"{work} of supplier {supplier_id}")
    try:
        yield
    finally:
        _leave(name)


@contextmanager
def in_hand(subject: str) -> Iterator[None]:
    """Work on one subject exclusively, so that two workers do not make the same calls.

    Raises: InHandError
    """
    if not _took(subject):
        raise InHandError(subject)
    try:
        yield
    finally:
        _leave(subject)


def is_in_hand(subject: str) -> bool:
    """Return whether another worker is working on it now."""
    if not _took(subject):
        return True
    _leave(subject)
    return False


def _took(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(TRY, [name])
        return bool(cursor.fetchone() == (True,))


def _leave(name: str) -> None:
    # A broken session has released the lock.
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute(LEAVE, [name])
