"""Read what only BigBuy writes so: kilograms that nobody weighed, delays in hours or days. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from suppliers.connectors import parsing

G_PER_KG = 1000
HOURS_PER_DAY = 24
# What stands where nobody weighed it.
PLACEHOLDER_KG = Decimal(1)
DELAY = re.compile(
    r"(\d{1,3})(?:\s*[-–a/]\s*(\d{1,3}))?\s*(h\b|hour|hora|d|día|dia|day)?", re.IGNORECASE
)


def grams(kilograms: Any) -> int | None:
    """Read a weight; exactly one kilogram is what is written where nobody weighed it."""
    number = parsing.amount(kilograms)
    if number is None or number <= 0 or number == PLACEHOLDER_KG:
        return None
    return int((number * G_PER_KG).to_integral_value())


def days(delay: Any) -> tuple[int, int] | None:
    """Read ``24 - 48 h`` or ``3-5 days``; hours become begun days."""
    found = DELAY.search(parsing.text(delay))
    if found is None:
        return None
    first, last = int(found[1]), int(found[2] or found[1])
    if (found[3] or "").lower().startswith("h"):
        first, last = -(-first // HOURS_PER_DAY), -(-last // HOURS_PER_DAY)
    return (first, last) if first <= last else None
