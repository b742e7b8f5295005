"""CJ parsing: decode JSON, parse ranges, JSON in strings and times in China. Pure."""

import re
from collections.abc import Hashable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any, cast

import msgspec

from storefront.lib.http.errors import PermanentError
from suppliers.connectors import parsing
from suppliers.connectors.parsing import MAX_NUMBER_LENGTH


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, float_hook=Decimal)


def decode[T](content: bytes, kind: type[T], *, what: str) -> T:
    """Decode JSON to a type, fractions to exact Decimals. Raises PermanentError."""
    decoder = _decoder(cast(Hashable, kind))
    try:
        try:
            answer: T = decoder.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            answer = decoder.decode(parsing.repair_json(content))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        start = content[:80].decode("utf-8", "replace")
        raise PermanentError(
            f"{what}: {error}, in {start!r}", code="garbage", is_outcome_unknown=True
        ) from error
    return answer


# Values in CJ's own spelling

# 12.30 -- 15.10, 12.30-15.10 and 110.00-140.00 are ranges; a leading minus is a sign.
RANGE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*-{1,2}\s*(\d+(?:\.\d+)?)\s*$")
CHINA = timezone(timedelta(hours=8))
MAX_UNITS = 100_000


def is_range(value: Any) -> bool:
    return isinstance(value, str) and RANGE.match(value[:MAX_NUMBER_LENGTH]) is not None


def lowest_and_highest(value: Any) -> tuple[Decimal | None, Decimal | None]:
    """Read both ends of a range; they are equal for a number."""
    if isinstance(value, str) and (ends := RANGE.match(value[:MAX_NUMBER_LENGTH])):
        return Decimal(ends[1]), Decimal(ends[2])
    number = parsing.amount(value)
    return number, number


def grams(value: Any) -> int | None:
    number = parsing.amount(value)
    return int(number.to_integral_value()) if number is not None and number > 0 else None


def decode_nested(value: Any) -> Any:
    """Decode a value that is JSON in a string; other values are returned as they are."""
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            return value
    return value


def texts(value: Any) -> list[str]:
    """Return a list of texts, from a list, a single text, or JSON in a string."""
    decoded = decode_nested(value)
    if isinstance(decoded, list):
        return [text for entry in decoded if (text := parsing.text(entry))]
    return [text] if (text := parsing.text(decoded)) else []


def china_timestamp(value: str) -> datetime:
    """Parse an expiry time, in China's zone if it has none. Raises ValueError."""
    at = datetime.fromisoformat(value.strip())
    return at if at.tzinfo else at.replace(tzinfo=CHINA)


def units(value: Any) -> int | None:
    """Parse a minimum quantity; None for an absurd one."""
    number = parsing.integer(value)
    return number if number is not None and 1 <= number <= MAX_UNITS else None
