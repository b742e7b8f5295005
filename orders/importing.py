"""Under which number a parcel crosses the border of the EU."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from catalog import policies
from catalog.landing import EU
from orders import taxes
from orders.models import Order, OrderLine

# Above it a parcel needs a declaration of its own, and its VAT is asked for at the border.
# Source: Directive 2006/112/EC, Title XII, Chapter 6, Section 4
MOST_WORTH, WORTH_CURRENCY = Decimal(150), "EUR"


def ioss_number(*, order: Order, origin: str, lines: Sequence[OrderLine], now: datetime) -> str:
    """Return our import number if a parcel with these lines may travel under it; else nothing.

    What counts is what the goods are worth without tax and way. Where nobody knows what that is
    in EUR, the parcel goes without: a number that was not due is a false declaration.
    """
    country = order.ship_to["country"]
    if origin in EU or country not in EU:
        return ""
    worth = sum((line.charge_amount - line.tax_amount for line in lines), Decimal(0))
    if order.currency != WORTH_CURRENCY:
        costing = policies.costing_of(order.channel, now=now, country=country).sure
        rate = costing.rates.get(WORTH_CURRENCY)
        if rate is None:
            return ""
        worth /= rate
    return taxes.ioss_number(on=now.date()) if worth <= MOST_WORTH else ""
