"""BigBuy."""

from suppliers.connectors.bigbuy.connector import BigBuy

__all__ = ["BigBuy"]
