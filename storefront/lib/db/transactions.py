"""Transactions: require an open transaction, or refuse slow work inside one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.db import transaction


class NoTransactionError(RuntimeError):
    """A part that must live or die with its caller's change was called on its own."""


class HeldTransactionError(RuntimeError):
    """We were about to wait for somebody else while holding locks."""


def in_transaction() -> bool:
    """Test whether a transaction of our own is open.

    A test case's wrapping transaction does not count. Otherwise no test could call out, and no test
    would notice a caller that opens none.
    """
    connection = transaction.get_connection()
    blocks = [
        block for block in connection.atomic_blocks if not getattr(block, "_from_testcase", False)
    ]
    return bool(blocks)


def needs_transaction[**P, R](part: Callable[P, R]) -> Callable[P, R]:
    """Refuse to run outside a transaction. A test's wrapping transaction does not count.

    Raises: NoTransactionError  there is no change to belong to
    """

    @wraps(part)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not in_transaction():
            raise NoTransactionError(f"{part.__qualname__} needs a transaction around it")
        return part(*args, **kwargs)

    return guarded
