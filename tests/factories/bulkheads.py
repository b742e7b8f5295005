"""Bulkhead factory: hold a supplier's bulkhead slot or an exclusive lock, as another worker."""

import threading
from contextlib import contextmanager

from django.db import connection

from suppliers.resilience.bulkheads import BulkheadFullError, bulkhead, exclusive_lock


def elsewhere(work, supplier_id):
    """Occupy a bulkhead slot in another session; yield False if all slots were occupied."""
    return _held_elsewhere(lambda: bulkhead(work, supplier_id))


def locked_elsewhere(subject):
    """Hold an exclusive lock in another session."""
    return _held_elsewhere(lambda: exclusive_lock(subject))


@contextmanager
def _held_elsewhere(enter):
    taken, over = threading.Event(), threading.Event()
    found = []

    def hold():
        try:
            with enter():
                found.append(True)
                taken.set()
                over.wait(10)
        except BulkheadFullError:
            found.append(False)
        finally:
            taken.set()
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(10)
    try:
        yield found[0]
    finally:
        over.set()
        thread.join()
