"""Catalog slices: choose products to read again although they look unchanged. Pure.

A supplier's list shows only some fields of a product. Its other fields, such as the description
or further prices, may change unnoticed. So each run also reads one slice of the catalog. The
slices of all runs within some days cover the catalog. Nothing is stored.
"""

from datetime import datetime, timedelta


def rotation_slot(*, now: datetime, every: timedelta, within: timedelta) -> tuple[int, int]:
    """Return the index of the slice for ``now``, and the number of slices."""
    count = max(1, within // every)
    index = int(now.timestamp() // every.total_seconds())
    return index % count, count
