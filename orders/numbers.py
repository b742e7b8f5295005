"""Numbers that people read aloud."""

from __future__ import annotations

import secrets
from datetime import datetime

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0 and O, no 1, I and L
RANDOM_LETTERS = 5


def order_number(now: datetime) -> str:
    """Make a number such as ``FL-261124-7K3QX``; the day helps people, the rest is chance."""
    chance = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LETTERS))
    return f"FL-{now:%y%m%d}-{chance}"
