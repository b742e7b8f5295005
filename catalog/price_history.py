"""Read what one listing cost and what was asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from catalog.charting import Step
from catalog.models import Listing, PriceChange

MOST = 500


def read(*, listing: Listing) -> list[Step]:
    """Return its newest prices, oldest first, each with the landed cost that it was made of."""
    changes = PriceChange.objects.filter(listing=listing).order_by("-at", "-pk")
    newest = changes.values_list("at", "amount", "made_of")[:MOST]
    return [Step(at=at, price=amount, landed=_landed(made_of)) for at, amount, made_of in newest][
        ::-1
    ]


def _landed(made_of: Mapping[str, Any]) -> Decimal | None:
    """Find the landed cost among the steps; prices that are older than these have none."""
    for code, amount, _note in made_of.get("steps", ()):
        if code == "landed" and amount is not None:
            return Decimal(amount)
    return None
