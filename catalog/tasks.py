"""Work of the catalog that runs beside the shop."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog import (
    competing,
    competitor_fetching,
    fetching,
    rate_fetching,
    rates,
    rehearsing,
    repricing,
    tallying,
)
from catalog.models import Channel, PriceBook

BATCH = 20


@shared_task
def fetch_pictures(**_: Any) -> int:
    """Fetch a batch of waiting pictures, and the next one if more wait."""
    tried = fetching.fetch_waiting(size=BATCH, now=timezone.now())
    if tried == BATCH:
        fetch_pictures.delay()
    return tried


@shared_task
def tally_shelves(**_: Any) -> int:
    """Count ahead the shelves whose cards have changed since they were counted."""
    now = timezone.now()
    return sum(tallying.tally(channel=channel, now=now) for channel in Channel.objects.all())


@shared_task
def reprice_due(**_: Any) -> int:
    """Count prices anew where a book went live, a cost of selling changed, or a rule began."""
    done = repricing.reprice_due(now=timezone.now())
    return sum(channel.changed for channel in done.values())


@shared_task
def reprice_waiting(**_: Any) -> int:
    """Count the prices of single variants anew, where what they hang on changed."""
    return repricing.reprice_waiting(now=timezone.now())


@shared_task
def find_aged_rates(**_: Any) -> int:
    """Have prices counted anew where a rate of exchange grew too old."""
    return rates.find_aged(now=timezone.now())


@shared_task
def fetch_rates(**_: Any) -> dict[str, int]:
    """Ask what foreign money is worth, if somebody said where."""
    return rate_fetching.fetch(now=timezone.now())


@shared_task
def hear_due_competitors(**_: Any) -> int:
    """Ask each source of competitors' prices whose time has come."""
    due = competitor_fetching.due(now=timezone.now())
    for source_id in due:
        hear_competitors.delay(source_id=source_id)
    return len(due)


@shared_task
def hear_competitors(*, source_id: int, **_: Any) -> dict[str, int] | None:
    """Ask one source of competitors' prices, if nobody else did."""
    taken = competitor_fetching.fetch(source_id=source_id, now=timezone.now())
    return None if taken is None else dict(taken.counts)


@shared_task
def forget_old_lists(**_: Any) -> int:
    """Forget lists of prices that machines told long ago."""
    return competing.forget_old(now=timezone.now())


@shared_task
def rehearse(*, book_id: int, **_: Any) -> None:
    """Run a draft dry."""
    book = PriceBook.objects.select_related("channel", "restores").get(pk=book_id)
    rehearsing.rehearse(book=book, now=timezone.now())
