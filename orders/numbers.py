"""Public numbers: generate order, claim and return numbers that are easy to spell."""

import re
import secrets
from datetime import datetime

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0 and O, no 1, I and L
ORDER_RANDOM_LENGTH = 5
CLAIM_RANDOM_LENGTH = 4
_SEPARATORS = re.compile(r"[\W_]+")
_ORDER = re.compile(r"(?:F[LI1])?([0-9OIL]{6})([0-9A-Z]{5})")
MIN_END_LENGTH = 4  # of a number of which only the end is known
# Letters that are read for digits in the date. The random part has neither.
_DIGITS = str.maketrans("OIL", "011")


def order_number(now: datetime) -> str:
    """Return a number such as ``FL-261124-7K3QX``: date and random characters."""
    return f"FL-{now:%y%m%d}-{_random_part(ORDER_RANDOM_LENGTH)}"


def normalize_order_number(text: str) -> str:
    """Return the order number that was meant: any case and spacing, with or without FL.

    Letters in the date are read as the digits that they resemble.
    """
    normalized = _SEPARATORS.sub("", text).upper()
    if match := _ORDER.fullmatch(normalized):
        return f"FL-{match[1].translate(_DIGITS)}-{match[2]}"
    return text.strip().upper()


def end_of_order_number(text: str) -> str:
    """Return the end of an order number that was meant, any case and spacing; empty if it is none."""
    end = _SEPARATORS.sub("", text).upper()
    date, random_part = end[:-ORDER_RANDOM_LENGTH].translate(_DIGITS), end[-ORDER_RANDOM_LENGTH:]
    if len(end) < MIN_END_LENGTH or (date and not date.isdecimal()):
        return ""
    return f"{date}-{random_part}" if date else random_part


def claim_number(purchase_order: str) -> str:
    """Return a number such as ``FL-261124-7K3QX-1-C4RTZ``, from the purchase order number."""
    return f"{purchase_order}-C{_random_part(CLAIM_RANDOM_LENGTH)}"


def return_number(order: str) -> str:
    """Return a number such as ``FL-261124-7K3QX-R4CTZ``, from the order number."""
    return f"{order}-R{_random_part(CLAIM_RANDOM_LENGTH)}"


def supplier_return_number(purchase_order: str) -> str:
    """Return a number such as ``FL-261124-7K3QX-1-B4RTZ``, from the purchase order number."""
    return f"{purchase_order}-B{_random_part(CLAIM_RANDOM_LENGTH)}"


def _random_part(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
