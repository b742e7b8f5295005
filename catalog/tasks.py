"""Work of the catalog: every package has its own; Celery finds it here."""

from __future__ import annotations

from catalog import (
    competitor_tasks,
    listing_tasks,
    price_book_tasks,
    product_tasks,
    rate_tasks,
    search_tasks,
)

__all__ = [
    "competitor_tasks",
    "listing_tasks",
    "price_book_tasks",
    "product_tasks",
    "rate_tasks",
    "search_tasks",
]
