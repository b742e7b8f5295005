"""Say what lines are sold for, as routing sets it against what they cost from each place.

All fronts are told the same, by our table of taxes: a page, a cart and an order of one price take
one place. What a region or a tax service says more exactly, the bill says, and then the gate.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime
from typing import Any

from catalog.models import Channel
from orders import taxes
from orders.filtering import Sold
from orders.taxes import CountryRate
from orders.totaling import Treatment
from shipping import quotes
from shipping.reaching import Reach
from storefront.lib.money import Money


def sold(
    *,
    amounts: Mapping[int, Money],
    reached: Reach,
    channel: Channel,
    known: CountryRate | None = None,
) -> dict[int, Sold]:
    """Return what lines bring; nothing where there is nothing to choose, and so nobody asks.

    Shape:  ``amounts`` are whole lines after what is taken off them, by variant; ``known`` as
            for ``taxes.treatment``
    """
    if reached.rules.least_margin_rate is None or not reached.has_choice(amounts):
        return {}
    treatment = _treatment(channel, reached.country, reached.now, known)
    return {variant_id: Sold.at(amount, treatment) for variant_id, amount in amounts.items()}


def _treatment(
    channel: Channel, country: str, now: datetime, known: CountryRate | None
) -> Treatment:
    """Say how a country taxes, as it was within a minute."""
    notes: dict[Hashable, Any] = quotes.notes(now)
    key = ("tax", channel.pk, country)
    found: Treatment | None = notes.get(key)
    if found is None:
        found = notes[key] = taxes.by_table(
            channel=channel, country=country, on=now.date(), known=known
        )
    return found
