"""Read BigBuy's values: numbers as text or number, kilograms, days, names. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any

import msgspec

TOO_LONG_FOR_A_NUMBER = 40
G_PER_KG = 1000
HOURS_PER_DAY = 24
# What stands where nobody weighed it.
PLACEHOLDER_KG = Decimal(1)
DELAY = re.compile(
    r"(\d{1,3})(?:\s*[-–a/]\s*(\d{1,3}))?\s*(h\b|hour|hora|d|día|dia|day)?", re.IGNORECASE
)
_ordered = msgspec.json.Encoder(decimal_format="number", order="sorted")


def text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def amount(value: Any) -> Decimal | None:
    """Read one number; None for nothing, and for what is no finite number."""
    if isinstance(value, bool) or value is None:
        return None
    written = str(value).strip()
    if len(written) > TOO_LONG_FOR_A_NUMBER:
        return None
    try:
        number = Decimal(written)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def whole(value: Any) -> int | None:
    """Read a whole number; None for a fraction and for what is no number."""
    number = amount(value)
    if number is None or number != number.to_integral_value() or abs(number) > Decimal(10**15):
        return None
    return int(number)


def grams(kilograms: Any) -> int | None:
    """Read a weight; exactly one kilogram is what is written where nobody weighed it."""
    number = amount(kilograms)
    if number is None or number <= 0 or number == PLACEHOLDER_KG:
        return None
    return int((number * G_PER_KG).to_integral_value())


def days(delay: Any) -> tuple[int, int] | None:
    """Read ``24 - 48 h`` or ``3-5 days``; hours become begun days."""
    found = DELAY.search(text(delay))
    if found is None:
        return None
    first, last = int(found[1]), int(found[2] or found[1])
    if (found[3] or "").lower().startswith("h"):
        first, last = -(-first // HOURS_PER_DAY), -(-last // HOURS_PER_DAY)
    return (first, last) if first <= last else None


def moment(value: Any) -> datetime | None:
    """Read a time. His zone is not stated: taken as UTC, it is at most two hours late."""
    try:
        at = datetime.fromisoformat(text(value))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def digest(value: Any) -> str:
    """Return 32 characters that change when the value does, whatever the order of its keys."""
    return blake2b(_ordered.encode(value), digest_size=16).hexdigest()
