"""Advisory locks: divide work into slices, each held by one worker's session at a time."""

import random
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, OperationalError, connection

SLICES = 8
TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 4))"
WAIT = "SELECT pg_advisory_lock(hashtextextended(%s, 4))"
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s, 4))"


def lock_slices(
    name: str, *, has_work: Callable[[int], bool], among: Collection[int] = range(SLICES)
) -> Iterator[int]:
    """Yield each slice while holding its lock.

    A slice that another worker holds is tried again at the end, if ``has_work``: that worker may
    have looked before the work arrived. After the lock timeout the slice is skipped.
    """
    busy = []
    # Random order, so that two workers do not collide on each slice.
    for number in random.sample(sorted(among), len(among)):
        with _held(f"{name} {number}", sql=TRY) as is_mine:
            if is_mine:
                yield number
            else:
                busy.append(number)
    for number in busy:
        if has_work(number):
            with _held(f"{name} {number}", sql=WAIT) as is_mine:
                if is_mine:
                    yield number


def lock_free_slices(name: str, numbers: Iterable[int]) -> Iterator[int]:
    """Yield each slice that no other worker holds, while holding its lock; does not wait."""
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
        is_mine = False  # lock timeout
    try:
        yield is_mine
    finally:
        # A broken session has already released its locks.
        if is_mine:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute(UNLOCK, [name])
