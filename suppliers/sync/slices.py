"""Catalog slices: choose the products that a run reads again although they look unchanged. Pure.

A list shows only part of a product: the price of its middle variant or a word of its description
may change without it. So each run also reads one slice of the catalog. The slices of all runs
within some days are the whole catalog. No state is stored.
"""

from __future__ import annotations

from datetime import datetime, timedelta


def slice_of(*, now: datetime, every: timedelta, within: timedelta) -> tuple[int, int]:
    """Return which slice is the turn of ``now``, and how many slices there are."""
    count = max(1, within // every)
    turn = int(now.timestamp() // every.total_seconds())
    return turn % count, count
