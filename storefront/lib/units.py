"""Units: define the conversion factors from ounces, inches, feet and yards to metric units."""

from decimal import Decimal

G_PER_OZ = Decimal("28.349523125")
MM_PER_IN = Decimal("25.4")
M_PER_FT = Decimal("0.3048")
M_PER_YD = Decimal("0.9144")
