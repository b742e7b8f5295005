"""Listing tasks: reprice due channels and queued variants, publish a changed family."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog.listings import publication, repricing
from storefront.lib.tasks import enqueue


@shared_task
def reprice_due_channels(**_: Any) -> int:
    """Reprice channels after a book went live, a selling cost changed, or a rule began or ended."""
    done = repricing.reprice_due_channels(now=timezone.now())
    return sum(channel.changed for channel in done.values())


@shared_task
def reprice_queued(**_: Any) -> int:
    return repricing.reprice_queued(now=timezone.now())


@shared_task
def republish_family(*, family: str, after: int = 0, **_: Any) -> int:
    """Publish the next products of a family after the product ``after``, and queue the rest."""
    done, last = publication.republish_family(family, now=timezone.now(), after=after)
    if last:
        enqueue(republish_family, family=family, after=last)
    return done
