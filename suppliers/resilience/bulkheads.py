"""Bulkheads: limit how many worker processes one supplier may occupy.

A hanging supplier fills only its own lanes and cannot block the others. A worker has twice as many
processes as one supplier has lanes in it, of all kinds together. A lane is an advisory lock of the
database session: it is free as soon as its holder dies.
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
    NEWS = "news"  # what he tells us unasked, which makes us ask him
    CLAIMS = "claims"  # people decide about them, in days
    QUESTIONS = "questions"  # a shopper waits for the answer


class LaneFullError(Exception):
    """The supplier's lanes are taken: end at once, a sweep finds the work again."""


class InHandError(Exception):
    """Another worker has this very thing in its hands."""


def width(work: Work) -> int:
    """Return how many lanes of this kind one supplier has.

    News stands in one worker with the orders, claims with the syncs, and both matter less: they
    have half as many.
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
    """Work on one thing alone, so that two lanes waste no calls on the same.

    Raises: InHandError
    """
    if not _took(subject):
        raise InHandError(subject)
    try:
        yield
    finally:
        _leave(subject)


def is_in_hand(subject: str) -> bool:
    """Test whether another worker has it in its hands at this moment."""
    if not _took(subject):
        return True
    _leave(subject)
    return False


def _took(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(TRY, [name])
        return bool(cursor.fetchone() == (True,))


def _leave(name: str) -> None:
    # A session that broke has let go of the lock by itself.
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute(LEAVE, [name])
