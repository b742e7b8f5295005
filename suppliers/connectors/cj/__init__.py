"""CJ Dropshipping: export the connector."""

from suppliers.connectors.cj.connector import CJ

__all__ = ["CJ"]
