"""Lenient parsing: read numbers written as text and times without a time zone. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any

import msgspec

TOO_LONG_FOR_A_NUMBER = 40
MOST_WHOLE = Decimal(10**18)

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
    if number is None or number != number.to_integral_value() or abs(number) > MOST_WHOLE:
        return None
    return int(number)


def moment(value: Any) -> datetime | None:
    """Read a time; without a zone it is taken as UTC."""
    try:
        at = datetime.fromisoformat(text(value))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def digest(value: Any) -> str:
    """Return 32 characters that change when the value does, whatever the order of its keys."""
    return blake2b(_ordered.encode(value), digest_size=16).hexdigest()
