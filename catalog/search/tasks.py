"""Search tasks: delete old changes of cards."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog.models import CardChange
from catalog.models.search import CHANGE_RETENTION


@shared_task
def prune_card_changes(**_: Any) -> int:
    """Delete old changes; a process that has not read them loads all cards again."""
    return CardChange.objects.filter(at__lt=timezone.now() - CHANGE_RETENTION).delete()[0]
