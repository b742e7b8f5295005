"""BigBuy: export the connector."""

from suppliers.connectors.bigbuy.connector import BigBuy

__all__ = ["BigBuy"]
