"""Units: convert ounces, inches, feet and yards to grams, millimeters and meters. Pure."""

from __future__ import annotations

from decimal import Decimal

G_PER_OZ = Decimal("28.349523125")
MM_PER_IN = Decimal("25.4")
M_PER_FT = Decimal("0.3048")
M_PER_YD = Decimal("0.9144")


def oz_to_g(ounces: Decimal) -> Decimal:
    return ounces * G_PER_OZ


def in_to_mm(inches: Decimal) -> Decimal:
    return inches * MM_PER_IN


def ft_to_m(feet: Decimal) -> Decimal:
    return feet * M_PER_FT


def yd_to_m(yards: Decimal) -> Decimal:
    return yards * M_PER_YD
