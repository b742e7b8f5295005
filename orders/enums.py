"""Enums: values that models and pure modules share. Pure."""

from __future__ import annotations

from enum import StrEnum

SEE_COSTS = "orders.view_costs"  # the right to see costs, fees and margins


class Criterion(StrEnum):
    """One thing by which places are ranked."""

    PARCELS = "parcels"  # the fewest, of the whole cart
    COST = "cost"  # what the goods land at
    DISTANCE = "distance"  # nothing, a road, or a border lies between
    DAYS = "days"  # until it arrives
    SCORE = "score"  # what we saw of the supplier
    PREFERENCE = "preference"  # whom staff like to buy from
