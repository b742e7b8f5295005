"""Staff pages of the catalog: what we sell, and what we say about it."""

from __future__ import annotations

from catalog import (
    book_desk,
    channel_desk,
    competing_desk,
    hold_desk,
    price_desk,
    product_desk,
    rate_desk,
    source_desk,
)
from catalog.column_words import COLUMNS, TABLES
from storefront.lib.staff import naming

__all__ = [
    "book_desk",
    "channel_desk",
    "competing_desk",
    "hold_desk",
    "price_desk",
    "product_desk",
    "rate_desk",
    "source_desk",
]

naming.call("catalog", tables=TABLES, columns=COLUMNS)
