"""Work of the catalog that runs beside the shop."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from catalog import images, shelving
from catalog.models import Channel, Image

BATCH = 40
LEASE = timedelta(minutes=10)


@shared_task
def fetch_pictures() -> int:
    """Fetch a batch of waiting pictures, main ones first; show the products that got one.

    Locks:  the pictures, only while they are leased: a picture in work is due again after
            the lease, should we die with it
    """
    now = timezone.now()
    waiting = list(lease())
    for image in waiting:
        images.fetch(image, now)
    arrived = set(
        Image.objects.filter(pk__in=[image.pk for image in waiting])
        .exclude(stem="")
        .values_list("product_id", flat=True)
    )
    for channel in Channel.objects.all():
        with transaction.atomic(durable=True):
            shelving.shelve(product_ids=arrived, channel=channel)
    if len(waiting) == BATCH:
        fetch_pictures.delay()
    return len(waiting)


def lease() -> list[Image]:
    now = timezone.now()
    with transaction.atomic(durable=True):
        waiting = list(
            Image.objects.waiting(now)
            .order_by("position", "pk")
            .select_for_update(skip_locked=True, of=["self"])[:BATCH]
        )
        Image.objects.filter(pk__in=[image.pk for image in waiting]).update(try_after=now + LEASE)
    return waiting
