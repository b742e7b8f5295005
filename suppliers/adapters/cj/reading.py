"""Read CJ's loose values: prices as text or number, ranges, JSON inside of text. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any

import msgspec

# 12.30 -- 15.10, 12.30-15.10 and 110.00-140.00 are ranges; a leading minus is a sign.
RANGE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*-{1,2}\s*(\d+(?:\.\d+)?)\s*$")
TOO_LONG_FOR_A_NUMBER = 40
CHINA = timezone(timedelta(hours=8))


def text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def amount(value: Any) -> Decimal | None:
    """Read one number; None for a range, for nothing, and for what is no finite number."""
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


def is_range(value: Any) -> bool:
    return isinstance(value, str) and RANGE.match(value[:TOO_LONG_FOR_A_NUMBER]) is not None


def highest(value: Any) -> Decimal | None:
    """Read a number, or the upper end of a range."""
    if isinstance(value, str) and (ends := RANGE.match(value[:TOO_LONG_FOR_A_NUMBER])):
        return Decimal(ends[2])
    return amount(value)


def lowest(value: Any) -> Decimal | None:
    """Read a number, or the lower end of a range."""
    if isinstance(value, str) and (ends := RANGE.match(value[:TOO_LONG_FOR_A_NUMBER])):
        return Decimal(ends[1])
    return amount(value)


def whole(value: Any) -> int | None:
    """Read a whole number; None for a fraction and for what is no number."""
    number = amount(value)
    if number is None or number != number.to_integral_value() or abs(number) > Decimal(10**18):
        return None
    return int(number)


def grams(value: Any) -> int | None:
    number = amount(value)
    return int(number.to_integral_value()) if number is not None and number > 0 else None


def unpacked(value: Any) -> Any:
    """Open a value that is JSON inside of text; other values are returned as they are."""
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            return value
    return value


def texts(value: Any) -> list[str]:
    """Read a list of texts, which may be a single text, or JSON inside of text."""
    opened = unpacked(value)
    if isinstance(opened, list):
        return [written for entry in opened if (written := text(entry))]
    return [written] if (written := text(opened)) else []


def moment(value: str | None) -> datetime | None:
    """Read a time; without a zone it is UTC, as in order details."""
    if not value:
        return None
    try:
        at = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def china_moment(value: str) -> datetime:
    """Read an expiry; without a zone it is CJ's own time.

    Raises: ValueError  it is no time
    """
    at = datetime.fromisoformat(value.strip())
    return at if at.tzinfo else at.replace(tzinfo=CHINA)


def digest(value: Any) -> str:
    """Return 32 characters that change when the value does, whatever the order of its keys."""
    return blake2b(msgspec.json.encode(value, order="sorted"), digest_size=16).hexdigest()
