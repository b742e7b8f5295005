"""Stripe test cards: list card numbers and their outcomes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.dev.sandboxes.gateway.state.card_numbers import BadNumberError, last4_of


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


__all__ = ["CARDS", "BadNumberError", "TestCard", "card_of"]
