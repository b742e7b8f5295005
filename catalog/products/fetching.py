"""Fetch the pictures that wait, main ones first, and show the products that got one."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction

from catalog.models import Channel, Image
from catalog.products import images
from catalog.search import shelving

LEASE = timedelta(minutes=10)


def fetch_waiting(*, size: int, now: datetime, main_only: bool = False) -> int:
    """Fetch a batch and put it on the shelves; return how many pictures were tried.

    Two at once never fetch the same picture. A host that does not answer is asked once in a
    batch: those who wait behind him are not his.

    Locks:  the pictures, only while they are leased: a picture in work is due again after
            the lease, should we die with it
    """
    waiting = _lease(size=size, now=now, main_only=main_only)
    silent: set[str] = set()
    for image in waiting:
        host = _host(image.source_url)
        if host not in silent and not images.fetch(image, now):
            silent.add(host)
    arrived = set(
        Image.objects.filter(pk__in=[image.pk for image in waiting])
        .exclude(stem="")
        .values_list("product_id", flat=True)
    )
    for channel in Channel.objects.all():
        with transaction.atomic(durable=True):
            shelving.shelve(product_ids=arrived, channel=channel)
    return len(waiting)


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return url  # no host at all, and alone with it


@transaction.atomic(durable=True)
def _lease(*, size: int, now: datetime, main_only: bool) -> list[Image]:
    due = Image.objects.waiting(now)
    if main_only:
        due = due.filter(role=Image.Role.MAIN)
    waiting = list(
        due.order_by("position", "pk").select_for_update(skip_locked=True, of=["self"])[:size]
    )
    Image.objects.filter(pk__in=[image.pk for image in waiting]).update(try_after=now + LEASE)
    return waiting
