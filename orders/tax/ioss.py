"""IOSS: choose the import number of a parcel into the EU, compute its customs value."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from catalog.enums import EU
from catalog.pricing import policy
from orders.models import Order, OrderLine
from orders.tax import rates

# Above this value a parcel needs a customs declaration, and VAT is due on import.
# Source: Directive 2006/112/EC, Title XII, Chapter 6, Section 4
MAX_VALUE, VALUE_CURRENCY = Decimal(150), "EUR"


def customs_value(lines: Iterable[OrderLine]) -> Decimal:
    """Return the customs value of lines: what is paid without tax and shipping."""
    return sum((line.customer_charge_amount - line.tax_amount for line in lines), Decimal(0))


def ioss_number(*, order: Order, origin: str, lines: Sequence[OrderLine], now: datetime) -> str:
    """Return our IOSS number if a parcel with these lines may use it, else an empty string.

    Without an EUR exchange rate, or without charged tax, the parcel gets no number: a number that
    does not apply is a false declaration.
    """
    country = order.ship_to["country"]
    if origin in EU or country not in EU or not order.tax_amount:
        return ""
    goods_value = customs_value(lines)
    if order.currency != VALUE_CURRENCY:
        costing = policy.load_costing(order.channel, now=now, country=country).confirmed_only
        rate = costing.rates.get(VALUE_CURRENCY)
        if rate is None:
            return ""
        goods_value /= rate
    return rates.ioss_number(on=now.date()) if goods_value <= MAX_VALUE else ""
