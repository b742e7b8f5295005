"""Sellable units: count how many units of a stock row may be sold. Pure.

Listings (``channel_supply``) and the routing of carts (``orders.routing.engine``) share it.
"""


def units_above(free: int, *, safety_stock: int) -> int:
    """Return the free units above the channel's safety stock."""
    return max(0, free - safety_stock)


def largest_order(units: int, *, minimum: int, pack: int) -> int:
    """Return the largest orderable quantity up to ``units``: whole packs, at least the minimum."""
    most = units - units % pack
    return most if most >= minimum else 0


def smallest_order(units: int, *, minimum: int, pack: int) -> int:
    """Return the smallest orderable quantity from ``units`` up."""
    fewest = max(units, minimum)
    return fewest + -fewest % pack
