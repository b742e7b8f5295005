"""CJ Dropshipping."""

from suppliers.connectors.cj.connector import CJ

__all__ = ["CJ"]
