"""Sellable units: count how many units of a stock row may be sold. Pure.

Listings (``channel_supply``) and the routing of carts (``orders.routing.engine``) share it.
"""

from __future__ import annotations


def left(free: int, *, kept: int) -> int:
    """Count what is left of the free units of a row above those that a channel keeps back."""
    return max(0, free - kept)


def at_most(units: int, *, minimum: int, pack: int) -> int:
    """Return the most that is sold of so many: in whole packs, and not fewer than he sells."""
    most = units - units % pack
    return most if most >= minimum else 0


def at_least(units: int, *, minimum: int, pack: int) -> int:
    """Return the fewest that are sold and are not fewer than so many."""
    fewest = max(units, minimum)
    return fewest + -fewest % pack
