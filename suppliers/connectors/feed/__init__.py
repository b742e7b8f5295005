"""Feed: export the connector for any supplier that provides files."""

from suppliers.connectors.feed.connector import Feed

__all__ = ["Feed"]
