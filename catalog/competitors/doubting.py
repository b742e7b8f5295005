"""Doubt a list of competitors' prices as a whole, before any line of it counts. Writes nothing.

One wrong price is caught by the guards of the price book. A column that slipped, or cents that
are told as euros, is seen only where many lines are looked at together.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import batched

from catalog.competitors.matching import BATCH, Matched
from catalog.models import CompetitorPrice

LEAST_KNOWN = 20
FACTOR = 5


class DoubtfulListError(ValueError):
    """Too much of a list moves too far at once; the message says how much."""


def doubt(matched: Sequence[Matched]) -> dict[str, int]:
    """Count what moves too far, where a person is to look at a list first; else nothing.

    Another currency counts as a move: a list that all at once tells other money is as strange.

    Shape:  as ``labels.doubt`` puts it into words
    """
    known = moved = 0
    for batch in batched(matched, BATCH):
        prices = CompetitorPrice.objects.filter(variant__in={each.variant_id for each in batch})
        present = {(price.variant_id, price.competitor): price for price in prices}
        for each in batch:
            price = present.get((each.variant_id, each.line.competitor))
            if price is not None and price.as_of <= each.as_of:
                known += 1
                moved += _is_far(price, each)
    if known < LEAST_KNOWN or moved * 2 <= known:
        return {}
    return {"moved": moved, "known": known, "factor": FACTOR}


def _is_far(price: CompetitorPrice, told: Matched) -> bool:
    low, high = sorted((price.amount, told.line.amount))
    return price.currency != told.line.currency or high >= low * FACTOR
