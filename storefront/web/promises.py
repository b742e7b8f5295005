"""When a light would arrive, as the lists say it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from catalog.cards import CardView
from catalog.models import Channel
from shipping import quotes


def promises_for(
    cards: Iterable[CardView], *, country: str, channel: Channel, now: datetime
) -> dict[int, quotes.Promise]:
    """Map product ids to the soonest promise; what nobody can send has none."""
    found = {}
    for card in cards:
        if not card.is_available(now):
            continue
        promise = quotes.promise(
            ships_from=card.ships_from,
            packed_weight_g=card.packed_weight_g,
            lithium=card.lithium,
            cell_wh=card.cell_wh,
            cell_count=card.cell_count,
            country=country,
            channel=channel,
            now=now,
        )
        if promise is not None:
            found[card.product_id] = promise
    return found
