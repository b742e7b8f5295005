"""Bulkhead factory: occupy a supplier's bulkhead slot, as another worker does."""

import threading
from contextlib import contextmanager

from django.db import connection

from suppliers.resilience.bulkheads import BulkheadFullError, bulkhead


@contextmanager
def elsewhere(work, supplier_id):
    """Occupy a bulkhead slot in another session; yield False if all slots were occupied."""
    taken, over = threading.Event(), threading.Event()
    found = []

    def hold():
        try:
            with bulkhead(work, supplier_id):
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
