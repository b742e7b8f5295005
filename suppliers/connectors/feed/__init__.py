"""Any supplier with a file: where it lies, how it is written, and what its columns mean."""

from suppliers.connectors.feed.connector import Feed

__all__ = ["Feed"]
