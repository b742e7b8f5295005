"""Stripe test cards: list card numbers and their outcomes. Pure."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

MIN_DIGITS, MAX_DIGITS = 12, 19


class BadNumberError(ValueError):
    """These digits are no card number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCard:
    """A card that the page offers; ``outcome`` names the words beside it."""

    number: str
    outcome: str
    decline_code: str = ""
    disputes: bool = False

    @property
    def spaced(self) -> str:
        return " ".join(self.number[place : place + 4] for place in range(0, len(self.number), 4))


CARDS = (
    TestCard(number="4242424242424242", outcome="authorizes"),
    TestCard(number="4000000000000002", outcome="declines", decline_code="generic_decline"),
    TestCard(number="4000000000009995", outcome="declines", decline_code="insufficient_funds"),
    TestCard(number="4000002500003155", outcome="asks"),
    TestCard(number="4000000000000259", outcome="authorizes", disputes=True),
)
BY_NUMBER = {card.number: card for card in CARDS}
STRANGER = TestCard(number="", outcome="declines", decline_code="test_mode_live_card")


def card_of(typed: str) -> tuple[TestCard, str]:
    """Return what the bank makes of a card, and the last four digits: all that may be kept.

    Raises: BadNumberError  these digits are no card number
    """
    digits = typed.replace(" ", "").replace("-", "")
    last4 = last4_of(digits, known=BY_NUMBER)
    return BY_NUMBER.get(digits, STRANGER), last4


def last4_of(digits: str, *, known: Container[str]) -> str:
    """Return the last four digits of a card number; the known ones need not add up.

    Raises: BadNumberError  the digits are too few, too many or miswritten
    """
    if not (digits.isascii() and digits.isdigit() and MIN_DIGITS <= len(digits) <= MAX_DIGITS):
        raise BadNumberError
    if digits not in known and not _adds_up(digits):
        raise BadNumberError
    return digits[-4:]


def _adds_up(digits: str) -> bool:
    """Test the check digit (Luhn)."""
    doubled = [sum(divmod(int(digit) * 2, 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(int(digit) for digit in digits[::-2])) % 10 == 0
