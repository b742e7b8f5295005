"""Turn a wholesale cost into a retail price. Pure: no database, no clock, no network."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from storefront.lib.money import CurrencyMismatchError, Money

CENT = Decimal("0.01")


class NoMarginError(ValueError):
    """Fee and margin together leave nothing of the price to pay the cost with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTerms:
    """What a price has to pay for besides the goods.

    Units:  rates are fractions of the price before tax; ``extra`` is per unit
    """

    fee_rate: Decimal
    margin_rate: Decimal
    tax_rate: Decimal
    extra: Money
    ending: Decimal


def price_for(*, cost: Money, terms: PriceTerms) -> Money:
    """Return the lowest charmed price, tax included, that pays cost, fee and margin.

    Units:  money per one unit, both in the channel's currency
    Raises: NoMarginError          the rates leave nothing
            CurrencyMismatchError  the cost is not in the channel's currency
    Source: price = (cost + extra) / (1 - fee - margin) * (1 + tax), up to the next ending
    """
    keep_rate = 1 - terms.fee_rate - terms.margin_rate
    if keep_rate <= 0:
        raise NoMarginError(f"fee {terms.fee_rate} + margin {terms.margin_rate}")
    if cost.currency != terms.extra.currency:
        raise CurrencyMismatchError(f"{cost.currency} and {terms.extra.currency}")
    landed = (cost.amount + terms.extra.amount) * (1 + terms.tax_rate)
    price = _charmed(max(landed / keep_rate, CENT), ending=terms.ending)
    if price < landed:
        raise AssertionError(f"price {price} below landed cost {landed}")
    return Money(price, cost.currency)


def _charmed(floor: Decimal, *, ending: Decimal) -> Decimal:
    """Round up to the next amount that ends in ``ending``; never down, not even a cent."""
    cents = floor.quantize(CENT, ROUND_CEILING)
    charmed = cents // 1 + ending
    if charmed < cents:
        charmed += 1
    return charmed.quantize(CENT)
