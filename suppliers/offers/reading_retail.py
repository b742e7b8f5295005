"""Read what a supplier says a retail price should be. Pure."""

from __future__ import annotations

from decimal import Decimal

from storefront.lib.money import Money

LEAST = Decimal("0.01")
MOST = Decimal(1_000_000)


def known_retail(price: Money | None, *, currency: str) -> Decimal | None:
    """Return it as offers keep it; in other money than his, or absurd, it is none that we know."""
    if price is None or price.currency != currency or price.amount > MOST:
        return None
    amount = price.rounded().amount
    return amount if amount >= LEAST else None
