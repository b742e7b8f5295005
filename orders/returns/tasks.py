"""Return tasks: expire overdue returns, delete pictures without a row."""

import logging
from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.returns import authorizations, photos
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError

log = logging.getLogger(__name__)
BATCH_SIZE = 200


@shared_task
def expire_returns(**_: Any) -> None:
    """Expire overdue returns; a failure does not stop the others."""
    now = timezone.now()
    for authorization in authorizations.find_overdue(now=now).order_by("pk")[:BATCH_SIZE]:
        try:
            with suppress(InvalidTransitionError, ConcurrentUpdateError):
                authorizations.expire(authorization=authorization, now=now)
        except Exception:  # the others must not wait
            log.exception("cannot close return %s", authorization)


@shared_task
def delete_orphaned_photos(**_: Any) -> None:
    """Delete picture files without a row."""
    if count := photos.delete_orphans(now=timezone.now()):
        log.info("deleted %s photos that belong to no return", count)
