"""Test cards: list card numbers and their outcomes, check card numbers. Pure."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum

MIN_DIGITS = 12
MAX_DIGITS = 19


class Outcome(StrEnum):
    AUTHORIZES = "authorizes"
    DECLINES = "declines"
    ASKS = "asks"  # the bank wants the shopper to confirm, as 3-D Secure does
    LATE = "late"  # authorized, but nobody hears of it at once


class BadNumberError(ValueError):
    """These digits are no card number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCard:
    """A card that the page offers; no money stands behind it."""

    number: str
    outcome: Outcome

    @property
    def spaced(self) -> str:
        return " ".join(self.number[place : place + 4] for place in range(0, len(self.number), 4))


CARDS = (
    TestCard(number="4242424242424242", outcome=Outcome.AUTHORIZES),
    TestCard(number="4000000000000002", outcome=Outcome.DECLINES),
    TestCard(number="4000000000003155", outcome=Outcome.ASKS),
    TestCard(number="4000000000000341", outcome=Outcome.LATE),
)
OUTCOMES = {card.number: card.outcome for card in CARDS}


def outcome_of(typed: str) -> tuple[Outcome, str]:
    """Return what the bank says, and the last four digits: all of a card that may be kept.

    A card that is none of the test cards is declined.

    Raises: BadNumberError  the digits are too few, too many or miswritten
    """
    digits = typed.replace(" ", "").replace("-", "")
    last4 = last4_of(digits, known=OUTCOMES)
    return OUTCOMES.get(digits, Outcome.DECLINES), last4


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
