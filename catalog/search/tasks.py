"""Search tasks: delete old changes of cards."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog.models import CardChange
from catalog.models.search import CHANGES_KEPT_FOR


@shared_task
def prune_card_changes(**_: Any) -> int:
    """Delete the changes that each process has followed, or loads all cards after."""
    return CardChange.objects.filter(at__lt=timezone.now() - CHANGES_KEPT_FOR).delete()[0]
