"""Bulkhead factory: occupy a supplier's bulkhead slot, as another worker."""

from contextlib import ExitStack, contextmanager, suppress

from suppliers.resilience.bulkheads import BulkheadFullError, bulkhead
from tests.support.concurrency import held_elsewhere


@contextmanager
def elsewhere(work, supplier_id):
    """Occupy a bulkhead slot in another session; yield False if all slots were occupied."""
    slots = []

    @contextmanager
    def slot():
        with ExitStack() as stack:
            with suppress(BulkheadFullError):
                slots.append(stack.enter_context(bulkhead(work, supplier_id)))
            yield

    with held_elsewhere(slot()):
        yield bool(slots)
