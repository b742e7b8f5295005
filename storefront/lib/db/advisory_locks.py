"""Advisory locks: hold a name in a session or until the commit, divide work into slices."""

import random
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DatabaseError, OperationalError, connection

from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.db.transactions import requires_transaction

SLICES = 8
TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 4))"
WAIT = "SELECT pg_advisory_lock(hashtextextended(%s, 4))"
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s, 4))"
TRY_UNTIL_COMMIT = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 4))"
WAIT_UNTIL_COMMIT = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 4))"


def lock(name: str) -> None:
    """Hold a lock in this session until ``unlock``. Raises OperationalError: lock timeout."""
    _run(WAIT, name)


def try_lock(name: str) -> bool:
    """Hold a lock in this session until ``unlock``; return False if another session holds it."""
    return bool(_run(TRY, name))


def unlock(name: str) -> None:
    with suppress(DatabaseError):  # a broken session has already released its locks
        _run(UNLOCK, name)


@requires_transaction
def lock_until_commit(name: str) -> None:
    _run(WAIT_UNTIL_COMMIT, name)


@requires_transaction
def try_lock_until_commit(name: str) -> bool:
    """Hold a lock until the commit; return False if another session holds it."""
    return bool(_run(TRY_UNTIL_COMMIT, name))


def _run(sql: str, name: str) -> Any:
    with planned_cursor(connection) as cursor:
        cursor.execute(sql, [name])
        return cursor.fetchone()[0]


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
        is_mine = _run(sql, name) is not False
    except OperationalError:
        is_mine = False  # lock timeout
    try:
        yield is_mine
    finally:
        if is_mine:
            unlock(name)
