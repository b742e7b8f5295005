"""Bulkheads: limit how many worker processes one supplier may occupy.

A hanging supplier fills only its own slots and cannot block the others. A worker has twice as many
processes as one supplier can occupy in that worker by all kinds together. A slot is a session
advisory lock: it is released when its holder dies.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from django.conf import settings

from storefront.lib.db.advisory_locks import try_lock, unlock


class BulkheadKind(StrEnum):
    """Kinds of work for a supplier; each has its own slots."""

    SYNCS = "syncs"
    ORDERS = "orders"
    EVENTS = "events"  # calls caused by webhook events
    CLAIMS = "claims"  # decided by staff, in days
    LIVE_CHECKS = "live_checks"  # a customer waits for the answer


class BulkheadFullError(Exception):
    """All slots of the supplier are taken. End the task: a sweep retries it."""


class LockedElsewhereError(Exception):
    """Another worker is working on this subject."""


def slot_count(kind: BulkheadKind) -> int:
    """Return the number of slots of this kind per supplier.

    ``EVENTS`` shares a worker with orders and ``CLAIMS`` with syncs; both matter less and have
    half as many.
    """
    slots: int = settings.BULKHEAD_SLOTS_PER_SUPPLIER
    return max(1, slots // 2) if kind in {BulkheadKind.EVENTS, BulkheadKind.CLAIMS} else slots


@contextmanager
def bulkhead(kind: BulkheadKind, supplier_id: int) -> Iterator[None]:
    """Hold one of the supplier's slots. Raises BulkheadFullError."""
    names = [f"{kind} {supplier_id} {number}" for number in range(slot_count(kind))]
    name = next((name for name in names if try_lock(name)), "")
    if not name:
        raise BulkheadFullError(f"{kind} of supplier {supplier_id}")
    try:
        yield
    finally:
        unlock(name)


@contextmanager
def exclusive_lock(subject: str) -> Iterator[None]:
    """Work on one subject exclusively, so that two workers do not make the same calls.

    Raises: LockedElsewhereError
    """
    if not try_lock(subject):
        raise LockedElsewhereError(subject)
    try:
        yield
    finally:
        unlock(subject)


def is_locked_elsewhere(subject: str) -> bool:
    if not try_lock(subject):
        return True
    unlock(subject)
    return False
