"""Advisory locks: share work in slices among workers, each slice held by one worker at a time.

A slice is held by an advisory lock of the database session. It is free again as soon as the worker
that holds it dies. Nothing of it is kept in a process's memory.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, OperationalError, connection

SLICES = 8
TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 4))"
WAIT = "SELECT pg_advisory_lock(hashtextextended(%s, 4))"
LEAVE = "SELECT pg_advisory_unlock(hashtextextended(%s, 4))"


def each(
    name: str, *, is_left: Callable[[int], bool], among: Collection[int] = range(SLICES)
) -> Iterator[int]:
    """Yield the slices one after the other, each while nobody else has it.

    Of those that somebody had, what ``is_left`` afterwards is waited for: he may have looked
    before it came. Who has a slice for longer than a lock is waited for leaves nothing of it.
    """
    busy = []
    # In no order, so that two workers do not meet at once.
    for number in random.sample(sorted(among), len(among)):
        with _held(f"{name} {number}", sql=TRY) as is_mine:
            if is_mine:
                yield number
            else:
                busy.append(number)
    for number in busy:
        if is_left(number):
            with _held(f"{name} {number}", sql=WAIT) as is_mine:
                if is_mine:
                    yield number


def free(name: str, numbers: Iterable[int]) -> Iterator[int]:
    """Yield those of some slices that nobody has, each while it is ours; nobody is waited for."""
    for number in numbers:
        with _held(f"{name} {number}", sql=TRY) as is_mine:
            if is_mine:
                yield number


@contextmanager
def _held(name: str, *, sql: str) -> Iterator[bool]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, [name])
            is_mine = cursor.fetchone()[0] is not False
    except OperationalError:
        is_mine = False  # waited for too long
    try:
        yield is_mine
    finally:
        # A session that broke has let go of the lock by itself.
        if is_mine:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute(LEAVE, [name])
