"""Product feed tasks: build the feeds that are due."""

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.lib.tasks import enqueue
from storefront.product_feeds import building

log = logging.getLogger(__name__)


@shared_task
def build_due(**_: Any) -> None:
    """Start a task for each due feed."""
    for feed_id in building.due_feeds(timezone.now()):
        enqueue(build, feed_id=feed_id)


@shared_task
def build(*, feed_id: int, **_: Any) -> None:
    try:
        building.build(feed_id=feed_id, now=timezone.now())
    except Exception:  # its problem is stored; the sweep tries again
        log.exception("cannot build product feed %s", feed_id)
