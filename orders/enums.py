"""Enums: define the values that models and pure modules share. Pure."""

from enum import StrEnum


class Criterion(StrEnum):
    """A criterion that ranks sources."""

    PARCELS = "parcels"  # fewest parcels for the whole cart
    COST = "cost"  # landed cost
    DISTANCE = "distance"  # same place, same country or another country
    DAYS = "days"  # until it arrives
    SCORE = "score"  # measured supplier performance
    PREFERENCE = "preference"  # supplier preferred by staff
