"""Product alert tasks: tell people of items that are back in stock or cheaper, delete old alerts."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from shipping.product_alerts import matching, subscriptions


@shared_task
def tell_due(**_: Any) -> None:
    matching.tell_due(now=timezone.now())


@shared_task
def delete_old(**_: Any) -> None:
    subscriptions.delete_old(now=timezone.now())
