"""Search tasks: delete old changes of cards, rebuild cards of a custom attribute, drop pages."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog.custom_attributes.registry import CACHE_S
from catalog.models import CardChange
from catalog.models.search import CHANGE_RETENTION
from catalog.search import index


@shared_task
def prune_card_changes(**_: Any) -> int:
    """Delete old changes; a process that has not read them loads all cards again."""
    return CardChange.objects.filter(at__lt=timezone.now() - CHANGE_RETENTION).delete()[0]


@shared_task
def reindex_attribute(*, code: str, **_: Any) -> int:
    """Rebuild the cards with a value of a custom attribute; return how many products have one."""
    count = index.reindex_attribute(code)
    # Other processes keep the old definition for ``CACHE_S``, and cache pages that show it.
    drop_cached_pages.apply_async(countdown=CACHE_S + 1)
    return count


@shared_task
def drop_cached_pages(**_: Any) -> None:
    index.drop_cached_pages()
