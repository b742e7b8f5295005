"""Record lock: let one worker, or one staff member, decide on a store order at a time."""

from contextlib import AbstractContextManager

from storefront.sales_channels.models import RemoteOrderRecord
from suppliers.resilience.bulkheads import exclusive_lock


def record_lock(record: RemoteOrderRecord) -> AbstractContextManager[None]:
    """Hold the record's session lock.

    Without it, one worker could refuse an order for lack of the unit that another just reserved
    for it. Calls to the store happen inside, so no row can be locked.

    Raises: LockedElsewhereError
    """
    return exclusive_lock(f"remote order {record.pk}")
