"""What can be had of a light and when it would arrive, as the lists say it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from catalog.models import Channel
from catalog.search.cards import CardView
from shipping.availability import availability
from shipping.availability.reach import Availability


def answers_for(
    cards: Iterable[CardView], *, country: str, channel: Channel, now: datetime
) -> dict[int, Availability]:
    """Map product ids to what can be had of the variant that the card shows.

    That is the one which the product page opens with, and the answer is the one it gives.
    """
    shown = {card.variant_id: card for card in cards}
    found = availability.of_listed(shown=shown, country=country, channel=channel, now=now)
    return {card.product_id: found[variant_id] for variant_id, card in shown.items()}
