"""BigBuy."""

from suppliers.adapters.bigbuy.client import BigBuy

__all__ = ["BigBuy"]
