"""CJ Dropshipping."""

from suppliers.adapters.cj.client import CJ

__all__ = ["CJ"]
