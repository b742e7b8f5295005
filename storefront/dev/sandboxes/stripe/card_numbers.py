"""Stripe test cards: list card numbers and their outcomes. Pure."""

from collections.abc import Container
from dataclasses import dataclass

MIN_DIGITS, MAX_DIGITS = 12, 19


class BadNumberError(ValueError):
    """The text is not a valid card number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCard:
    """A card that the page offers; ``outcome`` is the key of its label."""

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
UNKNOWN_CARD = TestCard(number="", outcome="declines", decline_code="test_mode_live_card")


def find_card(typed: str) -> tuple[TestCard, str]:
    """Return the test card of a number, and the last four digits; only these may be stored.

    Any other valid number returns a card that is declined.

    Raises: BadNumberError  not a valid card number
    """
    digits = typed.replace(" ", "").replace("-", "")
    last4 = last4_of(digits, known=BY_NUMBER)
    return BY_NUMBER.get(digits, UNKNOWN_CARD), last4


def last4_of(digits: str, *, known: Container[str]) -> str:
    """Return the last four digits of a card number; known ones need no check digit.

    Raises: BadNumberError  too few or too many digits, or a wrong check digit
    """
    if not (digits.isascii() and digits.isdigit() and MIN_DIGITS <= len(digits) <= MAX_DIGITS):
        raise BadNumberError
    if digits not in known and not _passes_luhn(digits):
        raise BadNumberError
    return digits[-4:]


def _passes_luhn(digits: str) -> bool:
    """Return whether the check digit is right (Luhn)."""
    doubled = [sum(divmod(int(digit) * 2, 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(int(digit) for digit in digits[::-2])) % 10 == 0
