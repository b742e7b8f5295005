"""What the market says of our goods: competitors' prices, and how fast they sell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from catalog.models import Channel
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What the market says of one variant; None where nobody knows.

    Units:  ``competitor`` in the channel's currency, with tax; ``sold_per_day`` over the last
            28 days; ``cover_days`` is what is available, divided by it
    """

    competitor: Money | None
    sold_per_day: Decimal | None
    cover_days: Decimal | None


def read(*, channel: Channel, variant_ids: Sequence[int], now: datetime) -> dict[int, Signals]:  # noqa: ARG001 - what is asked; nobody answers yet
    """Return what is fresh and believable, by variant; nothing is told of the others."""
    return {}
