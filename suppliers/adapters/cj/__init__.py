"""CJ Dropshipping."""

from suppliers.adapters.cj.client import CJ
from suppliers.adapters.cj.news import is_signed, read_news

__all__ = ["CJ", "is_signed", "read_news"]
