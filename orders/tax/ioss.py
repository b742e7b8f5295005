"""IOSS: choose the import number of a parcel into the EU, compute its customs value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from catalog.enums import EU
from catalog.pricing import policy
from orders.models import Order, OrderLine
from orders.tax import rates

# Above it a parcel needs a declaration of its own, and its VAT is asked for at the border.
# Source: Directive 2006/112/EC, Title XII, Chapter 6, Section 4
MOST_WORTH, WORTH_CURRENCY = Decimal(150), "EUR"


def worth_of(lines: Iterable[OrderLine]) -> Decimal:
    """Return what goods are worth to customs: what is paid for them, without tax and way."""
    return sum((line.charge_amount - line.tax_amount for line in lines), Decimal(0))


def ioss_number(*, order: Order, origin: str, lines: Sequence[OrderLine], now: datetime) -> str:
    """Return our import number if a parcel with these lines may travel under it; else nothing.

    Where nobody knows what the goods are worth in EUR, or no tax was taken for them, the parcel
    goes without: a number that was not due is a false declaration.
    """
    country = order.ship_to["country"]
    if origin in EU or country not in EU or not order.tax_amount:
        return ""
    worth = worth_of(lines)
    if order.currency != WORTH_CURRENCY:
        costing = policy.costing_of(order.channel, now=now, country=country).sure
        rate = costing.rates.get(WORTH_CURRENCY)
        if rate is None:
            return ""
        worth /= rate
    return rates.ioss_number(on=now.date()) if worth <= MOST_WORTH else ""
