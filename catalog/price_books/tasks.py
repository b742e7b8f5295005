"""Price book tasks: dry-run a draft."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog.models import PriceBook
from catalog.price_books import dry_run


@shared_task
def run_dry_run(*, book_id: int, **_: Any) -> None:
    book = PriceBook.objects.select_related("channel", "restored_from").get(pk=book_id)
    dry_run.run(book=book, now=timezone.now())
