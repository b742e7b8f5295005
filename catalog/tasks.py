"""Task entry point: import the tasks of every package for Celery."""

from catalog.brands import tasks as brand_tasks
from catalog.bulk_edits import tasks as bulk_edit_tasks
from catalog.competitors import tasks as competitor_tasks
from catalog.exchange_rates import tasks as exchange_rate_tasks
from catalog.listings import tasks as listing_tasks
from catalog.price_books import tasks as price_book_tasks
from catalog.products import tasks as product_tasks
from catalog.readiness import tasks as readiness_tasks
from catalog.search import tasks as search_tasks

__all__ = [
    "brand_tasks",
    "bulk_edit_tasks",
    "competitor_tasks",
    "exchange_rate_tasks",
    "listing_tasks",
    "price_book_tasks",
    "product_tasks",
    "readiness_tasks",
    "search_tasks",
]
